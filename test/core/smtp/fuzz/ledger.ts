/** What was committed, held against what the client was told (RFC 5321 section 4.2.5, 6.1). */
import type { Mailbox } from '../../../../core/mail/address.ts';
import type { NewMail } from '../../../../core/plugin/queue-store.ts';
import { hasStray } from './framing.ts';
import { MARK } from './rules.ts';
import type { Content, Taken } from './transaction-model.ts';
import { Violation } from './violation.ts';

/** The mails of one transaction. */
export interface Commit {
  readonly ids: readonly string[];
  /** One character an octet. */
  readonly contents: readonly string[];
  readonly sender: string;
  /** What the client called them. */
  readonly originals: readonly string[];
  /** What they are called now. */
  readonly recipients: readonly string[];
}

export async function commitOf(mails: readonly NewMail[]): Promise<Commit> {
  const contents = await Promise.all(mails.map(({ mail }) => mail.content.bytes()));
  const [first] = mails;
  const path = first?.mail.envelope.reversePath;
  const recipients = mails.flatMap(({ mail }) => mail.envelope.recipients);
  return {
    ids: mails.map(({ mail }) => mail.id),
    contents: contents.map(octets => octets.toString('latin1')),
    sender: path === null || path === undefined ? '' : textOf(path),
    originals: recipients.map(({ original }) => textOf(original)),
    recipients: recipients.map(({ forwardPath }) => textOf(forwardPath)),
  };
}

const textOf = ({ localPart, domain }: Mailbox) => `${localPart}@${domain}`;

/** What one client was told, and what else it sent that may have been taken. */
export interface Account {
  readonly taken: readonly Taken[];
  /** `cut`: by the client, so that an acceptance may not have been heard. */
  readonly connection: 'cut' | 'whole';
  readonly candidates: readonly Content[];
}

/** @throws Violation */
export function settle({ taken, connection, candidates }: Account, commits: readonly Commit[]): void {
  const left = [...commits];
  for (const one of taken) {
    const [commit] = left.splice(0, 1);
    if (commit === undefined) throw new Violation(`acknowledged and never committed: ${one.ids.join()}`);
    const same = one.ids.every(id => commit.ids.includes(id));
    if (!same) throw new Violation(`committed ${commit.ids.join()} and acknowledged ${one.ids.join()}`);
    compareEnvelope(one, commit);
    for (const content of commit.contents) checkContent(content, commit.ids, [one]);
  }
  const [unheard] = left;
  if (unheard === undefined) return;
  if (connection === 'whole') throw new Violation(`committed and never acknowledged: ${unheard.ids.join()}`);
  for (const { contents, ids } of left) for (const content of contents) checkContent(content, ids, candidates);
}

const SIMPLE = /^<([a-z]+@[a-z.]+)>/;

function compareEnvelope(taken: Taken, commit: Commit): void {
  const sender = taken.from.startsWith('<>') ? '' : SIMPLE.exec(taken.from)?.[1];
  if (sender !== undefined && sender !== commit.sender) throw new Violation(`from ${commit.sender} and not ${sender}`);
  const simple = taken.to.map(path => SIMPLE.exec(path)?.[1] ?? null);
  // Two ways to one mailbox are one recipient, by the first of them. Staff is an alias.
  const there = [...commit.originals, ...commit.recipients];
  const lost = simple.filter(one => one !== null && !one.startsWith('staff@') && !there.includes(one));
  if (lost.length > 0) throw new Violation(`accepted and not in the envelope: ${lost.join()}`);
  const alien = commit.originals.filter(one => !simple.includes(one));
  if (alien.length > 0 && !simple.includes(null))
    throw new Violation(`in the envelope and never accepted: ${alien.join()}`);
}

/** Holds octets that were committed against what they may be. */
function checkContent(committed: string, [id = '']: readonly string[], wanted: readonly Content[]): void {
  if (hasStray(committed)) throw new Violation(`a bare CR or LF or a NUL was committed with ${id}`);
  const marked = committed.startsWith(MARK);
  const bodies = withoutFields(marked ? committed.slice(MARK.length) : committed, id);
  const fits = (one: Content) => (one.marked ?? marked) === marked && bodies.some(body => isSame(body, one));
  if (wanted.some(fits)) return;
  throw new Violation(
    `committed ${JSON.stringify(bodies[0]?.octets)} and not ${JSON.stringify(wanted.map(one => one.content))}`,
  );
}

/** What is left of a mail without the fields of the engine. `parted`: the empty line as well that the engine may add. */
interface Body {
  readonly octets: string;
  readonly parted: boolean;
}

function isSame({ octets, parted }: Body, { content, likeness }: Content): boolean {
  if (likeness === 'any') return true;
  // Content without a header is parted from the fields above it, and no other content is.
  if (parted && beginsWithField(content)) return false;
  // By BDAT an mbox line may come without its end, and our fields cannot stand behind it then.
  if (/^>?From [^\n]*$/.test(content) && octets === `${content}\r\n`) return true;
  return octets === content || (likeness === 'dots' && undotted(octets) === undotted(content));
}

/** Content without what the engine puts above its first field: a trace field, and for a submission what it lacked. */
function withoutFields(text: string, id: string): readonly Body[] {
  const own = id.replace(/\.\d+$/, '');
  const ours = new RegExp(
    `(Received: from [^\\r]*\\r\\n\\tby mx\\.example\\.test with [A-Z0-9]+ id ${own}(?:\\r\\n\\tfor [^\\r]*)?;` +
      `\\r\\n\\t[^\\r]*\\r\\n)(Date: [^\\r]*\\r\\n)?(Message-ID: <${own}\\.[0-9a-f]+@mx\\.example\\.test>\\r\\n)?`,
  );
  const [found = '', trace = '', date = ''] = ours.exec(text) ?? [];
  const start = /^>?From /.test(text) ? text.indexOf('\n') + 1 : 0;
  if (found === '' || !text.startsWith(found, start)) {
    throw new Violation(`the trace field of ${id} is not at the top: ${JSON.stringify(text.slice(0, 300))}`);
  }
  // A Date may be ours or the client's.
  return [found, trace + date, trace].flatMap(fields => {
    const above = text.slice(0, start);
    const below = text.slice(start + fields.length);
    const whole = { octets: above + below, parted: false };
    return below.startsWith('\r\n') ? [whole, { octets: above + below.slice(2), parted: true }] : [whole];
  });
}

function beginsWithField(content: string): boolean {
  return /^(?:>?From [^\n]*\n)?[!-9;-~]+[ \t]*:/.test(content);
}

function undotted(content: string): string {
  return content.replaceAll(/(^|\r\n)\.+/g, '$1');
}
