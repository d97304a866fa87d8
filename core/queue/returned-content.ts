/** What a notification returns of the mail that it is about: all of it, or its header (RFC 3461 sections 4.3 and 6.2). */
import { isAscii, isUtf8 } from 'node:buffer';
import { type Content, contentOf } from '../mail/content.ts';
import type { Mail } from '../mail/mail.ts';
import { readHeader } from '../mime/header.ts';
import type { NotificationKind } from './settlement.ts';

/** The third part of a report. */
export interface ReturnedContent {
  readonly mediaType: 'message/rfc822' | 'message/global' | 'text/rfc822-headers' | 'message/global-headers';
  readonly amount: 'mail' | 'header';
  readonly eightBit: boolean;
  readonly content: Content;
}

/** Where the sender did not say, mail up to this size is returned whole. In octets. */
const SMALL = 50 * 1024;

/**
 * Only a failure returns the whole, and only if the sender asked for it or the mail is small, and not where it is larger
 * than `largest`, or the report might be refused on its way for its size. Never that of a mail which requires TLS,
 * whatever RET says: the way back may have none (RFC 8689 section 5). Where the mail cannot be read any more the report
 * goes without it: `null`.
 */
export async function returnedContent(
  mail: Mail,
  kind: NotificationKind,
  largest: number,
): Promise<ReturnedContent | null> {
  try {
    return await (kind === 'failure' && isReturnedWhole(mail, largest) ? whole(mail.content) : headerOf(mail.content));
  } catch {
    return null;
  }
}

function isReturnedWhole({ content, envelope: { parameters } }: Mail, largest: number): boolean {
  const { returnContent, requireTls } = parameters;
  if (requireTls || returnContent === 'headers') return false;
  return content.size <= (returnContent === 'full' ? largest : Math.min(SMALL, largest));
}

async function whole(content: Content): Promise<ReturnedContent> {
  const header = await headerOf(content);
  // A header in UTF-8 makes a message what RFC 6532 calls global. A body does not, nor do octets that are no text.
  const mediaType = header?.mediaType === 'message/global-headers' ? 'message/global' : 'message/rfc822';
  return { mediaType, amount: 'mail', eightBit: await isEightBit(content), content };
}

async function headerOf(content: Content): Promise<ReturnedContent | null> {
  const read = await readHeader(content);
  if (read.kind === 'too-large') return null;
  const { octets, fieldsStart, fieldsEnd } = read.block;
  const header = octets.subarray(fieldsStart, fieldsEnd);
  const eightBit = !isAscii(header);
  const mediaType = eightBit && isUtf8(header) ? 'message/global-headers' : 'text/rfc822-headers';
  return { mediaType, amount: 'header', eightBit, content: contentOf(header) };
}

/** Reads to the end in any case: what is damaged shows there, and must not be met when the report is written down. */
async function isEightBit(content: Content): Promise<boolean> {
  let found = false;
  for await (const piece of content.stream()) found ||= !isAscii(piece);
  return found;
}
