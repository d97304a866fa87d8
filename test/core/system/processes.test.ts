/** Programs of this machine: what they get, how they end, and that none is left behind. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../../core/plugin/ports.ts';
import { systemProcesses } from '../../../core/system/processes.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const NEVER = new AbortController().signal;

function shell(script: string, parts: Partial<Command> = {}): Command {
  return {
    program: '/bin/sh',
    args: ['-c', script, 'sh', 'one two', '$HOME;x'],
    env: { PATH: '/usr/bin:/bin', NAME: 'value' },
    directory: '/',
    user: null,
    group: null,
    outputLimit: 100,
    ...parts,
  };
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

describe('a program', () => {
  test('gets its arguments, its input and its environment, and nothing of ours', async () => {
    const script =
      'cat; echo "$1|$2|$NAME|$(env | grep -c -v -e ^PATH= -e ^NAME= -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=)"; pwd >&2';
    expect(await systemProcesses.run(shell(script), pieces('in', 'put '), NEVER)).toEqual({
      code: 0,
      signal: null,
      stdout: 'input one two|$HOME;x|value|0\n',
      stderr: '/\n',
    });
  });

  test('that reads nothing may end as it likes', async () => {
    const large = pieces(...Array.from({ length: 100 }, () => 'x'.repeat(65_536)));
    expect(await systemProcesses.run(shell('exec 0<&-; exit 75'), large, NEVER)).toMatchObject({ code: 75 });
  });

  test('that says much is heard to the limit', async () => {
    const { stdout } = await systemProcesses.run(shell('yes | head -c 1000000'), pieces(), NEVER);
    expect(stdout).toHaveLength(100);
  });

  test('that is not there fails with the errno', async () => {
    await expect(systemProcesses.run(shell('', { program: '/missing' }), pieces('x'), NEVER)).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  test('whose input breaks is ended, and does not take half of it for all', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('half');
      await Promise.resolve();
      throw new Error('cannot be read');
    }
    await expect(systemProcesses.run(shell('cat; sleep 60'), broken(), NEVER)).rejects.toThrow('cannot be read');
  });

  test('that is given up is ended with all that it has started, even where it does not listen', async () => {
    const folder = await tempFolder();
    const file = join(folder, 'child');
    const giveUp = new AbortController();
    async function* input(): AsyncGenerator<Buffer> {
      yield Buffer.from('x');
      await until(async () => expect(await readFile(file, 'utf8')).toMatch(/\n/));
      giveUp.abort(new Error('given up'));
    }
    const script = `trap "" TERM; sleep 300 & echo $! > ${file}; wait; sleep 300`;
    expect(await systemProcesses.run(shell(script), input(), giveUp.signal)).toMatchObject({ signal: 'SIGKILL' });
    const child = Number(await readFile(file, 'utf8'));
    await until(async () => {
      // A child that nobody has waited for yet is a zombie.
      const state = await readFile(`/proc/${child}/stat`, 'utf8').catch(() => ' Z ');
      expect(state).toMatch(/ Z /);
    });
  }, 30_000);
});
