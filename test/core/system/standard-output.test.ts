import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';

const HERE = new URL('../../../core/system/standard-output.ts', import.meta.url).href;

/** What a process wrote that said two words and then came to an end. */
function saidBefore(end: string): Promise<string> {
  const program = `
    const { standardOutput } = await import(${JSON.stringify(HERE)});
    standardOutput.write('accepted\\n');
    standardOutput.write('delivered\\n');
    ${end}`;
  return new Promise(resolve => {
    execFile(process.execPath, ['--input-type=module', '--eval', program], (_, stdout) => resolve(stdout));
  });
}

test.each([
  ['runs out of work', ''],
  ['is told to exit', 'process.exit(3);'],
  ['dies of an exception', "setImmediate(() => { throw new Error('unforeseen'); }); throw new Error('unforeseen');"],
  ['dies of a promise that nobody caught', "await Promise.reject(new Error('unforeseen'));"],
])('no line is lost where a process %s', async (_, end) => {
  expect(await saidBefore(end)).toBe('accepted\ndelivered\n');
});
