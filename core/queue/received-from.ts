/** The machine that brought a mail, as `Received-From-MTA` has it (RFC 3464 section 2.2.4). */
import { parseDomain } from '../mail/domain.ts';
import type { Session } from '../mail/session.ts';

/** A domain or a literal as people's software announces itself: nothing in it could be read as a comment. */
const PLAIN = /^(?:[A-Za-z0-9._-]+|\[[A-Za-z0-9.:_-]+\])$/;

/**
 * What it called itself, and its address as a comment; what is no domain is not repeated. `null` where nobody brought the
 * mail, and where one of our users did: the program of a person is no such machine.
 */
export function receivedFrom({ greeting, client, user }: Session): string | null {
  if (greeting === null || user !== null) return null;
  const literal = client.address.includes(':') ? `[IPv6:${client.address}]` : `[${client.address}]`;
  const name = PLAIN.test(greeting.domain) ? greeting.domain : (parseDomain(greeting.domain) ?? '');
  return PLAIN.test(name) ? `dns; ${name} (${literal})` : `dns; ${literal}`;
}
