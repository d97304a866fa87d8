/**
 * A mail as people read it: decoded, read-only, and of no use for making octets again.
 *
 * By mailparser, whose only door this is. For what must not be overlooked (who the author is, what files there are) ask
 * the header and the part tree: a parser that decodes has to choose one reading.
 */
import { Readable } from 'node:stream';
import { type AddressObject, simpleParser } from 'mailparser';
import type { Content } from '../mail/content.ts';

/** A name and an address, as they are shown. */
export interface ParsedAddress {
  readonly name: string;
  readonly address: string;
}

/** A file that hangs on a mail. */
export interface ParsedAttachment {
  /** As the mail says: nothing to be used as a path. `null` where it says nothing. */
  readonly filename: string | null;
  /** The media type in lower case. */
  readonly type: string;
  /** Decoded, in octets. */
  readonly size: number;
}

/** The decoded view of a mail. */
export interface ParsedMail {
  readonly subject: string | null;
  readonly from: readonly ParsedAddress[];
  readonly to: readonly ParsedAddress[];
  /** The text for reading, from all plain parts, or made from HTML where there is no plain part. */
  readonly text: string | null;
  readonly html: string | null;
  readonly attachments: readonly ParsedAttachment[];
}

/** Larger HTML is not turned into text. In characters. */
const LONGEST_HTML = 1024 * 1024;

/** Reads a mail. Attachments are held in memory while it works. */
export async function parseMail(content: Content): Promise<ParsedMail> {
  const parsed = await simpleParser(Readable.from(content.stream()), {
    skipImageLinks: true,
    skipTextToHtml: true,
    skipTextLinks: true,
    maxHtmlLengthToParse: LONGEST_HTML,
  });
  return {
    subject: parsed.subject ?? null,
    from: addresses(parsed.from),
    to: addresses(parsed.to),
    text: parsed.text ?? null,
    html: typeof parsed.html === 'string' ? parsed.html : null,
    attachments: parsed.attachments.map(attachment => ({
      filename: attachment.filename ?? null,
      type: attachment.contentType,
      size: attachment.size,
    })),
  };
}

function addresses(field: AddressObject | AddressObject[] | undefined): readonly ParsedAddress[] {
  return [field ?? []]
    .flat()
    .flatMap(({ value }) =>
      value
        .flatMap(address => address.group ?? [address])
        .map(({ name, address }) => ({ name, address: address ?? '' })),
    );
}
