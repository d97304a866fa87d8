/** A file is followed as it grows, is rotated, and is cut off. */
import { appendFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linesOfFile } from '../../../../core/cli/logs/tail.ts';
import { systemClock } from '../../../../core/system/clock.ts';
import { ManualClock } from '../../../../core/testing/manual-clock.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** Time that passes as fast as it is asked for. */
const hurried = { ...systemClock, sleep: () => new Promise<void>(resolve => void setImmediate(resolve)) };

test('a file that is not followed ends where it ends, with a last line that lacks its end', async () => {
  const path = join(await tempFolder(), 'log');
  await writeFile(path, 'one\ntwö\nthree');
  const options = { follow: false, clock: new ManualClock(), signal: new AbortController().signal };
  expect(await Array.fromAsync(linesOfFile(path, options))).toEqual(['one', 'twö', 'three']);
});

test('lines that are added come, through a rotation and a truncation', async () => {
  const path = join(await tempFolder(), 'log');
  await writeFile(path, 'one\n');
  const ended = new AbortController();
  const lines = linesOfFile(path, { follow: true, clock: hurried, signal: ended.signal });
  const next = async () => (await lines.next()).value as string;
  expect(await next()).toBe('one');
  await appendFile(path, 'two\nhal');
  expect(await next()).toBe('two');
  await appendFile(path, 'f\n');
  expect(await next()).toBe('half');
  await rename(path, `${path}.1`);
  await appendFile(`${path}.1`, 'late\n');
  await writeFile(path, 'new\n');
  expect(await next()).toBe('late');
  expect(await next()).toBe('new');
  await truncate(path);
  const again = next();
  await hurried.sleep();
  await appendFile(path, 'x\n');
  expect(await again).toBe('x');
  ended.abort();
  expect(await lines.next()).toMatchObject({ done: true });
});
