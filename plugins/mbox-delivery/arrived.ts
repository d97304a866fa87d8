/** A mail on its way into mailboxes: read once, however many they are. */
import {
  applyEdits,
  applyEditsTo,
  type Content,
  type DeliveryFacts,
  deliveryFields,
  type Edit,
  type HeaderBlock,
  hasLooped,
  parseHeader,
  type Recipient,
  readHeader,
  removeFields,
} from '../../core/index.ts';
import { bodyLengthIn, bodyLengthOf } from './body-length.ts';
import { type Entry, entryOf, fromLineOf, streamedEntryOf } from './entry.ts';
import { type MboxFormat, mboxLines, mboxLinesOf } from './mbox-lines.ts';

/** Mail up to here is held in memory while it waits for its turn; larger mail is read when it is written. In octets. */
const SMALL = 128 * 1024;

/** No field has a name like these: then the header need not be read field by field. */
const OF_DELIVERY = /return-path|delivered-to/i;

/** What a mailbox gets of the mail. */
export interface Arrived {
  /**
   * Whether the mail was delivered to this mailbox before: an alias or a forward elsewhere has sent it round.
   * Case is ignored, as other systems may have changed it.
   */
  hasLooped(recipient: Recipient): boolean;
  /** As one recipient gets it: delivery fields on top, and no Return-Path but ours. */
  entryFor(facts: DeliveryFacts): Entry;
}

/** Reads as much of the content as is needed to know. */
export async function arrived(content: Content, format: MboxFormat): Promise<Arrived> {
  if (content.size > SMALL) return large(content, format);
  const octets = await content.bytes();
  const header = format === 'mboxcl2' || mayBeDeliveredBefore(octets) ? parseHeader(octets) : null;
  const edits = withoutFieldsOfDelivery(header, format);
  const lines = mboxLinesOf(edits.length === 0 ? octets : applyEditsTo(octets, edits), format);
  const length = format === 'mboxcl2' ? lengthField(bodyLengthOf(lines)) : '';
  return {
    hasLooped: recipient => hasLooped(header, recipient),
    entryFor: facts => entryOf(fromLineOf(facts.reversePath, facts.date), deliveryFields(facts) + length, lines),
  };
}

async function large(content: Content, format: MboxFormat): Promise<Arrived> {
  const read = await readHeader(content);
  const header = read.kind === 'header' ? read.block : null;
  const edited = applyEdits(content, withoutFieldsOfDelivery(header, format));
  const lines = () => mboxLines(edited.stream(), format);
  // It stands above the body: that has to be read once more.
  const length = format === 'mboxcl2' ? lengthField(await bodyLengthIn(lines())) : '';
  return {
    hasLooped: recipient => hasLooped(header, recipient),
    entryFor: facts =>
      streamedEntryOf(fromLineOf(facts.reversePath, facts.date), deliveryFields(facts) + length, lines),
  };
}

/** Whether the header has a field of delivery, or the body looks so: the header ends at the first empty line at the latest. */
function mayBeDeliveredBefore(octets: Buffer): boolean {
  const end = octets.indexOf('\n\r\n');
  return OF_DELIVERY.test(octets.toString('latin1', 0, end === -1 ? octets.length : end));
}

/** A Content-Length that the mail has brought would hide other mails from readers, or make two of one. */
function withoutFieldsOfDelivery(header: HeaderBlock | null, format: MboxFormat): readonly Edit[] {
  if (header === null) return [];
  const length = format === 'mboxcl2' ? removeFields(header, 'Content-Length') : [];
  return [...removeFields(header, 'Return-Path'), ...length];
}

function lengthField(length: number): string {
  return `Content-Length: ${length}\n`;
}
