/** What the page shows of an entry of the journal in a list, in a line. */
import type { JournalEntry, JournalMail, RecipientState } from './journal.ts';

/** Where an entry stands as a whole. `turned-away`: refused for now. */
export type EntryState = RecipientState | 'refused' | 'turned-away';

export interface Summary {
  readonly key: string;
  readonly kind: JournalEntry['kind'];
  readonly at: number;
  readonly state: EntryState;
  readonly from: string | null;
  readonly to: readonly string[];
  readonly subject: string | null;
  readonly author: string | null;
  readonly size: number | null;
  readonly listener: string;
  /** What the client was told, where it was refused. */
  readonly reply: string | null;
  /** The mail that this notification is about. */
  readonly about: string | null;
}

/** The first of these that a recipient is in says how the mail as a whole is. */
const WORST_FIRST: readonly RecipientState[] = [
  'damaged',
  'held',
  'deferred',
  'queued',
  'bounced',
  'removed',
  'discarded',
  'delivered',
];

export function summaryOf(entry: JournalEntry): Summary {
  const { report, key, kind } = entry;
  const { at, from, subject, author, session } = report;
  const about = { key, kind, at, from, subject, author, listener: session.listener };
  if (entry.kind === 'refusal') {
    const { permanent, reply, recipients } = entry.report;
    const to = recipients.map(({ original }) => original);
    return { ...about, to, state: permanent ? 'refused' : 'turned-away', size: null, reply, about: null };
  }
  const to = [...new Set(entry.recipients.map(({ original }) => original))];
  return { ...about, to, state: stateOf(entry), size: entry.report.size, reply: null, about: entry.report.about };
}

export function stateOf({ recipients }: JournalMail): RecipientState {
  return WORST_FIRST.find(state => recipients.some(recipient => recipient.state === state)) ?? 'delivered';
}
