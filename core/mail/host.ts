/** Hosts as configurations write them: a name or an IP address in brackets, and a port where it is not 25. */
import { parseDomain } from './domain.ts';
import { parseIpAddress } from './ip-address.ts';
import type { Malformed } from './path.ts';
import type { Host } from './route.ts';

/** The port of SMTP (RFC 5321 section 4.5.4.2). */
const SMTP_PORT = 25;
const BRACKETS = /^\[(?:IPv6:)?([^\]]*)\](.*)$/is;
const NAME = /^([^:[\]]*)(.*)$/s;

/** A host that was read. */
export interface FoundHost {
  readonly kind: 'host';
  readonly host: Host;
}

/**
 * Reads `mail.example`, `mail.example:587`, `[192.0.2.10]:25` or `[2001:db8::1]:25`.
 *
 * A name is one machine: nobody looks for its MX records. An IP address needs no look-up at all.
 */
export function parseHost(text: string): FoundHost | Malformed {
  const bracketed = BRACKETS.exec(text);
  const [, name = '', tail = ''] = bracketed ?? NAME.exec(text) ?? [];
  if (bracketed === null && parseIpAddress(tail === '' || /^:\d+$/.test(tail) ? name : text) !== null) {
    return malformed(`an IP address needs brackets, as in [${parseIpAddress(name) ?? text}]:25`);
  }
  const canonical = bracketed === null ? parseDomain(name) : parseIpAddress(name);
  if (canonical === null) {
    return malformed(bracketed === null ? 'this is no host name' : 'what stands in the brackets is no IP address');
  }
  const port = tail === '' ? SMTP_PORT : parsePort(tail);
  if (port === null) return malformed('the port must be a number from 1 to 65535 after a colon');
  const addresses = bracketed === null ? [] : [canonical];
  return { kind: 'host', host: { name: canonical, port, addresses, preference: 0 } };
}

function parsePort(tail: string): number | null {
  const digits = /^:(\d{1,5})$/.exec(tail)?.[1];
  const port = Number(digits);
  return digits !== undefined && port >= 1 && port <= 65535 ? port : null;
}

function malformed(reason: string): Malformed {
  return { kind: 'malformed', reason };
}
