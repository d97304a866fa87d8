/** The argument of MAIL: the reverse-path and what concerns the whole mail (RFC 5321 section 4.1.1.2). */
import type { ReversePath } from '../mail/address.ts';
import type { MailParameters } from '../mail/envelope.ts';
import { parseReversePath } from '../mail/path.ts';
import { decodeAsciiXtext, decodeXtext } from '../mail/xtext.ts';
import {
  afterKeyword,
  type CommandRefused,
  type ParameterRules,
  readParameters,
  refusedWith,
} from './parameter-rules.ts';
import {
  badSender,
  badValue,
  priorityLowered,
  REQUIRETLS_NEEDS_TLS,
  type Said,
  SENDER_NEEDS_SMTPUTF8,
  SENDER_OK,
  syntax,
  TOO_LARGE,
  unknownParameter,
} from './replies.ts';

/** A MAIL command that makes sense. */
export interface MailCommand {
  readonly kind: 'mail';
  readonly reversePath: ReversePath;
  /** As granted. */
  readonly parameters: MailParameters;
  /** What the client hears if nobody objects. */
  readonly accepted: Said;
}

/** What the listener allows this client. */
export interface MailRules {
  /** In octets. */
  readonly maxSize: number;
  /** Whether the listener knows AUTH: only then does MAIL have the parameter of that name (RFC 4954 section 5). */
  readonly auth: boolean;
  /** Whether REQUIRETLS may be said (RFC 8689 section 2). `no-tls`: it will be offered once there is TLS. */
  readonly requireTls: 'offered' | 'no-tls' | 'not-offered';
  /** Whether BODY may be BINARYMIME (RFC 3030). */
  readonly binary: 'taken' | 'refused';
  /** The most that MT-PRIORITY gives (RFC 6710). */
  readonly highestPriority: number;
}

/** RFC 3461 section 4.4. In characters, as it was written. */
const LONGEST_ENVELOPE_ID = 100;

/** RFC 6710: from -9 to 9, without a plus sign and without leading zeros. */
const PRIORITY = /^(?:0|-?[1-9])$/;

const BODIES: readonly MailParameters['body'][] = ['7bit', '8bitmime', 'binarymime'];

const PARAMETERS: ParameterRules = {
  SIZE: value => value !== null && /^[0-9]{1,20}$/.test(value),
  BODY: value => value !== null && bodyOf(value) !== null,
  SMTPUTF8: value => value === null,
  RET: value => value !== null && /^(?:FULL|HDRS)$/i.test(value),
  ENVID: value => value !== null && value.length <= LONGEST_ENVELOPE_ID && decodeAsciiXtext(value) !== null,
  'MT-PRIORITY': value => value !== null && PRIORITY.test(value),
  REQUIRETLS: value => value === null,
};
/** `<>` or a mailbox in xtext. Taken and not believed: no client here is trusted to vouch for others. */
const PARAMETERS_WITH_AUTH: ParameterRules = {
  ...PARAMETERS,
  AUTH: value => value !== null && (value === '<>' || decodeXtext(value) !== null),
};

/** Reads what stands after `MAIL`. */
export function parseMail(argument: string, rules: MailRules): MailCommand | CommandRefused {
  const text = afterKeyword(argument, 'FROM:');
  if (text === null) return refusedWith(syntax('MAIL FROM:<address>'));
  // Whether SMTPUTF8 is given stands after the address.
  const found = parseReversePath(text, { smtpUtf8: true });
  if (found.kind === 'malformed') return refusedWith(badSender(found.reason));
  const given = readParameters(found.rest, rules.auth ? PARAMETERS_WITH_AUTH : PARAMETERS);
  if (given.kind === 'refused') return given;
  if (given.values.has('REQUIRETLS')) {
    if (rules.requireTls === 'no-tls') return refusedWith(REQUIRETLS_NEEDS_TLS);
    if (rules.requireTls === 'not-offered') return refusedWith(unknownParameter('REQUIRETLS'));
  }
  const asked = parametersOf(given.values);
  if (asked.body === 'binarymime' && rules.binary === 'refused') return refusedWith(badValue('BODY'));
  const parameters = { ...asked, priority: Math.min(asked.priority, rules.highestPriority) };
  const { smtpUtf8, announcedSize } = parameters;
  if (found.beyondAscii && !smtpUtf8) return refusedWith(SENDER_NEEDS_SMTPUTF8);
  if (announcedSize !== null && announcedSize > rules.maxSize) return refusedWith(TOO_LARGE);
  const accepted = parameters.priority === asked.priority ? SENDER_OK : priorityLowered(parameters.priority);
  return { kind: 'mail', reversePath: found.path, parameters, accepted };
}

function bodyOf(value: string): MailParameters['body'] | null {
  return BODIES.find(body => body === value.toLowerCase()) ?? null;
}

function parametersOf(values: ReadonlyMap<string, string | null>): MailParameters {
  const size = values.get('SIZE') ?? null;
  const envelopeId = values.get('ENVID') ?? null;
  const returned = values.get('RET')?.toUpperCase();
  return {
    body: bodyOf(values.get('BODY') ?? '7BIT') ?? '7bit',
    smtpUtf8: values.has('SMTPUTF8'),
    announcedSize: size === null ? null : Number(size),
    returnContent: returned === undefined ? null : returned === 'FULL' ? 'full' : 'headers',
    envelopeId: envelopeId === null ? null : decodeAsciiXtext(envelopeId),
    requireTls: values.has('REQUIRETLS'),
    priority: Number(values.get('MT-PRIORITY') ?? 0),
  };
}
