/** The sweep of the spool takes what nobody names, and never what somebody is writing. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { Spool } from '../../../core/queue/spool.ts';
import { SPOOL_FOLDER } from '../../../core/queue/spool-folder.ts';
import { sweepSpool } from '../../../core/queue/spool-sweep.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const CONTENT = contentOf('large');
const RUNNING = new AbortController().signal;

async function spoolWith(...names: readonly string[]) {
  const directory = await tempFolder();
  const path = join(directory, SPOOL_FOLDER);
  mkdirSync(path);
  for (const name of names) writeFileSync(join(path, name), 'left behind');
  return { spool: new Spool(directory), names: () => readdirSync(path).sort() };
}

test('a file whose row is still to come is not even looked up', async () => {
  const { spool, names } = await spoolWith('ORPHAN');
  await spool.write('NEW', CONTENT);
  const asked: string[] = [];
  const unnamed = async (some: readonly string[]) => (asked.push(...some), some);
  expect(await sweepSpool({ spool, unnamed, stopped: RUNNING })).toBe(1);
  expect(asked).toEqual(['ORPHAN']);
  expect(names()).toEqual(['NEW']);
});

test('a file whose rows came to nothing is left over like any other', async () => {
  const { spool, names } = await spoolWith();
  await spool.write('NEW', CONTENT);
  spool.settled(['NEW']);
  await sweepSpool({ spool, unnamed: async some => some, stopped: RUNNING });
  expect(names()).toEqual([]);
});

test('of a file that could not be written no row is to come', async () => {
  const { spool } = await spoolWith('NEW');
  await expect(spool.write('NEW', CONTENT)).rejects.toThrow('EEXIST');
  expect(spool.isWriting('NEW')).toBe(false);
});

test('many files are looked up in pieces, and none is left out', async () => {
  const all = Array.from({ length: 1234 }, (_, index) => `F${index}`);
  const { spool, names } = await spoolWith(...all);
  const pieces: number[] = [];
  const unnamed = async (some: readonly string[]) => {
    pieces.push(some.length);
    return some.filter(name => name !== 'F7');
  };
  expect(await sweepSpool({ spool, unnamed, stopped: RUNNING })).toBe(1233);
  expect(names()).toEqual(['F7']);
  expect(Math.max(...pieces)).toBeLessThanOrEqual(500);
});

test('a sweep that is stopped removes nothing more', async () => {
  const { spool, names } = await spoolWith('A', 'B');
  await sweepSpool({ spool, unnamed: async some => some, stopped: AbortSignal.abort() });
  expect(names()).toEqual(['A', 'B']);
});

test('where there is no folder there is nothing to sweep', async () => {
  const spool = new Spool(await tempFolder());
  expect(await sweepSpool({ spool, unnamed: async some => some, stopped: RUNNING })).toBe(0);
});
