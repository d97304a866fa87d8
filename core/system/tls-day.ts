/** What is counted for the TLS reports of one day: sessions by policy, failures by what they were. */
import type { TlsReportFailure, TlsReportPolicy } from '../mail/tls-report.ts';
import type { TlsFailure, TlsSession } from '../plugin/tls-reports.ts';

/** So much is told apart, whatever strangers publish; the rest of the failures is in the sums alone. */
const MOST_POLICIES = 5000;
const MOST_FAILURES = 100;

interface Counted {
  readonly policy: TlsReportPolicy['policy'];
  successes: number;
  failed: number;
  /** By all of a failure but how often it was. */
  readonly failures: Map<string, { readonly about: Omit<TlsReportFailure, 'failed-session-count'>; count: number }>;
}

export class TlsDay {
  readonly #counted = new Map<string, Counted>();

  /** Counts one session. */
  count({ policy: { type, domain, strings, mxHosts }, failure }: TlsSession): void {
    const counted = this.#of({
      'policy-type': type,
      'policy-string': strings,
      'policy-domain': domain,
      ...(mxHosts.length === 0 ? {} : { 'mx-host': mxHosts }),
    });
    if (counted === null) return;
    if (failure === null) counted.successes += 1;
    else {
      counted.failed += 1;
      addFailure(counted, aboutOf(failure), 1);
    }
  }

  /** Adds what was counted before, by whoever wrote it down. */
  add(policies: readonly TlsReportPolicy[]): void {
    for (const { policy, summary, 'failure-details': failures = [] } of policies) {
      const counted = this.#of(policy);
      if (counted === null) continue;
      counted.successes += summary['total-successful-session-count'] ?? 0;
      counted.failed += summary['total-failure-session-count'] ?? 0;
      for (const { 'failed-session-count': count, ...about } of failures) addFailure(counted, about, count);
    }
  }

  /** As reports have it. */
  policies(): readonly TlsReportPolicy[] {
    return [...this.#counted.values()].map(({ policy, successes, failed, failures }) => ({
      policy,
      summary: { 'total-successful-session-count': successes, 'total-failure-session-count': failed },
      'failure-details': [...failures.values()].map(({ about, count }) => ({
        ...about,
        'failed-session-count': count,
      })),
    }));
  }

  #of(policy: TlsReportPolicy['policy']): Counted | null {
    const key = JSON.stringify(policy);
    const known = this.#counted.get(key);
    if (known !== undefined) return known;
    if (this.#counted.size >= MOST_POLICIES) return null;
    const counted = { policy, successes: 0, failed: 0, failures: new Map() };
    this.#counted.set(key, counted);
    return counted;
  }
}

function addFailure({ failures }: Counted, about: Omit<TlsReportFailure, 'failed-session-count'>, count: number): void {
  const key = JSON.stringify(about);
  const known = failures.get(key);
  if (known !== undefined) known.count += count;
  else if (failures.size < MOST_FAILURES) failures.set(key, { about, count });
}

function aboutOf({ type, host, address, localAddress, reason }: TlsFailure) {
  return {
    'result-type': type,
    ...(localAddress === undefined ? {} : { 'sending-mta-ip': localAddress }),
    ...(host === undefined ? {} : { 'receiving-mx-hostname': host }),
    ...(address === undefined ? {} : { 'receiving-ip': address }),
    ...(reason === undefined ? {} : { 'failure-reason-code': reason }),
  };
}
