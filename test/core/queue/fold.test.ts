/** Folding: short lines that unfold to what they were. */

import { expect, test } from 'vitest';
import { field } from '../../../core/queue/fold.ts';
import * as fc from '../../support/fast-check.ts';

test('a long value is folded at its spaces', () => {
  const value = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen';
  expect(field('Name', value)).toBe(
    'Name: one two three four five six seven eight nine ten eleven twelve\r\n thirteen fourteen fifteen\r\n',
  );
});

test('unfolding gives the value back, and no line is empty or too long', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '"'), minLength: 1, maxLength: 120 });
  const value = fc.array(word, { minLength: 1, maxLength: 60 }).map(words => words.join(' '));
  fc.assert(
    fc.property(value, text => {
      const folded = field('X-Name', text);
      const lines = folded.slice(0, -2).split('\r\n');
      expect(lines.join('')).toBe(`X-Name: ${text}`);
      expect(lines.every(line => line.trim() !== '' && line.length <= 130)).toBe(true);
      expect(lines.slice(1).every(line => line.startsWith(' '))).toBe(true);
    }),
  );
});

test('a word that fits no line is cut', () => {
  const lines = field('Name', 'x'.repeat(3000)).split('\r\n');
  expect(Math.max(...lines.map(line => line.length))).toBeLessThan(998);
  expect(lines.join('').replaceAll(' ', '')).toBe(`Name:${'x'.repeat(3000)}`);
});
