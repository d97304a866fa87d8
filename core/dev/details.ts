/** All that the page shows of one entry of the journal. */
import { readFile } from 'node:fs/promises';
import { contentOf } from '../mail/content.ts';
import type { ReadMessage, ReadPart } from '../reading/message.ts';
import { readMessage } from '../reading/read-message.ts';
import { type MailDiff, mailDiff } from './header-diff.ts';
import { htmlFrame } from './html-frame.ts';
import type { Journal, JournalEntry } from './journal.ts';
import { type Summary, summaryOf } from './summaries.ts';

/** One state of the content: as it came, as it lies in the queue, as it left for somebody. */
export interface State {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  /** The state that it was made of. */
  readonly madeOf: string | null;
}

/** The states of an entry, from the first to the last. */
export function statesOf(entry: JournalEntry, journal: Journal): readonly State[] {
  const { received } = entry.report;
  const states: State[] = [];
  if (received !== null) states.push({ name: 'received', title: 'As it came', file: received, madeOf: null });
  if (entry.kind === 'refusal') return states;
  const madeOf = received === null ? null : 'received';
  states.push({ name: 'stored', title: 'In the queue', file: entry.report.stored, madeOf });
  for (const [name, copy] of journal.copiesOf(entry)) {
    const [first = '', ...more] = copy.recipients.map(path => path.slice(1, -1));
    const title = `As it left for ${first}${more.length > 0 ? ` and ${more.length} more` : ''}`;
    states.push({ name: `copy-${name}`, title, file: copy.content, madeOf: 'stored' });
  }
  return states;
}

/** The octets of a state, or `null` where it is not there any more. */
export async function octetsOf(state: State | undefined): Promise<Buffer | null> {
  return state === undefined ? null : readFile(state.file).catch(() => null);
}

export interface Details extends Summary {
  readonly session: JournalEntry['report']['session'];
  readonly trace: JournalEntry['report']['trace'];
  readonly refusal: {
    readonly reply: string;
    readonly by: string;
    readonly because: string | null;
    readonly hook: string;
  } | null;
  readonly recipients: Extract<JournalEntry, { kind: 'mail' }>['recipients'];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly because: string | null;
  readonly copies: Readonly<Record<string, { readonly to: string; readonly by: string; readonly tls: boolean }>>;
  readonly states: readonly (Omit<State, 'file'> & { readonly diff: MailDiff | null })[];
}

/** The details of an entry. */
export async function detailsOf(entry: JournalEntry, journal: Journal): Promise<Details> {
  const states = statesOf(entry, journal);
  const octets = new Map(await Promise.all(states.map(async one => [one.name, await octetsOf(one)] as const)));
  const { session } = entry.report;
  const about = {
    ...summaryOf(entry),
    session,
    states: states.map(({ name, title, madeOf }) => {
      const [before, after] = [madeOf === null ? null : octets.get(madeOf), octets.get(name)];
      return { name, title, madeOf, diff: before && after ? mailDiff(before, after) : null };
    }),
  };
  if (entry.kind === 'refusal') {
    const { trace, reply, by, because, hook } = entry.report;
    return {
      ...about,
      trace,
      refusal: { reply, by, because, hook },
      recipients: [],
      facts: {},
      because: null,
      copies: {},
    };
  }
  const { report, recipients, trace } = entry;
  const copies = [...journal.copiesOf(entry)].map(([name, { to, by, tls }]) => [name, { to, by, tls }] as const);
  const { facts, because } = report;
  return { ...about, trace, refusal: null, recipients, facts, because, copies: Object.fromEntries(copies) };
}

/** A state as people read it, with what a frame leaves out of each HTML part. */
export interface ReadState {
  readonly message: ReadMessage;
  readonly frames: Readonly<Record<string, { readonly blocked: readonly string[]; readonly links: readonly string[] }>>;
}

export async function readState(octets: Buffer): Promise<ReadState> {
  const content = contentOf(octets);
  const [message, other] = await Promise.all([readMessage(content), readMessage(content, { prefer: 'html' })]);
  const root = withOtherForms(message.root, other.root);
  const frames = htmlParts(root).map(({ path, source }) => {
    const { blocked, links } = htmlFrame(source, () => null);
    return [path, { blocked, links }] as const;
  });
  return { message: { ...message, root }, frames: Object.fromEntries(frames) };
}

/** Both forms of a text that there is in two: the page has a place for each. */
function withOtherForms(plain: ReadPart, html: ReadPart): ReadPart {
  const children = plain.children.map((child, index) => withOtherForms(child, html.children[index] ?? child));
  return { ...plain, shown: plain.shown.kind === 'other-form' ? html.shown : plain.shown, children };
}

function htmlParts(part: ReadPart): readonly { readonly path: string; readonly source: string }[] {
  const { shown, path, children } = part;
  const own = shown.kind === 'text' && shown.source !== null ? [{ path, source: shown.source }] : [];
  return [...own, ...children.flatMap(htmlParts)];
}
