/** Owner trust as GnuPG exports it. */
import { expect, test } from 'vitest';
import { parseOwnerTrusts } from '../../../core/openpgp/owner-trust.ts';

const A = 'A'.repeat(40);
const V6 = 'B'.repeat(64);

test('those who are trusted are there, with flags read over, and the others are not', () => {
  const text = `# List of assigned trustvalues\n${A}:6:\r\n\n${V6}:132:\n${'C'.repeat(40)}:3:\n${'d'.repeat(40)}:5:\n${'E'.repeat(40)}:2:\n`;
  expect([...parseOwnerTrusts(text)]).toEqual([
    [A, 'ultimate'],
    [V6, 'marginal'],
    ['D'.repeat(40), 'full'],
  ]);
});

test.each([`${A}:6`, `${A}:9:`, 'hello', `${A.slice(1)}:6:`, ':6:'])('%s is no line of it', line => {
  expect(() => parseOwnerTrusts(`# x\n${line}\n`)).toThrow('line 2');
});
