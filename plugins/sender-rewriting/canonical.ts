/**
 * The address that stands for another one: what a table says, after canonical(5), and then without the host, where hosts are
 * hidden.
 */
import {
  type Awaitable,
  formatMailbox,
  type Mailbox,
  parseDomain,
  parseLocalPart,
  parseMailbox,
  type Table,
  TableUnavailable,
  whenThere,
} from '../../core/index.ts';
import type { Options } from './options.ts';

/** What decides it. */
export interface CanonicalRules {
  readonly table: Table | null;
  readonly masquerade: Options['masquerade'];
}

/** The address, or the same one where nothing is said about it. @throws TableUnavailable */
export function canonicalOf(
  mailbox: Mailbox,
  { table, masquerade }: CanonicalRules,
  signal: AbortSignal,
): Awaitable<Mailbox> {
  const named = table === null ? mailbox : whenThere(entryFor(mailbox, table, signal), found => found ?? mailbox);
  return whenThere(named, found => withoutHost(found, masquerade));
}

/** user@domain, then @domain: a name alone says nothing, as it may be anybody's. */
async function entryFor(mailbox: Mailbox, table: Table, signal: AbortSignal): Promise<Mailbox | null> {
  const folded = { ...mailbox, localPart: mailbox.localPart.toLowerCase() };
  const keys = table.entries === 'keys' ? [formatMailbox(folded), `@${mailbox.domain}`] : [formatMailbox(folded)];
  for (const key of keys) {
    const entry = await table.lookup(key, signal);
    if (entry === null) continue;
    const [value] = entry.values;
    const read = readEntry(value, mailbox);
    if (read === null)
      throw new TableUnavailable(table.name, `${JSON.stringify(value)} at ${entry.source} is no address`);
    return read;
  }
  return null;
}

/** `ann@other.test`, `@other.test` for the same name there, `ann` for a name in the same domain. `null`: it is none. */
export function readEntry(value: string, { localPart, domain }: Mailbox): Mailbox | null {
  if (value.startsWith('@')) {
    const other = parseDomain(value.slice(1));
    return other === null ? null : { localPart, domain: other };
  }
  const name = parseLocalPart(value);
  return parseMailbox(value) ?? (name === null ? null : { localPart: name, domain });
}

function withoutHost(mailbox: Mailbox, masquerade: Options['masquerade']): Mailbox {
  if (masquerade === undefined) return mailbox;
  const isExcepted = masquerade.except.some(name => name.toLowerCase() === mailbox.localPart.toLowerCase());
  const domain = masquerade.domains.find(one => mailbox.domain.endsWith(`.${one}`));
  return isExcepted || domain === undefined ? mailbox : { ...mailbox, domain };
}
