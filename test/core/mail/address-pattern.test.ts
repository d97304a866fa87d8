/** Address patterns: which paths they mean. */
import { expect, test } from 'vitest';
import { formatAddressPattern, matchesAddress, parseAddressPattern } from '../../../core/mail/address-pattern.ts';
import { parseMailbox } from '../../../core/mail/path.ts';

const table = [
  { pattern: '<>', path: null, want: true },
  { pattern: '<>', path: 'ann@example.test', want: false },
  { pattern: '*', path: 'ann@example.test', want: true },
  { pattern: '*', path: null, want: true },
  { pattern: '@example.test', path: 'ann@example.test', want: true },
  { pattern: '@EXAMPLE.test', path: 'ann@Example.Test', want: true },
  { pattern: '@example.test', path: 'ann@sub.example.test', want: false },
  { pattern: '@example.test', path: null, want: false },
  { pattern: '@.example.test', path: 'ann@sub.example.test', want: true },
  { pattern: '@.example.test', path: 'ann@a.b.example.test', want: true },
  { pattern: '@.example.test', path: 'ann@example.test', want: false },
  { pattern: '@.example.test', path: 'ann@notexample.test', want: false },
  { pattern: '@bücher.example', path: 'ann@xn--bcher-kva.example', want: true },
  { pattern: '@[192.0.2.1]', path: 'ann@[192.0.2.1]', want: true },
  { pattern: 'ann@example.test', path: 'ann@example.test', want: true },
  { pattern: '"ann"@example.test', path: 'ann@example.test', want: true },
  { pattern: 'ann@example.test', path: 'Ann@example.test', want: false },
  { pattern: 'ann@example.test', path: null, want: false },
];

test.each(table)('$pattern and $path: $want', ({ pattern, path, want }) => {
  const parsed = parseAddressPattern(pattern);
  if (parsed === null) throw new Error(`${pattern} is no pattern`);
  expect(matchesAddress(parsed, path === null ? null : parseMailbox(path))).toBe(want);
  expect(parseAddressPattern(formatAddressPattern(parsed))).toEqual(parsed);
});

test.each(['', '@', '@.', 'ann', '<ann@example.test>', '**', '@example..test', '@.[192.0.2.1]', '@192.0.2.1'])(
  '"%s" is no pattern',
  text => {
    expect(parseAddressPattern(text)).toBeNull();
  },
);
