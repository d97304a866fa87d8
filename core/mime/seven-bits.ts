/**
 * 8-bit content made fit for the next hops that take 7-bit content only (RFC 6152 section 3).
 *
 * Leaf parts that are 8-bit, by their label or in fact, go into quoted-printable where they are text, so that people can
 * still read them, and else into base64; an internationalised message as a whole (RFC 6532 section 3.7). See `recode.ts`. What is signed or encrypted as a multipart is never touched.
 */
import { isAscii } from 'node:buffer';
import { type Recoded, recode, type Way } from './recode.ts';

/** A message is an internationalised one here: no other is encoded. */
const READABLE: ReadonlySet<string> = new Set(['text', 'message']);

const AS_SEVEN_BITS: Way = {
  unfit: '8-bit',
  labels: new Set(['8bit', 'binary']),
  flawOf: octets => (isAscii(octets) ? null : 'octets beyond ASCII'),
  fits: isAscii,
  encodingFor: ({ type, encoding }) =>
    encoding === 'quoted-printable' || (READABLE.has(type.type) && encoding !== 'base64')
      ? 'quoted-printable'
      : 'base64',
  global: 'whole',
  wrappers: 'closed',
};

/**
 * Encodes what is 8-bit. Each change says which signatures it breaks. Costs memory for the content, and for what is
 * encoded of it.
 * @example const converted = inSevenBits(await content.bytes());
 */
export function inSevenBits(octets: Buffer): Recoded {
  return recode(octets, AS_SEVEN_BITS);
}
