/** Content on its way to a file: all of it, in order, in few writes; and every block comes back. */
import { describe, expect, test } from 'vitest';
import { BLOCK, BlockPool } from '../../../core/mail/block-pool.ts';
import { type Content, contentOf } from '../../../core/mail/content.ts';
import { HeldContent } from '../../../core/mail/held-content.ts';
import type { Spool } from '../../../core/smtp/reception.ts';
import { SpooledContent } from '../../../core/smtp/spooled-content.ts';

const PIECE = 60_000;

/** A disk that takes its time: what it is given must stay what it is until then. */
function disk(failsAt = Infinity) {
  const written: Buffer[] = [];
  const state = { writes: 0, abandoned: false };
  let writing: Promise<void> = Promise.resolve();
  const take = async (pieces: readonly Buffer[]) => {
    state.writes += 1;
    if (state.writes === failsAt) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    await new Promise(resolve => setImmediate(resolve));
    written.push(...pieces.map(piece => Buffer.from(piece)));
  };
  const spool: Spool = {
    write(...pieces) {
      writing = take(pieces);
      return writing;
    },
    finish: () => Promise.resolve({ ...contentOf(Buffer.concat(written)), file: '/spool/A' }),
    async abandon() {
      await writing.catch(() => undefined);
      state.abandoned = true;
    },
  };
  return { spool, state, octets: () => Buffer.concat(written) };
}

function octetsOf(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + at / 251) % 256));
}

async function take(spooled: SpooledContent, octets: Buffer): Promise<void> {
  for (let at = 0; at < octets.length; at += PIECE) await spooled.add(octets.subarray(at, at + PIECE));
}

/** How many blocks can be had at the moment. */
function free(pool: BlockPool): number {
  const blocks: Buffer[] = [];
  for (let block = pool.take(); block !== null; block = pool.take()) blocks.push(block);
  pool.giveBack(blocks);
  return blocks.length;
}

async function read(content: Content): Promise<Buffer> {
  const pieces = await Array.fromAsync(content.fleeting?.() ?? content.stream(), piece => Buffer.from(piece));
  return Buffer.concat(pieces);
}

const SIZES = [1, PIECE, BLOCK, BLOCK + 1, 4 * BLOCK + 700, 16 * BLOCK, 16 * BLOCK + 1, 21 * BLOCK + 5];
const POOLS = [0, 1, 2, 5, 9, 40];

describe.each(POOLS)('with %i blocks', blocks => {
  test.each(SIZES)('%i octets arrive as they came, and each block comes back', async size => {
    const pool = new BlockPool(blocks * BLOCK);
    const { spool, state, octets } = disk();
    const spooled = new SpooledContent(spool, pool);
    const came = octetsOf(size);
    await take(spooled, came);
    const content = await spooled.finish();
    expect(octets().equals(came)).toBe(true);
    expect((await read(content)).equals(came)).toBe(true);
    await spooled.drop();
    expect(state.abandoned).toBe(true);
    expect(free(pool)).toBe(blocks);
  });

  test('where the disk is full, that is said, and each block comes back', async () => {
    const pool = new BlockPool(blocks * BLOCK);
    const spooled = new SpooledContent(disk(2).spool, pool);
    const all = take(spooled, octetsOf(20 * BLOCK)).then(() => spooled.finish());
    await expect(all).rejects.toMatchObject({ code: 'ENOSPC' });
    await spooled.drop();
    expect(free(pool)).toBe(blocks);
  });

  test('a client that leaves takes no block along', async () => {
    const pool = new BlockPool(blocks * BLOCK);
    const spooled = new SpooledContent(disk().spool, pool);
    await take(spooled, octetsOf(10 * BLOCK + 3));
    await spooled.drop();
    expect(free(pool)).toBe(blocks);
  });
});

test('a megabyte goes to the disk at once, and stays in memory as long as somebody holds it', async () => {
  const pool = new BlockPool(8 * BLOCK);
  const { spool, state } = disk();
  const spooled = new SpooledContent(spool, pool);
  await take(spooled, octetsOf(4 * BLOCK + 700));
  const content = await spooled.finish();
  expect(state.writes).toBe(1);
  if (!(content instanceof HeldContent)) throw new Error('it does not stay');
  const letGo = content.hold();
  await spooled.drop();
  expect(free(pool)).toBe(3);
  letGo();
  expect(free(pool)).toBe(8);
});

test('nothing stays where blocks are scarce: they are for what comes', async () => {
  const pool = new BlockPool(9 * BLOCK);
  const spooled = new SpooledContent(disk().spool, pool);
  const others = [pool.take(), pool.take()];
  await take(spooled, octetsOf(4 * BLOCK + 1));
  expect(others).not.toContain(null);
  expect(await spooled.finish()).not.toBeInstanceOf(HeldContent);
  await spooled.drop();
  expect(free(pool)).toBe(7);
});

test('what is too large stays on the disk alone, and takes few blocks meanwhile', async () => {
  const pool = new BlockPool(40 * BLOCK);
  const spooled = new SpooledContent(disk().spool, pool);
  await take(spooled, octetsOf(60 * BLOCK));
  expect(free(pool)).toBeGreaterThanOrEqual(40 - 2 * 8 - 1);
  expect(await spooled.finish()).not.toBeInstanceOf(HeldContent);
  await spooled.drop();
});
