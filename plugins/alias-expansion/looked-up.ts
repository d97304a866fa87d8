/** VRFY and EXPN (RFC 5321 section 3.5), from the same tables as RCPT. */
import {
  type Addresses,
  addresses,
  type Mailbox,
  parseLocalPart,
  type Reject,
  reject,
  sameMailbox,
} from '../../core/index.ts';
import type { Expanded } from './expansion.ts';

/** Whom a query means: a name without a domain is one in the first of our domains. */
export function askedFor(
  { query, mailbox }: { readonly query: string; readonly mailbox: Mailbox | null },
  domains: readonly string[],
): Mailbox | null {
  const localPart = mailbox === null ? parseLocalPart(query) : null;
  const [domain] = domains;
  return localPart === null || domain === undefined ? mailbox : { localPart, domain };
}

/** VRFY: whether there is such an alias. Where it leads is not said. */
export function verified(expanded: Expanded, asked: Mailbox): Addresses | Reject | undefined {
  switch (expanded.kind) {
    case 'recipients':
    case 'blackhole':
      return addresses([asked]);
    case 'fail':
      return reject(550, '5.1.1', expanded.text || 'No such mailbox', expanded.via);
    default:
      return undefined;
  }
}

/** EXPN: where it leads. Commands and files are nobody's address: in their place stands the alias. */
export function listed(expanded: Expanded, asked: Mailbox): Addresses | Reject | undefined {
  switch (expanded.kind) {
    case 'recipients': {
      const mailboxes = expanded.to.filter(({ target }) => target === undefined).map(({ to }) => to);
      const isHidden = expanded.to.length > mailboxes.length && !mailboxes.some(one => sameMailbox(one, asked));
      return addresses(isHidden ? [asked, ...mailboxes] : mailboxes);
    }
    case 'blackhole':
      return addresses([asked]);
    case 'fail':
      return reject(550, '5.1.1', expanded.text || 'No such mailbox', expanded.via);
    default:
      return undefined;
  }
}
