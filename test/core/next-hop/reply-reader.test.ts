/** What a next hop sends, cut into replies. */

import { describe, expect, test } from 'vitest';
import { ReplyReader } from '../../../core/next-hop/reply-reader.ts';
import * as fc from '../../support/fast-check.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

test.each([
  { about: 'one line', text: '250 OK\r\n', want: ['250 OK'] },
  { about: 'several lines', text: '250-a\r\n250-b\r\n250 c\r\n', want: ['250-a\n250-b\n250 c'] },
  { about: 'several replies', text: '250 a\r\n354 b\r\n', want: ['250 a', '354 b'] },
  { about: 'line ends without CR', text: '250-a\n250 b\n', want: ['250-a\n250 b'] },
  { about: 'empty lines between replies', text: '\r\n250 a\r\n\r\n250 b\r\n', want: ['250 a', '250 b'] },
  { about: 'a line that is no reply', text: 'HTTP/1.1 400\r\n', want: ['HTTP/1.1 400'] },
  { about: 'a code alone', text: '250\r\n', want: ['250'] },
  { about: 'UTF-8', text: '250 gr\xc3\xbc\xc3\x9fe\r\n', want: ['250 grüße'] },
  { about: 'octets that are no UTF-8', text: '250 gr\xfc\xdfe\r\n', want: ['250 grüße'] },
  { about: 'the begin of a line', text: '250 a', want: [] },
  { about: 'the begin of a reply', text: '250-a\r\n', want: [] },
])('$about', ({ text, want }) => {
  expect(new ReplyReader().feed(latin1(text))).toEqual(want);
});

test('replies are the same wherever their pieces were cut', () => {
  const line = fc.constantFrom('250-a', '250 b', '354 Go', '', 'x', '550-5.1.1 \xc3\xbc');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 10 }), fc.integer({ min: 1, max: 9 }), (lines, cut) => {
      const octets = latin1(lines.map(one => `${one}\r\n`).join(''));
      const reader = new ReplyReader();
      const read: string[] = [];
      for (let at = 0; at < octets.length; at += cut) read.push(...(reader.feed(octets.subarray(at, at + cut)) ?? []));
      expect(read).toEqual(new ReplyReader().feed(octets));
    }),
  );
});

describe('denial of service: a reply that never ends is left', () => {
  test.each([
    { about: 'in one line', piece: 'x'.repeat(1000) },
    { about: 'line after line', piece: '250-x\r\n'.repeat(100) },
  ])('$about', ({ piece }) => {
    const reader = new ReplyReader();
    let fed = 0;
    while (reader.feed(latin1(piece)) !== null) fed += piece.length;
    expect(fed).toBeGreaterThan(60_000);
    expect(fed).toBeLessThan(80_000);
  });

  test('octet by octet it costs no more', () => {
    const reader = new ReplyReader();
    const octet = latin1('2');
    let fed = 0;
    while (reader.feed(octet) !== null) fed += 1;
    expect(fed).toBe(64 * 1024);
  });
});
