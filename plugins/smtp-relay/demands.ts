/**
 * What a mail demands of a next hop, and what becomes of its recipients where that is not offered.
 *
 * Content is never converted here: 8-bit content for a next hop without 8BITMIME comes back (RFC 6152 section 3), and so
 * does a mail with addresses or header fields beyond ASCII for one without SMTPUTF8 (RFC 6531 section 3.2).
 */
import { isAscii } from 'node:buffer';
import {
  type Content,
  type Mail,
  needsSmtpUtf8,
  type PermanentReply,
  type Recipient,
  readHeader,
} from '../../core/index.ts';
import type { Extensions } from './extensions.ts';

const TOO_LARGE: PermanentReply = { code: 552, status: '5.3.4', text: 'The mail is larger than the next hop takes' };
const NO_SMTPUTF8: PermanentReply = {
  code: 550,
  status: '5.6.7',
  text: 'The next hop does not take internationalised mail (SMTPUTF8)',
};
const NO_8BITMIME: PermanentReply = {
  code: 554,
  status: '5.6.3',
  text: 'The next hop takes 7-bit content only, and the mail holds 8-bit content',
};

/** Why a recipient cannot be served by a next hop, or `null` where it can. */
export type Demands = (recipient: Recipient) => PermanentReply | null;

/** Compares a mail with what is offered. Reads of the content what it must, and nothing in the common case. */
export async function demandsOf({ envelope, content }: Mail, offered: Extensions): Promise<Demands> {
  const reply = await refusalForAll();
  return ({ forwardPath }) => {
    if (reply !== null) return reply;
    return needsSmtpUtf8(forwardPath) && !offered.has('SMTPUTF8') ? NO_SMTPUTF8 : null;
  };

  async function refusalForAll(): Promise<PermanentReply | null> {
    const { parameters, reversePath } = envelope;
    const largest = offered.largestContent;
    if (largest !== null && content.size > largest) return TOO_LARGE;
    if (!offered.has('SMTPUTF8')) {
      if (needsSmtpUtf8(reversePath)) return NO_SMTPUTF8;
      if (parameters.smtpUtf8 && (await hasUtf8Header(content))) return NO_SMTPUTF8;
    }
    if (parameters.body === '8bitmime' && !offered.has('8BITMIME') && (await hasEightBits(content))) return NO_8BITMIME;
    return null;
  }
}

async function hasUtf8Header(content: Content): Promise<boolean> {
  const header = await readHeader(content);
  return header.kind === 'too-large' || !isAscii(header.block.octets);
}

async function hasEightBits(content: Content): Promise<boolean> {
  for await (const piece of content.stream()) if (!isAscii(piece)) return true;
  return false;
}
