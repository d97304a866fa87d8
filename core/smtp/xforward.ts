/** XFORWARD: a trusted peer says where the next mail came from, for logs and plugins (Postfix's XFORWARD_README). */
import type { Forwarded } from '../mail/session.ts';
import {
  type AttributeRule,
  type AttributeRules,
  address,
  hostName,
  oneOf,
  orUnavailable,
  port,
  readAttributes,
} from './attributes.ts';
import type { CommandRefused } from './parameter-rules.ts';

/** `null`: unavailable. */
interface XforwardAttributes {
  readonly NAME: string | null;
  readonly ADDR: string | null;
  readonly PORT: number | null;
  readonly PROTO: string | null;
  readonly HELO: string | null;
  readonly IDENT: string | null;
  readonly SOURCE: 'LOCAL' | 'REMOTE' | null;
}

/** XFORWARD_README, note 1: no blanks, nothing beyond ASCII, and nothing that means something in a header. */
const HARMLESS = /^[\x21\x23-\x27\x2a\x2b\x2d-\x3a\x3d\x3f\x41-\x5b\x5d-\x7e]+$/;
const LONGEST_PROTOCOL = 64;

const word: AttributeRule<string> = text => (HARMLESS.test(text) ? text : undefined);

const RULES: AttributeRules<XforwardAttributes> = {
  NAME: orUnavailable(hostName),
  ADDR: orUnavailable(address),
  PORT: orUnavailable(port),
  PROTO: orUnavailable(text => (text.length > LONGEST_PROTOCOL ? undefined : word(text))),
  HELO: orUnavailable(word),
  IDENT: orUnavailable(word),
  SOURCE: orUnavailable(oneOf('LOCAL', 'REMOTE')),
};

/** The line of the answer to EHLO. */
export const XFORWARD_LINE = `XFORWARD ${Object.keys(RULES).join(' ')}`;

const NOTHING: Forwarded = {
  name: null,
  address: null,
  port: null,
  protocol: null,
  helo: null,
  ident: null,
  source: null,
};

/** What is known of the mail's origin now. */
export interface ForwardedMail {
  readonly kind: 'forwarded';
  readonly forwarded: Forwarded;
}

/** Reads what stands after `XFORWARD`. `before`: what earlier commands said of the same mail, which stays unless told anew. */
export function parseXforward(argument: string, before: Forwarded | null): ForwardedMail | CommandRefused {
  const read = readAttributes('XFORWARD', argument, RULES);
  if (read.kind === 'refused') return read;
  const known = before ?? NOTHING;
  const { given } = read;
  const told = <T>(value: T | undefined, otherwise: T): T => (value === undefined ? otherwise : value);
  return {
    kind: 'forwarded',
    forwarded: {
      name: told(given.NAME, known.name),
      address: told(given.ADDR, known.address),
      port: told(given.PORT, known.port),
      protocol: told(given.PROTO, known.protocol),
      helo: told(given.HELO, known.helo),
      ident: told(given.IDENT, known.ident),
      source: given.SOURCE === undefined ? known.source : sourceOf(given.SOURCE),
    },
  };
}

function sourceOf(text: XforwardAttributes['SOURCE']): Forwarded['source'] {
  return text === null ? null : text === 'LOCAL' ? 'local' : 'remote';
}

/** The field of a log line: what is known, and nothing where nobody said XFORWARD. */
export function forwardedField(forwarded: Forwarded | null): {
  readonly forwarded?: Readonly<Record<string, unknown>>;
} {
  if (forwarded === null) return {};
  return { forwarded: Object.fromEntries(Object.entries(forwarded).filter(([, value]) => value !== null)) };
}
