/**
 * What a mail demands of a next hop, how it is made to fit, and what becomes of its recipients where it cannot be.
 *
 * 8-bit content for a next hop without 8BITMIME is converted part by part (RFC 6152 section 3). What cannot be converted
 * comes back, and so does a mail with addresses or header fields beyond ASCII for one without SMTPUTF8 (RFC 6531 section
 * 3.2).
 *
 * A notification that cannot be delivered is lost, and nobody hears of it. So one that returns an internationalised mail goes
 * where there is no SMTPUTF8 with that mail encoded (RFC 6533 section 4), and one that cannot be converted goes as it is.
 */
import { isAscii } from 'node:buffer';
import { type Content, contentOf } from '../mail/content.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import { needsSmtpUtf8 } from '../mail/path.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { Change } from '../mail/trace.ts';
import { readHeader } from '../mime/header.ts';
import { inSevenBits } from '../mime/seven-bits.ts';
import type { Extensions } from './extensions.ts';
import { type Payload, payloadOf } from './payload.ts';

const TOO_LARGE: PermanentReply = { code: 552, status: '5.3.4', text: 'The mail is larger than the next hop takes' };
const NO_SMTPUTF8: PermanentReply = {
  code: 550,
  status: '5.6.7',
  text: 'The next hop does not take internationalised mail (SMTPUTF8)',
};

/** A mail as one next hop gets it. */
export interface Fitting {
  readonly kind: 'fitting';
  /** `body` is what its content is, whatever the client has said. */
  readonly mail: Mail;
  readonly payload: Payload;
  /** What was done to the content. */
  readonly changes: readonly Change[];
  /** Why a recipient cannot be served all the same. */
  readonly refusalOf: (recipient: Recipient) => PermanentReply | null;
}

/** A mail that a next hop cannot be given. */
export interface Unfit {
  readonly kind: 'unfit';
  readonly reply: PermanentReply;
}

/** Compares a mail with what is offered. Reads large content only where it must, and never in the common case. */
export async function fit(mail: Mail, offered: Extensions): Promise<Fitting | Unfit> {
  const { envelope, content } = mail;
  const { parameters, reversePath } = envelope;
  const utf8 = offered.has('SMTPUTF8');
  if (isTooLarge(content, offered)) return { kind: 'unfit', reply: TOO_LARGE };
  if (!utf8 && needsSmtpUtf8(reversePath)) return { kind: 'unfit', reply: NO_SMTPUTF8 };
  if (!utf8 && parameters.smtpUtf8 && (await hasUtf8Header(content))) return { kind: 'unfit', reply: NO_SMTPUTF8 };
  const payload = await payloadOf(content);
  const refusalOf = ({ forwardPath }: Recipient) => (utf8 || !needsSmtpUtf8(forwardPath) ? null : NO_SMTPUTF8);
  if (!offered.has('8BITMIME') || (!utf8 && reversePath === null && (await returnsGlobal(mail, payload)))) {
    const converted = await convert(mail, payload, offered);
    return converted.kind === 'unfit' ? converted : { ...converted, refusalOf };
  }
  // Large content is not read twice to look: BODY=8BITMIME promises nothing, it says what there may be.
  const eightBit = parameters.body === '8bitmime' || payload.octets === null || !isAscii(payload.octets);
  return { kind: 'fitting', mail: declared(mail, eightBit ? '8bitmime' : '7bit'), payload, changes: [], refusalOf };
}

/** Costs memory for the whole content where it is 8-bit. */
async function convert(mail: Mail, payload: Payload, offered: Extensions): Promise<Omit<Fitting, 'refusalOf'> | Unfit> {
  const unchanged = { kind: 'fitting', mail, payload, changes: [] } as const;
  const isEightBit = await hasEightBits(payload);
  if (!isEightBit && payload.octets === null) return unchanged;
  const converted = inSevenBits(payload.octets ?? (await mail.content.bytes()));
  if (converted.kind === 'impossible') {
    const { parameters, reversePath } = mail.envelope;
    // What nobody has declared nobody has promised to convert: it goes as it came.
    if (!isEightBit || parameters.body === '7bit' || reversePath === null) return unchanged;
    return { kind: 'unfit', reply: cannotConvert(converted.because) };
  }
  // What is 8-bit by its label alone is not worth a signature.
  if (!isEightBit && converted.changes.some(({ breaks }) => breaks.length > 0)) return unchanged;
  if (converted.changes.length === 0) return unchanged;
  const content = contentOf(converted.octets);
  if (isTooLarge(content, offered)) return { kind: 'unfit', reply: TOO_LARGE };
  const inSeven = declared({ ...mail, content }, '7bit');
  return { kind: 'fitting', mail: inSeven, payload: await payloadOf(content), changes: converted.changes };
}

function cannotConvert(because: string): PermanentReply {
  const text = `The next hop takes 7-bit content only, and the mail cannot be converted: ${because}`;
  return { code: 554, status: '5.6.3', text };
}

function declared(mail: Mail, body: '7bit' | '8bitmime'): Mail {
  const { envelope } = mail;
  if (envelope.parameters.body === body) return mail;
  return { ...mail, envelope: { ...envelope, parameters: { ...envelope.parameters, body } } };
}

function isTooLarge({ size }: Content, { largestContent }: Extensions): boolean {
  return largestContent !== null && size > largestContent;
}

async function hasUtf8Header(content: Content): Promise<boolean> {
  const header = await readHeader(content);
  return header.kind === 'too-large' || !isAscii(header.block.octets);
}

/** Whether there may be an internationalised mail in it that is not encoded. */
async function returnsGlobal({ content, envelope }: Mail, { octets }: Payload): Promise<boolean> {
  if (octets === null && envelope.parameters.body === '7bit') return false;
  const all = octets ?? (await content.bytes());
  return !isAscii(all) && /message\/global/i.test(all.toString('latin1'));
}

async function hasEightBits({ octets, content }: Payload): Promise<boolean> {
  if (octets !== null) return !isAscii(octets);
  for await (const piece of content.stream()) if (!isAscii(piece)) return true;
  return false;
}
