/** A message in a file, as a client would send it. What has to be done to it for that is said. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { withCrlf } from '../../corpus/as-sent.ts';
import { type Content, contentOf } from '../../mail/content.ts';
import { MailframeError } from '../../mail/error.ts';
import { describeError } from '../../mail/failure.ts';
import { formatMailbox } from '../../mail/path.ts';
import { parseAddresses } from '../../mime/addresses.ts';
import { parseHeader } from '../../mime/header.ts';

export interface MessageFile {
  readonly content: Content;
  readonly notes: readonly string[];
}

const CRLF = Buffer.from('\r\n');
const LF = 10;

/** @param file its name, or `-` for what is piped in. @throws MailframeError where it cannot be read */
export async function readMessage(file: string): Promise<MessageFile> {
  let octets: Buffer;
  try {
    octets = file === '-' ? await buffer(process.stdin) : await readFile(file);
  } catch (cause) {
    throw new MailframeError('MF_MESSAGE', `the message ${file} cannot be read: ${describeError(cause)}`, { cause });
  }
  if (octets.length === 0) throw new MailframeError('MF_MESSAGE', `the message ${file} is empty`);
  return asSent(octets);
}

/** With the line ends of SMTP. A file with both kinds stays as it is: that is something a gateway has an opinion on. */
export function asSent(octets: Buffer): MessageFile {
  const notes: string[] = [];
  let sent = octets;
  if (sent.subarray(0, 5).toString('latin1') === 'From ') {
    sent = sent.subarray(sent.indexOf(LF) + 1);
    notes.push('the From_ line of an mbox file is no part of the message and was left out');
  }
  const before = sent.length;
  sent = withCrlf(sent);
  if (sent.length !== before) {
    notes.push('its lines end with LF alone and are sent with CRLF, as every client does');
  }
  if (sent.at(-1) !== LF) {
    sent = Buffer.concat([sent, CRLF]);
    notes.push('its last line has no end and is sent with one');
  }
  return { content: contentOf(sent), notes };
}

/** What the header says of sender and recipients, for those who name none. */
export interface NamedInHeader {
  /** Return-Path, or else the first of From, and from which field; `null`: neither names anybody. */
  readonly sender: { readonly address: string; readonly field: string } | null;
  /** Of To, Cc and Bcc, each once. */
  readonly recipients: readonly string[];
}

export async function namedInHeader(content: Content): Promise<NamedInHeader> {
  const header = parseHeader(await content.bytes());
  const named = (field: string) =>
    header
      .values(field)
      .flatMap(parseAddresses)
      .flatMap(({ mailbox }) => (mailbox === null ? [] : [formatMailbox(mailbox)]));
  const returnPath = header.first('Return-Path');
  const [returned] = named('Return-Path');
  const [author] = named('From');
  const sender =
    returnPath !== null && (returned !== undefined || returnPath.trim() === '<>')
      ? { address: returned ?? '', field: 'Return-Path' }
      : author === undefined
        ? null
        : { address: author, field: 'From' };
  return { sender, recipients: [...new Set(['To', 'Cc', 'Bcc'].flatMap(named))] };
}
