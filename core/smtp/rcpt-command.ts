/** The argument of RCPT: one forward-path and what is asked about notifications (RFC 5321 section 4.1.1.3, RFC 3461). */
import type { ForwardPath } from '../mail/address.ts';
import type { DsnRequest, Notify } from '../mail/envelope.ts';
import { parseForwardPath } from '../mail/path.ts';
import { decodeUtf8Address, decodeXtext } from '../mail/xtext.ts';
import {
  afterKeyword,
  type CommandRefused,
  type ParameterRules,
  readParameters,
  refusedWith,
} from './parameter-rules.ts';
import { badRecipient, NEEDS_SMTPUTF8, syntax } from './replies.ts';

/** A RCPT command that makes sense. */
export interface RcptCommand {
  readonly kind: 'rcpt';
  readonly forwardPath: ForwardPath;
  readonly dsn: DsnRequest;
}

/** What MAIL and the listener said before. */
export interface RcptRules {
  readonly smtpUtf8: boolean;
  /** The domain of `<Postmaster>`. */
  readonly postmasterDomain: string;
}

/** RFC 3461 section 4.2. In characters, as it was written. */
const LONGEST_ORIGINAL_RECIPIENT = 500;
const EVENTS = ['success', 'failure', 'delay'] as const;
const ASCII = /^[\x21-\x7e]*$/;
/** An address type is an atom (RFC 3461 section 4.2). */
const ORIGINAL_RECIPIENT = /^([A-Za-z0-9!#$%&'*/?^_`{|}~-]+);(.+)$/;

/** Reads what stands after `RCPT`. */
export function parseRcpt(argument: string, rules: RcptRules): RcptCommand | CommandRefused {
  const { smtpUtf8, postmasterDomain } = rules;
  const text = afterKeyword(argument, 'TO:');
  if (text === null) return refusedWith(syntax('RCPT TO:<address>'));
  const found = parseForwardPath(text, { smtpUtf8: true, postmasterDomain });
  if (found.kind === 'malformed') return refusedWith(badRecipient(found.reason));
  if (found.beyondAscii && !smtpUtf8) return refusedWith(NEEDS_SMTPUTF8);
  const given = readParameters(found.rest, parametersWith(smtpUtf8));
  if (given.kind === 'refused') return given;
  const notify = given.values.get('NOTIFY') ?? null;
  const original = given.values.get('ORCPT') ?? null;
  return {
    kind: 'rcpt',
    forwardPath: found.path,
    dsn: {
      notify: notify === null ? null : parseNotify(notify),
      originalRecipient: original === null ? null : parseOriginalRecipient(original),
    },
  };
}

function parametersWith(smtpUtf8: boolean): ParameterRules {
  return {
    NOTIFY: value => value !== null && parseNotify(value) !== null,
    ORCPT: value =>
      value !== null &&
      value.length <= LONGEST_ORIGINAL_RECIPIENT &&
      (smtpUtf8 || ASCII.test(value)) &&
      parseOriginalRecipient(value) !== null,
  };
}

function parseNotify(value: string): Notify | null {
  const words = value.toLowerCase().split(',');
  if (words.length === 1 && words[0] === 'never') return 'never';
  const events = EVENTS.filter(event => words.includes(event));
  return events.length === words.length ? events : null;
}

/** The address is text for people and notifications: whether it is one is not looked at. */
function parseOriginalRecipient(value: string): DsnRequest['originalRecipient'] {
  const [, type = '', encoded = ''] = ORIGINAL_RECIPIENT.exec(value) ?? [];
  // RFC 6533 section 3: this type has encodings of its own. RFC 3461 keeps the others to ASCII, and Postfix writes
  // `rfc822` with the octets of UTF-8 for every internationalised recipient all the same: refused, its mail would bounce.
  const address = type.toLowerCase() === 'utf-8' ? decodeUtf8Address(encoded) : decodeXtext(encoded);
  // The type as it came: a next hop is told the very same (RFC 3461 section 5.2.1).
  return type === '' || address === null ? null : { type, address };
}
