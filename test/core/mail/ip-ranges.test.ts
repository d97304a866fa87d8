import { expect, test } from 'vitest';
import { inRanges } from '../../../core/mail/ip-ranges.ts';

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
