/** Dates as mail writes them. */
import { expect, test } from 'vitest';
import { formatDate, formatFromLineDate } from '../../../core/mail/date.ts';

test('a date for a header field is in UTC', () => {
  expect(formatDate(new Date('2026-11-23T10:30:05.999+01:00'))).toBe('Mon, 23 Nov 2026 09:30:05 +0000');
  expect(formatDate(new Date('2026-03-01T00:00:00Z'))).toBe('Sun, 01 Mar 2026 00:00:00 +0000');
});

test('a date for a From line pads the day with a blank', () => {
  expect(formatFromLineDate(new Date('2026-11-23T09:30:05Z'))).toBe('Mon Nov 23 09:30:05 2026');
  expect(formatFromLineDate(new Date('2026-03-01T00:00:00Z'))).toBe('Sun Mar  1 00:00:00 2026');
});

test('an invalid date has no text', () => {
  expect(() => formatDate(new Date(Number.NaN))).toThrow(RangeError);
  expect(() => formatFromLineDate(new Date(Number.NaN))).toThrow(RangeError);
});
