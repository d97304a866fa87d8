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
