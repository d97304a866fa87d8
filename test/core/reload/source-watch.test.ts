/** The files of a configuration are watched: a change is told once, when it has come to rest. */
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Scope } from '../../../core/index.ts';
import { CLOCK, LOG } from '../../../core/plugin/ports.ts';
import { SourceWatch } from '../../../core/reload/source-watch.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { runningEngine, written } from '../running-engine.ts';

async function watching(names: readonly string[] = ['a', 'b']) {
  const folder = await tempFolder();
  const clock = new ManualClock('2026-11-23T12:00:00Z');
  let count = 0;
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  for (const name of names) await write(name, 'first');
  const watch = new SourceWatch({ files: systemFiles(folder), clock, changed: async () => void (count += 1) });
  await watch.follow(names.map(name => join(folder, name)));
  watch.turn('on');
  onTestFinished(() => watch.turn('off'));
  /** So many looks. */
  const looks = async (number: number) => {
    for (let look = 0; look < number; look += 1) {
      await clock.advance(2000);
      await clock.asleep();
    }
    return count;
  };
  return { folder, write, watch, looks };
}

test('nothing is told of files that do not change', async () => {
  const { looks } = await watching();
  expect(await looks(5)).toBe(0);
});

test('a change is told once, a look after it', async () => {
  const { write, looks } = await watching();
  await write('a', 'changed');
  expect(await looks(1)).toBe(0);
  expect(await looks(1)).toBe(1);
  expect(await looks(3)).toBe(1);
});

test('files that change one after the other are one change', async () => {
  const { write, looks } = await watching();
  await write('a', 'changed');
  await looks(1);
  await write('b', 'changed, too');
  expect(await looks(1)).toBe(0);
  expect(await looks(3)).toBe(1);
});

test('a file that is replaced, goes, comes back, or is reached over another link has changed', async () => {
  const { folder, write, looks } = await watching(['a']);
  await write('new', 'first');
  await rename(join(folder, 'new'), join(folder, 'a'));
  expect(await looks(3)).toBe(1);
  await rename(join(folder, 'a'), join(folder, 'away'));
  expect(await looks(3)).toBe(2);
  await mkdir(join(folder, 'deep'));
  await write('deep/a', 'third');
  await symlink('deep/a', join(folder, 'a'));
  expect(await looks(3)).toBe(3);
});

test('what somebody has read meanwhile is no news', async () => {
  const { write, looks, watch } = await watching();
  await write('a', 'changed');
  await looks(1);
  await watch.isRead();
  expect(await looks(3)).toBe(0);
});

test('a gateway that watches goes over to what is written, and says why it does not', async () => {
  const looks: (() => void)[] = [];
  const clock = {
    ...systemClock,
    sleep: (milliseconds: number, signal: AbortSignal) =>
      milliseconds === 2000
        ? new Promise<void>((resolve, reject) => {
            if (signal.aborted) reject(signal.reason as Error);
            else looks.push(resolve);
          })
        : systemClock.sleep(milliseconds, signal),
  };
  const log = recordingLog();
  const provide = (scope: Scope) => void scope.value(LOG, log).value(CLOCK, clock);
  const { engine, write, file } = await runningEngine({ more: ['reload: watch'] }, { provide });
  const look = async () => {
    await until(() => expect(looks.length).toBe(1));
    looks.shift()?.();
  };
  await write({ hostname: 'new.example.test', more: ['reload: watch'] });
  await look();
  await look();
  await until(() => expect(engine.configuration.hostname).toBe('new.example.test'));
  await writeFile(file, written({ more: ['reload: watch'] }).replace('hostname', 'hostnam'));
  await look();
  await look();
  await until(() => expect(log.of('failed').map(({ fields }) => fields.code)).toContain('MF_CONFIG_OPTION'));
  expect(engine.state.generation).toBe(2);
  await write({ hostname: 'third.example.test' });
  await look();
  await look();
  await until(() => expect(engine.state.generation).toBe(3));
  await until(() => expect(log.of('reloaded').length).toBe(2));
  // It watches no more.
  expect(looks).toEqual([]);
});
