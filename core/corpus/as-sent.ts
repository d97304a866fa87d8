/**
 * The octets of a stored message as a client would send them: CRLF line ends, and nothing on top that came after it was sent.
 *
 * What has CRLF anywhere is left as it is, also where a line end in it stands alone: that is for the gateway to judge.
 */
import { applyEditsTo } from '../mime/edit.ts';
import { type HeaderBlock, parseHeader } from '../mime/header.ts';
import { removeFields } from '../mime/header-edit.ts';
import { receivedBy } from './own-received.ts';

/** Every line end as CRLF, unless there are some. */
export function withCrlf(octets: Buffer): Buffer {
  if (octets.includes('\r\n')) return octets;
  return Buffer.from(octets.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}

/** The fields that final delivery puts on top (RFC 5321 section 4.4, and what is customary). */
const OF_DELIVERY =
  /^(?:return-path|delivered-to|x-original-to|envelope-to|x-envelope-to|delivery-date|content-length)$/i;

/** What programs that work on an mbox file write into the headers there: states, and lengths. None of it was sent. */
const OF_MAILBOX = ['Content-Length', 'Status', 'X-Status', 'X-UID', 'X-Keywords', 'X-IMAP', 'X-IMAPbase'] as const;

/** Without what programs have noted in the header of a message of an mbox file. */
export function withoutNotes(octets: Buffer): Buffer {
  const header = parseHeader(octets);
  const edits = OF_MAILBOX.flatMap(name => removeFields(header, name));
  return edits.length === 0 ? octets : applyEditsTo(octets, edits);
}

/**
 * Without the From_ line, the fields of delivery on top, and the Received field that one of these machines put on top: a gateway
 * that the message comes to will put all that there again.
 */
export function withoutTop(octets: Buffer, header: HeaderBlock, hostnames: readonly string[]): Buffer {
  let start = header.fieldsStart;
  for (const field of header.fields) {
    const isOurs = /^received$/i.test(field.name) && hostnames.includes(receivedBy(field.value) ?? '');
    if (!isOurs && !OF_DELIVERY.test(field.name)) break;
    start = field.end;
    if (isOurs) break;
  }
  return octets.subarray(start);
}
