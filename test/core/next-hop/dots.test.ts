/** Dots at the start of a line are doubled, and content ends with one of its own. */

import { expect, test } from 'vitest';
import { Dots, withDots } from '../../../core/next-hop/dots.ts';
import * as fc from '../../support/fast-check.ts';

test.each([
  { content: '', want: '.\r\n' },
  { content: 'a\r\n', want: 'a\r\n.\r\n' },
  { content: 'a', want: 'a\r\n.\r\n' },
  { content: '.', want: '..\r\n.\r\n' },
  { content: '.\r\n', want: '..\r\n.\r\n' },
  { content: 'a.\r\n.b\r\n..\r\n', want: 'a.\r\n..b\r\n...\r\n.\r\n' },
])('$content becomes $want', ({ content, want }) => {
  expect(withDots(Buffer.from(content)).toString()).toBe(want);
});

test('content is the same wherever its pieces were cut, and comes back', () => {
  const content = fc
    .array(fc.constantFrom('.', '\r\n', 'a', '..', '\r\n.'), { maxLength: 20 })
    .map(all => all.join(''));
  fc.assert(
    fc.property(content, fc.integer({ min: 1, max: 5 }), (text, cut) => {
      const octets = Buffer.from(text);
      const dots = new Dots();
      const pieces: Buffer[] = [];
      for (let at = 0; at < octets.length; at += cut) pieces.push(dots.feed(octets.subarray(at, at + cut)));
      const wire = Buffer.concat([...pieces, dots.end()]).toString();
      expect(wire).toBe(withDots(octets).toString());
      expect(wire.indexOf('\r\n.\r\n')).toBe(text === '' ? -1 : wire.length - 5);
      const back = wire.slice(0, -3).replace(/(^|\r\n)\.\./g, '$1.');
      expect(back).toBe(text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`);
    }),
    { numRuns: 1000 },
  );
});

test('pieces without such a line are not copied', () => {
  const octets = Buffer.from('a.b\r\nc\r\n');
  expect(new Dots().feed(octets)).toBe(octets);
});
