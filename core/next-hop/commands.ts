/**
 * The commands of a mail transaction with the parameters that the next hop understands (RFC 5321, 1870, 6152, 6531, 3461,
 * 6710, 8689).
 */
import { type DsnRequest, NO_DSN_REQUEST, type Notify, type Recipient, withoutSuccess } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import { formatMailbox, formatPath, needsSmtpUtf8 } from '../mail/path.ts';
import { encodeUtf8Address, encodeXtext } from '../mail/xtext.ts';
import type { Extensions } from './extensions.ts';

/** The next hop, as far as commands depend on it. */
export interface Hop {
  readonly extensions: Extensions;
  readonly security: 'none' | 'encrypted' | 'verified';
}

/** MAIL. SMTPUTF8 is passed on where the client gave it, and added where an alias made it necessary. */
export function mailCommand(
  { envelope, content }: Mail,
  recipients: readonly Recipient[],
  { extensions: offered, security }: Hop,
): string {
  const { reversePath, parameters } = envelope;
  const paths = [reversePath, ...recipients.map(recipient => recipient.forwardPath)];
  const utf8 = parameters.smtpUtf8 || paths.some(needsSmtpUtf8);
  const dsn = offered.has('DSN');
  const envelopeId = parameters.envelopeId ?? '';
  // Said without verified TLS it would be a lie: the mail may already have been read.
  const requireTls = parameters.requireTls && security === 'verified' && offered.has('REQUIRETLS');
  return [
    `MAIL FROM:${formatPath(reversePath)}`,
    ...(offered.has('SIZE') ? [`SIZE=${content.size}`] : []),
    ...(offered.has('8BITMIME') && parameters.body === '8bitmime' ? ['BODY=8BITMIME'] : []),
    ...(offered.has('SMTPUTF8') && utf8 ? ['SMTPUTF8'] : []),
    ...(dsn && parameters.returnContent !== null ? [`RET=${RETURN[parameters.returnContent]}`] : []),
    ...(dsn && envelopeId !== '' ? [`ENVID=${encodeXtext(envelopeId)}`] : []),
    ...(offered.has('MT-PRIORITY') && parameters.priority !== 0 ? [`MT-PRIORITY=${parameters.priority}`] : []),
    ...(requireTls ? ['REQUIRETLS'] : []),
  ].join(' ');
}

const RETURN = { full: 'FULL', headers: 'HDRS' } as const;

/** RCPT, with what the client asked about notifications for this recipient (RFC 3461 section 5.2.1). */
export function rcptCommand(recipient: Recipient, { extensions: offered }: Hop): string {
  const { forwardPath } = recipient;
  const { notify, originalRecipient } = offered.has('DSN') ? requestTo(recipient) : NO_DSN_REQUEST;
  const original = originalRecipient === null ? null : orcptValue(originalRecipient);
  return [
    `RCPT TO:${formatPath(forwardPath)}`,
    ...(notify === null ? [] : [`NOTIFY=${notifyValue(notify)}`]),
    ...(original === null ? [] : [`ORCPT=${original}`]),
  ].join(' ');
}

/**
 * Whether a next hop is not asked to report success although the client asks for that: its report would name the address
 * that an alias leads to (RFC 3461 section 5.2.7). We report that it was relayed instead.
 */
export function keepsSuccess({ via, dsn: { notify } }: Recipient): boolean {
  return via.length > 0 && notify !== null && notify !== 'never' && notify.includes('success');
}

/** Behind an alias the next hop learns what the client had said, so that its reports name that too. */
function requestTo(recipient: Recipient): DsnRequest {
  const { via, original, dsn } = recipient;
  if (via.length === 0) return dsn;
  const { notify, originalRecipient } = keepsSuccess(recipient) ? withoutSuccess(dsn) : dsn;
  const type = needsSmtpUtf8(original) ? 'utf-8' : 'rfc822';
  return { notify, originalRecipient: originalRecipient ?? { type, address: formatMailbox(original) } };
}

function notifyValue(notify: Notify): string {
  return notify === 'never' ? 'NEVER' : notify.map(event => event.toUpperCase()).join(',');
}

/** An address type is an atom (RFC 3461 section 4.2). What is none would be a parameter of its own, or worse. */
const ATOM = /^[A-Za-z0-9!#$%&'*/?^_`{|}~-]+$/;

function orcptValue({ type, address }: { readonly type: string; readonly address: string }): string | null {
  if (!ATOM.test(type) || address === '') return null;
  return `${type};${type.toLowerCase() === 'utf-8' ? encodeUtf8Address(address) : encodeXtext(address)}`;
}
