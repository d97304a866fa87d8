import { expect, test } from 'vitest';
import { Content } from '../../../core/smtp/content-stream.ts';
import { gateway } from './gateway.ts';
import { mounted } from './plugins.ts';

const nobody = () => undefined;

async function all(content: Content): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  return pieces;
}

test('memory by the octet: what comes octet by octet is read in few pieces, and whole', async () => {
  const content = new Content();
  const octets = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
  for (const octet of octets) content.give(Buffer.of(octet), nobody);
  content.end();
  const pieces = await all(content);
  expect(pieces.length).toBeLessThan(20);
  expect(Buffer.concat(pieces).equals(octets)).toBe(true);
});

test('a reader that waits is given the smallest piece at once', async () => {
  const content = new Content();
  const reader = content[Symbol.asyncIterator]();
  const first = reader.next();
  await new Promise(resolve => setImmediate(resolve));
  content.give(Buffer.from('x'), nobody);
  expect(await first).toEqual({ done: false, value: Buffer.from('x') });
  const second = reader.next();
  content.give(Buffer.from('y'), nobody);
  expect(await second).toEqual({ done: false, value: Buffer.from('y') });
});

test('more is asked for once, and only where there was no room', async () => {
  const content = new Content();
  let asked = 0;
  const ask = () => void (asked += 1);
  expect(content.give(Buffer.alloc(10_000), ask)).toBe(true);
  expect(content.give(Buffer.alloc(10_000), ask)).toBe(false);
  expect((await content[Symbol.asyncIterator]().next()).value).toHaveLength(10_000);
  expect(asked).toBe(0);
  expect((await content[Symbol.asyncIterator]().next()).value).toHaveLength(10_000);
  expect(asked).toBe(1);
  expect(content.give(Buffer.from('x'), ask)).toBe(true);
  content.end();
  expect(Buffer.concat(await all(content))).toHaveLength(1);
  expect(asked).toBe(1);
});

test('of what is large no more is taken before its reader asks for it: it is at work on one piece', async () => {
  const content = new Content();
  const reader = content[Symbol.asyncIterator]();
  let asked = 0;
  const ask = () => void (asked += 1);
  const first = reader.next();
  expect(content.give(Buffer.alloc(64 * 1024), ask)).toBe(false);
  expect((await first).value).toHaveLength(64 * 1024);
  expect(asked).toBe(0);
  const second = reader.next();
  expect(asked).toBe(1);
  expect(content.give(Buffer.from('x'), ask)).toBe(true);
  expect((await second).value).toHaveLength(1);
});

test('what breaks off is of no use, and whoever reads it hears of that', async () => {
  const content = new Content();
  content.give(Buffer.from('half'), nobody);
  content.end();
  content.destroy(new Error('the client has left'));
  await expect(all(content)).rejects.toThrow('the client has left');
  const other = new Content();
  const reading = all(other);
  other.destroy(new Error('reset'));
  await expect(reading).rejects.toThrow('reset');
});

test('what nobody wants any more is read over', () => {
  const content = new Content();
  let asked = 0;
  const ask = () => void (asked += 1);
  expect(content.give(Buffer.alloc(300_000), ask)).toBe(false);
  content.resume();
  expect(asked).toBe(1);
  expect(content.give(Buffer.alloc(300_000), ask)).toBe(true);
});

test('starvation: chunks by the thousand in one segment leave the others their turns', async () => {
  const chunks = 4000;
  const its = await gateway({ limits: { commands: 2 * chunks }, links: mounted('our-domains') });
  const client = await its.greeted();
  client.send('EHLO c.test\r\nMAIL FROM:<ann@client.test>\r\nRCPT TO:<bob@example.test>\r\n');
  for (let left = 3; left > 0; left -= 1) await client.reply();
  let turns = 0;
  const count = () => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  client.send(`${'BDAT 1\r\nx'.repeat(chunks)}BDAT 0 LAST\r\n`);
  for (let left = chunks; left > 0; left -= 1) await client.reply();
  expect((await client.reply()).join()).toContain('queued');
  clearImmediate(next);
  // Fifty lines in a row are as many as one client may have.
  expect(turns).toBeGreaterThanOrEqual(chunks / 50);
});
