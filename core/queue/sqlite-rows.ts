/** Translates between the values of the port and the rows that cross the thread boundary. */
import { crc32 } from 'node:zlib';
import { type Content, contentOf } from '../mail/content.ts';
import type { Mail } from '../mail/mail.ts';
import type { Order } from '../plugin/queue-control.ts';
import type { NewMail, Place, Settlement } from '../plugin/queue-store.ts';
import { CheckedContent, ITS_CONTENT } from './checked-content.ts';
import { encodeHold, encodeMail, encodeOutcome, encodeReply, encodeTrace } from './codec.ts';
import { type OrderName, orderStep } from './order-step.ts';
import { placesOf } from './places.ts';
import type { Spool } from './spool.ts';
import {
  type ContentRow,
  type MailRow,
  NEVER,
  type NewRows,
  type OrderRow,
  type PlaceRow,
  type SettlementRow,
  type StoredMail,
} from './sqlite-protocol.ts';

/** Content of this size and more lies in a spool file: from here on a file is written faster than rows. In octets. */
export const SPOOL_FROM = 256 * 1024;

/** Rows that are ready to be inserted, and what was made for them on the way. */
export interface PreparedRows {
  readonly rows: NewRows;
  /** Spool files that were written: to be removed if the rows do not come to be. */
  readonly spoolFiles: readonly string[];
  /** The octets in the rows: they may be handed over. */
  readonly octets: readonly ArrayBuffer[];
}

/** Writes the large contents to the spool and makes the rows. Mails that share one content object share one content row. */
export async function prepareRows(mails: readonly NewMail[], spool: Spool): Promise<PreparedRows> {
  // Nearly always it is one.
  const shared: Content[] = [];
  for (const { mail } of mails) if (!shared.includes(mail.content)) shared.push(mail.content);
  const spoolFiles: string[] = [];
  const contents: ContentRow[] = [];
  const octets: ArrayBuffer[] = [];
  try {
    for (const content of shared) {
      const name = mails.find(({ mail }) => mail.content === content)?.mail.id ?? '';
      // What went to a file on its way in did so because memory is scarce.
      if (content.size >= SPOOL_FROM || content.file !== undefined) {
        const sum = await spool.write(name, content);
        spoolFiles.push(name);
        contents.push({ size: content.size, crc32: sum, octets: null, spool: name });
      } else {
        const own = new Uint8Array(await content.bytes());
        if (own.length !== content.size) throw new RangeError(`content of ${content.size} octets gave ${own.length}`);
        octets.push(own.buffer);
        contents.push({ size: own.length, crc32: crc32(own), octets: own, spool: null });
      }
    }
  } catch (error) {
    await spool.remove(spoolFiles);
    spool.settled(spoolFiles);
    throw error;
  }
  const rows = mails.map(one => mailRow(one, shared.indexOf(one.mail.content)));
  return { rows: { contents, mails: rows }, spoolFiles, octets };
}

function mailRow(one: NewMail, content: number): MailRow {
  const { mail, trace, fate } = one;
  return {
    id: mail.id,
    receivedAt: mail.receivedAt.getTime(),
    content,
    mailJson: encodeMail(mail),
    traceJson: encodeTrace(trace),
    bounceJson: fate.kind === 'bounce' ? encodeReply(fate.reply) : null,
    holdJson: fate.kind === 'hold' ? encodeHold(fate) : null,
    places: placesOf(one).map(placeRow),
  };
}

function placeRow({ destination, priority, expires }: Place): PlaceRow {
  return { destination, priority, expires: expires?.getTime() ?? NEVER };
}

/** What became of one recipient, written down. */
export function settlementRow(settlement: Settlement): SettlementRow {
  const { index, outcome } = settlement;
  const again =
    settlement.kind === 'again'
      ? {
          due: settlement.nextAttempt.getTime(),
          delayNotified: settlement.delayNotified,
          expires: settlement.expires === undefined ? null : (settlement.expires?.getTime() ?? NEVER),
        }
      : null;
  const damage = settlement.kind === 'damaged' ? settlement.damage : null;
  return { index, outcomeJson: encodeOutcome(outcome), again, damage };
}

/** What a person decided about a mail, written down. */
export function orderRow(name: OrderName, id: string, order: Order): OrderRow {
  return {
    id,
    now: order.now.getTime(),
    reasonJson: encodeHold(order),
    stepJson: encodeTrace([orderStep(name, order)]),
  };
}

/** Where stored content comes from that was not handed out with its mail. */
export interface Contents {
  readonly spool: Spool;
  /** `null`: the mail has left the queue. */
  octets(id: string): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** A stored mail with its content. */
export function mailOf({ content: { octets, spool: name, ...came }, ...mail }: StoredMail, contents: Contents): Mail {
  if (name !== null) return { ...mail, content: contents.spool.content(name, came) };
  if (octets !== null) return { ...mail, content: contentOf(bufferOf(octets)) };
  const bytes = async () => {
    const read = await contents.octets(mail.id);
    if (read === null) throw new Error(`the content of ${mail.id} has left the queue`);
    return bufferOf(read);
  };
  const content = new CheckedContent({
    what: ITS_CONTENT,
    came,
    bytes,
    async *stream() {
      yield await bytes();
    },
  });
  return { ...mail, content };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
