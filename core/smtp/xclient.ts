/** XCLIENT: a trusted peer says for which client it speaks from now on (Postfix's XCLIENT_README). */
import type { Client, Greeting, Session } from '../mail/session.ts';
import { isAnnounceable } from './announced.ts';
import { type AttributeRules, address, hostName, oneOf, orUnavailable, port, readAttributes } from './attributes.ts';
import type { CommandRefused } from './parameter-rules.ts';

/** `null`: unavailable. */
interface XclientAttributes {
  readonly NAME: string | null;
  readonly ADDR: string | null;
  readonly PORT: number | null;
  readonly PROTO: 'SMTP' | 'ESMTP';
  readonly HELO: string | null;
  readonly LOGIN: string | null;
  /** Where the client connected to. Nothing here depends on it. */
  readonly DESTADDR: string | null;
  readonly DESTPORT: number | null;
}

const RULES: AttributeRules<XclientAttributes> = {
  // That looking the name up failed, for now or for good, is no difference for us.
  NAME: text => (text.toUpperCase() === '[TEMPUNAVAIL]' ? null : orUnavailable(hostName)(text)),
  ADDR: orUnavailable(address),
  PORT: orUnavailable(port),
  PROTO: oneOf('SMTP', 'ESMTP'),
  HELO: orUnavailable(text => (isAnnounceable(text) ? text : undefined)),
  LOGIN: orUnavailable(text => (text === '' ? undefined : text)),
  DESTADDR: orUnavailable(address),
  DESTPORT: orUnavailable(port),
};

/** The line of the answer to EHLO. */
export const XCLIENT_LINE = `XCLIENT ${Object.keys(RULES).join(' ')}`;

/**
 * Stands for an address that nobody knows (RFC 1122 section 3.2.1.3: no packet comes from there). The peer's own address
 * must not: a stranger would have its rights.
 */
export const UNKNOWN_ADDRESS = '0.0.0.0';

/** Who is spoken for. */
export interface Introduction {
  readonly kind: 'introduction';
  readonly client: Client;
  /** `told`: another client comes, if perhaps from the same address. */
  readonly address: 'told' | 'as before';
  /** Whether DNS is to be asked for the name: the address is new, and no name came with it. */
  readonly name: 'told' | 'to be looked up' | 'as before';
  /** What the client said, if that was told. */
  readonly greeting: Greeting | null;
  readonly user: string | null;
}

/**
 * Reads what stands after `XCLIENT`. What is told of the address stays until it is told anew, as with Postfix; greeting
 * and user belong to one command.
 */
export function parseXclient(argument: string, session: Session): Introduction | CommandRefused {
  const read = readAttributes('XCLIENT', argument, RULES);
  if (read.kind === 'refused') return read;
  const { ADDR, NAME, HELO, LOGIN = null, PROTO = 'SMTP' } = read.given;
  const before = session.client;
  // Name and port of one address say nothing of another.
  const { name, port } = ADDR === undefined ? before : { name: null, port: 0 };
  const verb = session.protocol === 'lmtp' ? 'LHLO' : PROTO === 'ESMTP' ? 'EHLO' : 'HELO';
  return {
    kind: 'introduction',
    client: {
      address: ADDR === undefined ? before.address : (ADDR ?? UNKNOWN_ADDRESS),
      port: read.given.PORT === undefined ? port : (read.given.PORT ?? 0),
      name: NAME === undefined ? name : NAME,
    },
    address: ADDR === undefined ? 'as before' : 'told',
    name: NAME !== undefined || ADDR === null ? 'told' : ADDR === undefined ? 'as before' : 'to be looked up',
    greeting: HELO === undefined || HELO === null ? null : { verb, domain: HELO },
    user: LOGIN,
  };
}
