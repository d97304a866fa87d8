import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort, hasProgram, launch, programPath, run, untilListening } from './external.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('programs of others', () => {
  test('are found or not', () => {
    expect(hasProgram('sh')).toBe(true);
    expect(programPath('no-such-program-anywhere')).toBeNull();
    expect(programPath(process.execPath)).toBe(process.execPath);
    expect(programPath('/no-such-program-anywhere')).toBeNull();
  });

  test('are run to their end with input, environment and folder', async () => {
    const script = 'cat; printf " %s %s" "$GREETING" "$PWD"; printf oops >&2; exit 3';
    expect(await run('sh', ['-c', script], { input: 'in', env: { GREETING: 'hello' }, cwd: '/' })).toEqual({
      code: 3,
      stdout: 'in hello /',
      stderr: 'oops',
    });
  });

  test('that take too long are ended with their children', async () => {
    // The sleeper in the background holds the output open, so this ends in time only if the sleeper is ended too.
    const endless = run('sh', ['-c', 'echo begun; sleep 300 & sleep 300'], { timeout: 300 });
    await expect(endless).rejects.toThrow('sh took longer than 300 ms: begun');
  });

  test('that go on running are stopped', async () => {
    const program = launch('sh', ['-c', 'echo $$; exec sleep 300']);
    await expect.poll(() => program.output()).toMatch(/^\d+\n$/);
    const pid = Number(program.output());
    expect(isAlive(pid)).toBe(true);
    await program.stop();
    await program.stop();
    expect(isAlive(pid)).toBe(false);
  });

  test('that are not installed are an error', async () => {
    await expect(run('no-such-program-anywhere', [])).rejects.toThrow('is not installed');
  });
});

test('a free port is one that somebody can listen on', async () => {
  const port = await freePort();
  await expect(untilListening(port, 50)).rejects.toThrow(`nobody listens on port ${port}`);
  const server = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  await expect(untilListening(port)).resolves.toBeUndefined();
});
