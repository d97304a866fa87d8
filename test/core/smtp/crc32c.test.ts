import { expect, test } from 'vitest';
import { crc32c } from '../../../core/smtp/crc32c.ts';

// RFC 3720 appendix B.4, whose values stand there octet by octet, the lowest one first.
test.each([
  { name: '32 octets of zeros', octets: Buffer.alloc(32), sum: 0x8a9136aa },
  { name: '32 octets of ones', octets: Buffer.alloc(32, 0xff), sum: 0x62a8ab43 },
  { name: '32 octets counting up', octets: Buffer.from(Array.from({ length: 32 }, (_, at) => at)), sum: 0x46dd794e },
  {
    name: '32 octets counting down',
    octets: Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)),
    sum: 0x113fdb5c,
  },
  { name: 'the digits', octets: Buffer.from('123456789'), sum: 0xe3069283 },
  { name: 'nothing', octets: Buffer.alloc(0), sum: 0 },
])('the checksum of $name', ({ octets, sum }) => {
  expect(crc32c(octets)).toBe(sum);
});
