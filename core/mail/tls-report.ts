/** SMTP TLS reports, with the keys that their JSON has (RFC 8460 section 4.4). */

/** One kind of failure, and how often it was met. */
export interface TlsReportFailure {
  readonly 'result-type': string;
  readonly 'sending-mta-ip'?: string;
  readonly 'receiving-mx-hostname'?: string;
  readonly 'receiving-mx-helo'?: string;
  readonly 'receiving-ip'?: string;
  readonly 'failed-session-count': number;
  readonly 'additional-information'?: string;
  readonly 'failure-reason-code'?: string;
}

/** One policy, and what became of the sessions under it. */
export interface TlsReportPolicy {
  readonly policy: {
    readonly 'policy-type': string;
    readonly 'policy-string'?: readonly string[];
    readonly 'policy-domain'?: string;
    readonly 'mx-host'?: readonly string[];
  };
  readonly summary: {
    /** Some leave out what is zero. */
    readonly 'total-successful-session-count'?: number;
    readonly 'total-failure-session-count'?: number;
  };
  readonly 'failure-details'?: readonly TlsReportFailure[];
}

/** One report: of one day, to one domain. */
export interface TlsReport {
  readonly 'organization-name': string;
  readonly 'date-range': { readonly 'start-datetime': string; readonly 'end-datetime': string };
  readonly 'contact-info': string;
  readonly 'report-id': string;
  readonly policies: readonly TlsReportPolicy[];
}

/** Who reports. */
export interface TlsReporter {
  readonly organization: string;
  /** An email address, as a rule. */
  readonly contact: string;
}

/**
 * The reports of one day, one for each domain: each goes to another address.
 * @param day `2026-11-23`, in UTC
 */
export function tlsReportsFor(
  day: string,
  policies: readonly TlsReportPolicy[],
  { organization, contact }: TlsReporter,
): readonly TlsReport[] {
  const byDomain = Map.groupBy(policies, ({ policy }) => policy['policy-domain'] ?? '');
  return [...byDomain].map(([domain, own]) => ({
    'organization-name': organization,
    'date-range': { 'start-datetime': `${day}T00:00:00Z`, 'end-datetime': `${day}T23:59:59Z` },
    'contact-info': contact,
    'report-id': `${day}T00:00:00Z_${domain}`,
    policies: own,
  }));
}
