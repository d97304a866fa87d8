import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from 'mailframe/testing';
import { describe, expect, test } from 'vitest';
import { openSpool, sweepSpool } from '../../../core/system/spool.ts';
import * as fc from '../../support/fast-check.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const random = seededRandom('spool');

async function setup() {
  const directory = join(await tempFolder(), 'spool');
  return { directory, open: (memory = 10) => openSpool({ directory, random, memory }) };
}

async function allOf(pieces: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString();
}

describe('the spool', () => {
  test('keeps small content in memory and makes no folder for it', async () => {
    const { directory, open } = await setup();
    const spool = open();
    await spool.write(Buffer.from('12345'));
    await spool.write(Buffer.from('6789'));
    const content = await spool.finish();
    expect(content).toMatchObject({ size: 9 });
    expect(content.file).toBeUndefined();
    expect((await content.bytes()).toString()).toBe('123456789');
    await expect(readdir(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('goes on in a file where content grows', async () => {
    const { directory, open } = await setup();
    const spool = open();
    for (const piece of ['12345', '67890', 'abc']) await spool.write(Buffer.from(piece));
    const content = await spool.finish();
    expect(content.size).toBe(13);
    expect(content.file).toMatch(directory);
    expect(await readFile(content.file ?? '', 'utf8')).toBe('1234567890abc');
    expect((await content.bytes()).toString()).toBe('1234567890abc');
    expect(await allOf(content.stream())).toBe('1234567890abc');
    expect(await allOf(content.stream())).toBe('1234567890abc');
    await content.sync?.();
    await spool.abandon();
  });

  test('takes many pieces at once', async () => {
    const { open } = await setup();
    const spool = open();
    await spool.write(...['', '12345', '67890', ''].map(piece => Buffer.from(piece)));
    await spool.write(...['abc', 'd'].map(piece => Buffer.from(piece)));
    const content = await spool.finish();
    expect([content.size, (await content.bytes()).toString()]).toEqual([14, '1234567890abcd']);
    await spool.abandon();
  });

  test('gives back what came, whatever the pieces', async () => {
    const { open } = await setup();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 8 })), fc.nat({ max: 40 }), async (pieces, memory) => {
        const spool = open(memory);
        for (const piece of pieces) await spool.write(Buffer.from(piece));
        const content = await spool.finish();
        const all = Buffer.concat(pieces);
        expect(content.size).toBe(all.length);
        expect(await content.bytes()).toEqual(all);
        await spool.abandon();
      }),
    );
  });

  test('holds nothing at all too', async () => {
    const { open } = await setup();
    expect(await open().finish()).toMatchObject({ size: 0 });
  });

  test('leaves nothing behind when it is abandoned, before and after it was finished', async () => {
    const { directory, open } = await setup();
    const early = open();
    await early.write(Buffer.from('x'.repeat(20)));
    expect(await readdir(directory)).toHaveLength(1);
    await early.abandon();
    await early.abandon();
    expect(await readdir(directory)).toEqual([]);
    const late = open();
    await late.write(Buffer.from('x'.repeat(20)));
    await late.finish();
    await late.abandon();
    expect(await readdir(directory)).toEqual([]);
    await open().abandon();
  });

  test('leaves nothing behind when it is abandoned in the middle of a write', async () => {
    const { directory, open } = await setup();
    const spool = open();
    const written = spool.write(Buffer.from('x'.repeat(20)));
    await spool.abandon();
    await written;
    expect(await readdir(directory)).toEqual([]);
  });

  test('keeps its files from other users', async () => {
    const { directory, open } = await setup();
    const spool = open();
    await spool.write(Buffer.from('x'.repeat(20)));
    expect((await stat(join(directory, (await readdir(directory))[0] ?? ''))).mode & 0o077).toBe(0);
    await spool.abandon();
  });

  test('a folder that cannot be made is told with its errno, and can still be abandoned', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'file'), '');
    const spool = openSpool({ directory: join(folder, 'file', 'spool'), random, memory: 1 });
    await expect(spool.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await spool.abandon();
  });
});

describe('the sweep', () => {
  test('removes what dead processes and an earlier life of this one left behind, and nothing else', async () => {
    const { directory } = await setup();
    await mkdir(directory);
    // No process has a number beyond the limit of the kernel, which is below 2^22.
    const dead = 2 ** 22 + 1;
    for (const name of [`intake-${dead}-aa`, `intake-${process.pid}-bb`, `intake-${process.ppid}-cc`, 'mail.eml']) {
      await writeFile(join(directory, name), 'x');
    }
    expect(await sweepSpool(directory)).toBe(2);
    expect(await readdir(directory)).toEqual([`intake-${process.ppid}-cc`, 'mail.eml']);
  });

  test('of a folder that is not there finds nothing', async () => {
    const { directory } = await setup();
    expect(await sweepSpool(directory)).toBe(0);
  });
});
