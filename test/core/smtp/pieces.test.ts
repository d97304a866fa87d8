import { expect, test } from 'vitest';
import { Pieces } from '../../../core/smtp/pieces.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';

test('whatever the pieces, the octets are the same', () => {
  const random = seededRandom(1);
  const octets = random.bytes(200_000);
  const pieces = new Pieces();
  for (let at = 0; at < octets.length; ) {
    const length = random.below(3) === 0 ? random.below(20_000) : random.below(50);
    pieces.add(octets.subarray(at, at + length));
    at += length;
    if (random.below(40) === 0) expect(pieces.whole()).toEqual(octets.subarray(0, at));
  }
  expect(pieces.whole().equals(octets)).toBe(true);
});

test('memory by the octet: content that comes octet by octet is held in few buffers', () => {
  const pieces = new Pieces();
  for (let left = 100_000; left > 0; left -= 1) pieces.add(Buffer.from('x'));
  expect(pieces.count).toBeLessThan(10);
  expect(pieces.whole()).toHaveLength(100_000);
});

test('what is kept does not change with the buffer that it came in', () => {
  const pieces = new Pieces();
  const piece = Buffer.from('small');
  pieces.add(piece);
  piece.fill('x');
  expect(pieces.whole().toString()).toBe('small');
});

test('nothing is nothing, also after it was forgotten', () => {
  const pieces = new Pieces();
  expect(pieces.whole()).toHaveLength(0);
  pieces.add(Buffer.from('gone'));
  pieces.clear();
  expect(pieces.whole()).toHaveLength(0);
});

test('the first octets and what follows them are all of it, and no copy where they lie in one piece', () => {
  const random = seededRandom(2);
  const octets = random.bytes(60_000);
  const pieces = new Pieces();
  for (let at = 0; at < octets.length; ) {
    const length = random.below(3) === 0 ? random.below(20_000) : random.below(500);
    pieces.add(octets.subarray(at, at + length));
    at += length;
  }
  for (const size of [0, 1, 499, 4096, 20_000, 59_999, 60_000, 70_000]) {
    expect(pieces.head(size).equals(octets.subarray(0, size))).toBe(true);
    expect(Buffer.concat([pieces.head(size), ...pieces.after(size)]).equals(octets)).toBe(true);
  }
  const one = new Pieces();
  one.add(octets);
  expect(one.head(100).buffer).toBe(octets.buffer);
  expect(new Pieces().head(10)).toHaveLength(0);
});
