/** Sizes and durations as people write them. */

import { describe, expect, test } from 'vitest';
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseRate,
  parseSize,
  RATE_PATTERN,
  SIZE_PATTERN,
} from '../../../core/mail/quantity.ts';
import * as fc from '../../support/fast-check.ts';

describe('sizes', () => {
  test.each([
    { text: '0', want: 0 },
    { text: '1000', want: 1000 },
    { text: '25 MiB', want: 26_214_400 },
    { text: '25MiB', want: 26_214_400 },
    { text: '25 mib', want: 26_214_400 },
    { text: '256 KB', want: 256_000 },
    { text: '1.5 GiB', want: 1_610_612_736 },
    { text: '1 B', want: 1 },
    { text: '25 M', want: null },
    { text: '-1 MiB', want: null },
    { text: '1e3', want: null },
    { text: 'MiB', want: null },
    { text: '25  MiB', want: null },
    { text: '99999999999 TiB', want: null },
    { text: '1 constructor', want: null },
    { text: '', want: null },
  ])('$text is $want octets', ({ text, want }) => {
    expect(parseSize(text)).toBe(want);
  });
});

describe('durations', () => {
  test.each([
    { text: '250 ms', want: 250 },
    { text: '30 s', want: 30_000 },
    { text: '5 min', want: 300_000 },
    { text: '1 hour', want: 3_600_000 },
    { text: '4 h', want: 14_400_000 },
    { text: '5 days', want: 432_000_000 },
    { text: '2 weeks', want: 1_209_600_000 },
    { text: '0.5 s', want: 500 },
    { text: '30', want: null },
    { text: '5 m', want: null },
    { text: '5 months', want: null },
    { text: 'toString', want: null },
  ])('$text is $want milliseconds', ({ text, want }) => {
    expect(parseDuration(text)).toBe(want);
  });
});

test('what is formatted is read as the same quantity', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), quantity => {
      expect(parseSize(formatSize(quantity))).toBe(quantity);
      expect(parseDuration(formatDuration(quantity))).toBe(quantity);
    }),
  );
});

test('the largest unit that is exact is shown', () => {
  expect([formatSize(26_214_400), formatSize(1000), formatSize(0)]).toEqual(['25 MiB', '1000 B', '0 B']);
  expect([formatDuration(300_000), formatDuration(90_000), formatDuration(1)]).toEqual(['5 min', '90 s', '1 ms']);
});

describe('rates', () => {
  test.each([
    { text: '100 / min', want: { count: 100, per: 60_000 } },
    { text: '5/s', want: { count: 5, per: 1000 } },
    { text: '1000 / 2 h', want: { count: 1000, per: 7_200_000 } },
    { text: '1 / 30 s', want: { count: 1, per: 30_000 } },
    { text: '0 / min', want: null },
    { text: '100', want: null },
    { text: '100 / 5', want: null },
    { text: '100 / moon', want: null },
    { text: '1.5 / s', want: null },
    { text: '1 / 0 s', want: null },
  ])('$text', ({ text, want }) => {
    expect(parseRate(text)).toEqual(want);
  });
});

describe('the pattern for editors takes all that the parser takes', () => {
  const units = [
    'B',
    'kb',
    'KiB',
    'mIb',
    'TB',
    'ms',
    'S',
    'sec',
    'Seconds',
    'min',
    'MINUTES',
    'h',
    'hour',
    'd',
    'days',
    'week',
  ];
  const word = fc.oneof(fc.constantFrom(...units), fc.string({ maxLength: 3 }));
  const amount = fc.oneof(fc.nat().map(String), fc.float({ min: 0, max: 1e6, noNaN: true }).map(String));
  const blank = fc.constantFrom('', ' ', '  ');
  const quantity = fc.tuple(amount, blank, word).map(parts => parts.join(''));
  const written = fc.oneof(
    amount,
    quantity,
    fc
      .tuple(fc.nat().map(String), blank, fc.constant('/'), blank, fc.oneof(word, quantity))
      .map(parts => parts.join('')),
  );
  test.each([
    { of: 'sizes', parse: parseSize, pattern: SIZE_PATTERN, none: '5 MIN' },
    { of: 'durations', parse: parseDuration, pattern: DURATION_PATTERN, none: '5 mni' },
    { of: 'rates', parse: parseRate, pattern: RATE_PATTERN, none: '5 per min' },
  ])('$of', ({ parse, pattern, none }) => {
    let taken = 0;
    const check = (text: string) => {
      if (parse(text) === null) return;
      taken++;
      expect(text).toMatch(new RegExp(pattern, 'u'));
    };
    fc.assert(fc.property(written, check), { numRuns: 3000 });
    expect(taken).toBeGreaterThan(20);
    expect(none).not.toMatch(new RegExp(pattern, 'u'));
  });
});
