import { expect, test } from 'vitest';
import { inRanges, isInRanges } from '../../../core/mail/ip-ranges.ts';

test.for([
  { ranges: ['192.0.2.0/24'], address: '192.0.2.255', want: true },
  { ranges: ['192.0.2.0/24'], address: '192.0.3.0', want: false },
  { ranges: ['192.0.2.7'], address: '192.0.2.7', want: true },
  { ranges: ['2001:db8::/32'], address: '2001:db8:1::1', want: true },
  { ranges: ['2001:db8::1'], address: '2001:db8::2', want: false },
  { ranges: ['::/0'], address: '192.0.2.1', want: false },
  { ranges: ['::ffff:0:0/96'], address: '192.0.2.1', want: false },
  { ranges: ['0.0.0.0/0'], address: '::1', want: false },
  { ranges: [], address: '127.0.0.1', want: false },
])('$address is in $ranges: $want', ({ ranges, address, want }) => {
  expect(inRanges(ranges)(address)).toBe(want);
});

test('clients that come again, and more of them than are remembered, are told the same', () => {
  const isOurs = inRanges(['192.0.0.0/17']);
  const clients = Array.from({ length: 3000 }, (_, index) => `192.0.${index % 256}.${Math.floor(index / 256)}`);
  const answers = clients.map(isOurs);
  expect(clients.map(isOurs)).toEqual(answers);
  expect(answers).toEqual(clients.map(client => Number(client.split('.')[2]) < 128));
});

test('a list itself can be asked', () => {
  const ranges = ['192.0.2.0/24'];
  expect(isInRanges(ranges, '192.0.2.1')).toBe(true);
  expect(isInRanges(ranges, '192.0.3.1')).toBe(false);
  expect(isInRanges([], '192.0.2.1')).toBe(false);
});
