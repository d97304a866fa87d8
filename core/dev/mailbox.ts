/**
 * The mailbox of all that wanted to leave: an mbox file (mboxrd, RFC 4155) that any mail reader opens.
 *
 * Above each mail stand the envelope and the next hop, in fields of their own: the content alone does not say them.
 */
import { appendFile } from 'node:fs/promises';
import { formatFromLineDate } from '../mail/date.ts';

/** Where caught mail goes, in the folder. */
export const MAILBOX = 'caught.mbox';

/** A mail for the mailbox. */
export interface LeavingMail {
  /** `<ann@example.test>` */
  readonly from: string;
  readonly recipients: readonly string[];
  /** Where it wanted to go. */
  readonly to: string;
  readonly at: Date;
  readonly content: Buffer;
}

/** Lines that a reader of mboxrd would take for the beginning of a mail, or for one that was quoted. */
const FROM_LINE = /^(>*From )/gm;

/** A mail as it stands in the file. */
export function mboxEntry({ from, recipients, to, at, content }: LeavingMail): Buffer {
  const sender = from.slice(1, -1).replaceAll(/\s/g, '_') || 'MAILER-DAEMON';
  const fields = [
    ['X-Mailframe-Sender', from],
    ['X-Mailframe-Recipients', recipients.join(', ')],
    ['X-Mailframe-Next-Hop', to],
  ].map(([name, value = '']) => `${name}: ${value.replaceAll(/[\r\n]+/g, ' ')}\n`);
  const text = content.toString('latin1').replaceAll('\r\n', '\n').replaceAll(FROM_LINE, '>$1');
  const end = text.endsWith('\n') ? '\n' : '\n\n';
  const head = Buffer.from(`From ${sender} ${formatFromLineDate(at)}\n${fields.join('')}`);
  return Buffer.concat([head, Buffer.from(text + end, 'latin1')]);
}

/** Writes one mail after the other into a file. */
export class Mailbox {
  readonly file: string;
  #last: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.file = file;
  }

  /** Resolves when it is written. Only its owner may read it. */
  add(mail: LeavingMail): Promise<void> {
    const next = this.#last.then(() => appendFile(this.file, mboxEntry(mail), { mode: 0o600 }));
    this.#last = next.catch(() => undefined);
    return next;
  }
}
