/** What a notification returns of the mail that it is about: all of it, or its header (RFC 3461 section 4.3, RFC 6522). */
import { type Content, contentOf } from '../mail/content.ts';
import type { Mail } from '../mail/mail.ts';
import { readHeader } from '../mime/header.ts';
import type { NotificationKind } from './settlement.ts';

/** The third part of a report. */
export interface ReturnedContent {
  readonly mediaType: 'message/rfc822' | 'message/global' | 'text/rfc822-headers' | 'message/global-headers';
  readonly description: string;
  readonly eightBit: boolean;
  readonly content: Content;
}

/** Where the sender did not say, mail up to this size is returned whole. In octets. */
const SMALL = 50 * 1024;

/**
 * Only a failure returns the whole, and only if the sender asked for it or the mail is small; never that of a mail which
 * requires TLS, whatever RET says: the way back may have none (RFC 8689 section 5). Where the mail cannot be read any more
 * the report goes without it: `null`.
 */
export async function returnedContent(mail: Mail, kind: NotificationKind): Promise<ReturnedContent | null> {
  const { content, envelope } = mail;
  const { returnContent, requireTls } = envelope.parameters;
  const wanted = requireTls ? 'headers' : (returnContent ?? (content.size <= SMALL ? 'full' : 'headers'));
  try {
    return await (kind === 'failure' && wanted === 'full' ? whole(content) : headerOf(content));
  } catch {
    return null;
  }
}

async function whole(content: Content): Promise<ReturnedContent | null> {
  const header = await headerOf(content);
  // A header beyond ASCII makes a message what RFC 6532 calls global; a body beyond ASCII does not.
  const mediaType = header?.eightBit === true ? 'message/global' : 'message/rfc822';
  return { mediaType, description: 'The mail', eightBit: await isEightBit(content), content };
}

async function headerOf(content: Content): Promise<ReturnedContent | null> {
  const read = await readHeader(content);
  if (read.kind === 'too-large') return null;
  const { octets, fieldsStart, fieldsEnd } = read.block;
  const header = contentOf(octets.subarray(fieldsStart, fieldsEnd));
  const eightBit = await isEightBit(header);
  const mediaType = eightBit ? 'message/global-headers' : 'text/rfc822-headers';
  return { mediaType, description: 'The header of the mail', eightBit, content: header };
}

async function isEightBit(content: Content): Promise<boolean> {
  for await (const piece of content.stream()) {
    if (piece.some(octet => octet > 0x7f)) return true;
  }
  return false;
}
