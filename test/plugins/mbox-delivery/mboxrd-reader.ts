/** Reads mbox files for the tests, written from RFC 4155 and the mboxrd rule alone: it shares no code with the writer. */

/** One mail of a mailbox. */
export interface ReadMail {
  readonly fromLine: string;
  /** Header fields that delivery added, in their order. */
  readonly added: readonly string[];
  /** The octets as they were sent, with LF line ends: fields of delivery taken off, quoting undone. */
  readonly content: string;
}

const DELIVERY_FIELD = /^(?:Return-Path|Delivered-To|X-Original-To|Delivery-date): .*\n/;

/**
 * Reads all mails of a file, octets as latin1 text.
 * @throws where the file is not whole mails, one after the other
 */
export function readMbox(octets: Buffer): readonly ReadMail[] {
  const text = octets.toString('latin1');
  if (text === '') return [];
  if (!text.startsWith('From ') || !text.endsWith('\n\n')) throw new Error('the file holds half a mail');
  return text
    .slice(0, -1)
    .split(/(?<=\n)\n(?=From )/)
    .map(readMail);
}

function readMail(text: string): ReadMail {
  const end = text.indexOf('\n');
  let content = text.slice(end + 1);
  const added: string[] = [];
  for (let field = DELIVERY_FIELD.exec(content); field !== null; field = DELIVERY_FIELD.exec(content)) {
    added.push(field[0].trimEnd());
    content = content.slice(field[0].length);
    if (field[0].startsWith('Delivery-date')) break;
  }
  return { fromLine: text.slice(0, end), added, content: content.replaceAll(/(?<![^\n])>(>*From )/g, '$1') };
}
