/**
 * Which mailboxes exist: local parts that hold in every local domain, and whole addresses. Names ignore case.
 *
 * As a file: one a line; empty lines and lines that start with `#` mean nothing.
 */
import { type Mailbox, parseLocalPart, parseMailbox, TableFaults } from '../../core/index.ts';

/** An entry of the list. Without a domain it is in every local one. */
export interface MailboxName {
  readonly localPart: string;
  readonly domain: string | null;
}

/** A list of mailboxes. */
export interface MailboxList {
  /** Whether the mailbox is in it, with or without the extension of its local part. */
  has(mailbox: Mailbox): boolean;
}

/** Makes a list. `delimiter` separates user and extension, or is `null`. */
export function mailboxList(entries: readonly MailboxName[], delimiter: string | null): MailboxList {
  const names = new Set(entries.map(({ localPart, domain }) => keyOf(localPart, domain)));
  return {
    has({ localPart, domain }) {
      const at = delimiter === null ? -1 : localPart.indexOf(delimiter, 1);
      const candidates = at === -1 ? [localPart] : [localPart, localPart.slice(0, at)];
      return candidates.some(one => names.has(keyOf(one, null)) || names.has(keyOf(one, domain)));
    },
  };
}

/** Reads one entry: `ann`, `"john doe"`, `bob@example.test`. `null` where it is none. */
export function parseMailboxName(text: string): MailboxName | null {
  const localPart = parseLocalPart(text);
  return localPart === null ? parseMailbox(text) : { localPart, domain: null };
}

/**
 * Reads a file. `name` is how messages name it.
 * @throws TableFaults
 */
export function parseMailboxFile(text: string, name: string): readonly MailboxName[] {
  const entries: MailboxName[] = [];
  const faults: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const written = line.trim();
    if (written === '' || written.startsWith('#')) continue;
    const entry = parseMailboxName(written);
    if (entry !== null) entries.push(entry);
    else faults.push(`${name}:${index + 1}: ${JSON.stringify(written)} is neither a local part nor an address`);
  }
  if (faults.length > 0) throw new TableFaults(faults);
  return entries;
}

/** Domains hold no blank. */
function keyOf(localPart: string, domain: string | null): string {
  return `${domain ?? ''} ${localPart.toLowerCase()}`;
}
