/** What is counted about TLS with a host whose domain has a policy (RFC 8460 section 4.3). */
import type { TlsFailureType, TlsReports } from '../plugin/tls-reports.ts';
import { SmtpClient } from './client.ts';
import { DANE_MISMATCH } from './dane-match.ts';
import type { Lost } from './heard.ts';
import type { Target } from './targets.ts';
import type { TlsWanted } from './tls-wanted.ts';

/** Counts a session that was opened, or that failed. What had nothing to do with TLS is not counted. */
export function countTls(
  opened: SmtpClient | Lost,
  { counted }: TlsWanted,
  { target: { host, at }, localAddress }: { readonly target: Target; readonly localAddress: string | undefined },
  reports: TlsReports,
): void {
  if (counted === null || 'socket' in at || (!(opened instanceof SmtpClient) && opened.tls === 'no')) return;
  const why = opened instanceof SmtpClient ? whyNot(opened, counted.mode) : whyLost(opened);
  const { policy } = counted;
  if (why === null) return reports.count({ policy, failure: null });
  const { type, reason } = why;
  const failure = {
    type,
    host: host.name,
    address: at.address,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(reason === null ? {} : { reason }),
  };
  reports.count({ policy, failure });
}

interface Why {
  readonly type: TlsFailureType;
  readonly reason: string | null;
}

/** A policy that is only tested did not keep the session from being opened: what it would have said. */
function whyNot(client: SmtpClient, mode: 'enforce' | 'testing'): Why | null {
  if (client.security === 'none') return { type: 'starttls-not-supported', reason: null };
  const { certificateFault } = client;
  return mode === 'testing' && certificateFault !== null
    ? { type: typeOf(certificateFault), reason: certificateFault }
    : null;
}

function whyLost({ reply, code }: Lost): Why {
  return reply === null ? { type: typeOf(code), reason: code } : { type: 'starttls-not-supported', reason: null };
}

function typeOf(code: string | null): TlsFailureType {
  if (code === null) return 'validation-failure';
  if (code === DANE_MISMATCH) return 'tlsa-invalid';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'certificate-host-mismatch';
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'certificate-expired';
  return /CERT|ISSUER|SIGNED|CRL|CA$|VERIFY/.test(code) ? 'certificate-not-trusted' : 'validation-failure';
}
