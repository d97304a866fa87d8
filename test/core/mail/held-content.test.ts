/** Content in memory and in a file: read where it is, and its memory is used again only when nobody looks at it. */
import { expect, test } from 'vitest';
import { BLOCK, BlockPool } from '../../../core/mail/block-pool.ts';
import { type Content, contentOf } from '../../../core/mail/content.ts';
import { Held, HeldContent, hold } from '../../../core/mail/held-content.ts';

const WAYS = {
  bytes: async (content: Content) => (await content.bytes()).toString(),
  stream: async (content: Content) => Buffer.concat(await Array.fromAsync(content.stream())).toString(),
  fleeting: async (content: Content) => Buffer.concat(await Array.fromAsync(content.fleeting?.() ?? [])).toString(),
} as const;

function content() {
  const state = { gone: false };
  const pieces = [Buffer.from('in '), Buffer.from('memory')];
  const held = new Held(pieces, () => {
    state.gone = true;
  });
  return { held, pieces, state, content: new HeldContent(held, contentOf('on the disk')) };
}

test.each(Object.entries(WAYS))('%s: in memory while somebody holds it, from then on on the disk', async (_, read) => {
  const { held, state, content: it } = content();
  const letGo = hold(it);
  held.letGo();
  expect(await read(it)).toBe('in memory');
  expect(state.gone).toBe(false);
  letGo();
  expect(state.gone).toBe(true);
  expect(await read(it)).toBe('on the disk');
  hold(it)();
  expect(await read(it)).toBe('on the disk');
});

test('who lets go of it twice lets go of it once, and not of what another one holds', () => {
  const { held, state, content: it } = content();
  const [one, other] = [hold(it), hold(it)];
  held.letGo();
  one();
  one();
  expect(state.gone).toBe(false);
  other();
  expect(state.gone).toBe(true);
});

test('memory that is just being read is not used again', async () => {
  const { held, state, content: it } = content();
  const reading = it.fleeting();
  expect((await reading.next()).value?.toString()).toBe('in ');
  held.letGo();
  expect(state.gone).toBe(false);
  expect((await reading.next()).value?.toString()).toBe('memory');
  await reading.next();
  expect(state.gone).toBe(true);
});

test('nor is that which a reader has left in the middle, until it says so', async () => {
  const { held, state, content: it } = content();
  const reading = it.fleeting();
  await reading.next();
  held.letGo();
  await reading.return(undefined);
  expect(state.gone).toBe(true);
});

test('pieces that may be kept are not those that are used again', async () => {
  const { pieces, content: it } = content();
  const kept = await Array.fromAsync(it.stream());
  for (const piece of pieces) piece.fill('x');
  expect(Buffer.concat(kept).toString()).toBe('in memory');
});

test('it is held where it lies in another file as well', async () => {
  const { held, state, content: it } = content();
  const other = it.beside(contentOf('elsewhere'));
  const letGo = hold(other);
  held.letGo();
  expect(await WAYS.bytes(other)).toBe('in memory');
  letGo();
  expect(state.gone).toBe(true);
  expect(await WAYS.bytes(other)).toBe('elsewhere');
});

test('other content needs no holding', () => {
  expect(hold(contentOf('small'))()).toBeUndefined();
});

test('a pool makes so many blocks and no more, and gives out those that came back', () => {
  const pool = new BlockPool(2 * BLOCK + 1);
  const [one, other] = [pool.take(), pool.take()];
  expect([one?.length, other?.length, pool.take()]).toEqual([BLOCK, BLOCK, null]);
  pool.giveBack([one?.subarray(0, 10) ?? Buffer.alloc(0)]);
  expect(pool.take()?.buffer).toBe(one?.buffer);
  expect(pool.take()).toBeNull();
});
