/**
 * The trace field that says how a mail came here (RFC 5321 section 4.4).
 *
 * Guarantee: whatever the client called itself, the field is one field: what is no domain is not repeated.
 */
import type { ForwardPath } from '../mail/address.ts';
import { formatDate } from '../mail/date.ts';
import { parseDomain } from '../mail/domain.ts';
import { formatPath } from '../mail/path.ts';
import type { Session } from '../mail/session.ts';

/** What the field says. */
export interface Arrival {
  readonly session: Session;
  /** Who received it. */
  readonly hostname: string;
  /** The queue id. */
  readonly id: string;
  readonly smtpUtf8: boolean;
  /** As granted. The clause of that name stands where it is not the usual one (RFC 6710). */
  readonly priority: number;
  /** Named only where it is the only one: the others may be blind copies. */
  readonly recipients: readonly ForwardPath[];
  readonly at: Date;
}

/** A domain or a literal as people's software announces itself: strict enough to stand in the field as it is. */
const PLAIN = /^(?:[A-Za-z0-9._-]+|\[[A-Za-z0-9.:_-]+\])$/;

/** The whole field, folded, with its line end. */
export function receivedField({ session, hostname, id, smtpUtf8, priority, recipients, at }: Arrival): string {
  const [recipient, ...others] = recipients;
  const named = recipient !== undefined && others.length === 0 ? `\r\n\tfor ${formatPath(recipient)}` : '';
  const clause = priority === 0 ? '' : `\r\n\tpriority ${priority}`;
  return [
    `Received: from ${announced(session)} (${peer(session)})`,
    `\r\n\tby ${hostname} with ${protocolOf(session, smtpUtf8)} id ${id}${named}${clause};`,
    `\r\n\t${formatDate(at)}\r\n`,
  ].join('');
}

/** The protocol's registered keyword (RFC 3848, RFC 6531 section 4.3): `ESMTPSA`. */
export function protocolOf({ protocol, greeting, tls, user }: Session, smtpUtf8: boolean): string {
  const suffix = `${tls === null ? '' : 'S'}${user === null ? '' : 'A'}`;
  if (protocol === 'lmtp') return `${smtpUtf8 ? 'UTF8' : ''}LMTP${suffix}`;
  if (smtpUtf8) return `UTF8SMTP${suffix}`;
  // RFC 3848 knows no SMTP with TLS or AUTH that is not ESMTP: both are extensions.
  return greeting?.verb === 'HELO' && suffix === '' ? 'SMTP' : `ESMTP${suffix}`;
}

function announced({ greeting }: Session): string {
  const domain = greeting?.domain ?? '';
  return PLAIN.test(domain) ? domain : (parseDomain(domain) ?? 'unknown');
}

function peer({ client }: Session): string {
  const literal = client.address.includes(':') ? `[IPv6:${client.address}]` : `[${client.address}]`;
  return client.name === null ? literal : `${client.name} ${literal}`;
}
