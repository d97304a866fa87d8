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
  const { body, smtpUtf8, returnContent, envelopeId, priority, requireTls } = parameters;
  const needsUtf8 = () =>
    smtpUtf8 || needsSmtpUtf8(reversePath) || recipients.some(({ forwardPath }) => needsSmtpUtf8(forwardPath));
  let command = `MAIL FROM:${formatPath(reversePath)}`;
  if (offered.has('SIZE')) command += ` SIZE=${content.size}`;
  if (body === '8bitmime' && offered.has('8BITMIME')) command += ' BODY=8BITMIME';
  if (offered.has('SMTPUTF8') && needsUtf8()) command += ' SMTPUTF8';
  if (returnContent !== null && offered.has('DSN')) command += ` RET=${RETURN[returnContent]}`;
  if (envelopeId !== null && envelopeId !== '' && offered.has('DSN')) command += ` ENVID=${encodeXtext(envelopeId)}`;
  if (priority !== 0 && offered.has('MT-PRIORITY')) command += ` MT-PRIORITY=${priority}`;
  // Said without verified TLS it would be a lie: the mail may already have been read.
  if (requireTls && security === 'verified' && offered.has('REQUIRETLS')) command += ' REQUIRETLS';
  return command;
}

const RETURN = { full: 'FULL', headers: 'HDRS' } as const;

/** RCPT, with what the client asked about notifications for this recipient (RFC 3461 section 5.2.1). */
export function rcptCommand(recipient: Recipient, { extensions: offered }: Hop): string {
  const { forwardPath } = recipient;
  const { notify, originalRecipient } = offered.has('DSN') ? requestTo(recipient) : NO_DSN_REQUEST;
  const original = originalRecipient === null ? null : orcptValue(originalRecipient);
  let command = `RCPT TO:${formatPath(forwardPath)}`;
  if (notify !== null) command += ` NOTIFY=${notifyValue(notify)}`;
  if (original !== null) command += ` ORCPT=${original}`;
  return command;
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
