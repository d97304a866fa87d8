/** The port that counts what became of TLS with other machines, so that their owners can be told (RFC 8460). */
import type { PublishedPolicy } from '../mail/tls-demand.ts';
import { token } from './token.ts';

/** What may go wrong (RFC 8460 section 4.3). */
export const TLS_FAILURES = [
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-trusted',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'dane-required',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
] as const;

export type TlsFailureType = (typeof TLS_FAILURES)[number];

/** Why a session, or what should have led to one, was not as the policy wants it. */
export interface TlsFailure {
  readonly type: TlsFailureType;
  /** The host, as MX records name it. */
  readonly host?: string;
  readonly address?: string;
  /** Ours. */
  readonly localAddress?: string;
  /** As the software says it: `CERT_HAS_EXPIRED`. */
  readonly reason?: string;
}

/** One session with a machine whose domain has published a policy. */
export interface TlsSession {
  readonly policy: PublishedPolicy;
  /** `null`: it was as the policy wants it. */
  readonly failure: TlsFailure | null;
}

/** Counts. Returns at once and never throws. */
export interface TlsReports {
  count(session: TlsSession): void;
  /** Called once, when nobody counts any more. */
  close?(): Promise<void>;
}

export const TLS_REPORTS = token<TlsReports>('tls-reports');
