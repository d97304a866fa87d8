/**
 * What TLS a host demands by DANE and by the MTA-STS policy of the domain.
 *
 * DANE goes before MTA-STS where a host has both (RFC 8461 section 2): who has signed what his certificate is may have one
 * that no authority knows. A policy that names other hosts alone still keeps mail from this one.
 */
import type { Dnssec, Resolver, TlsDemand, TlsReports } from '../../core/index.ts';
import { daneOf } from './dane.ts';
import type { HostAddresses } from './host-addresses.ts';
import type { Reasons } from './reasons.ts';
import type { Sts } from './sts.ts';
import { namesHost } from './sts-policy.ts';

/** For one domain. */
export interface TlsFinding {
  readonly domain: string;
  readonly dane: 'off' | 'on';
  /** Of the MX records. */
  readonly dnssec: Dnssec;
  /** `null`: nobody asks. */
  readonly sts: Sts | null;
  readonly resolver: Resolver;
  readonly reports: TlsReports;
  readonly reasons: Reasons;
}

/** `refused`: it must not get mail. `unavailable`: nobody can say at the moment. */
export type TlsFound =
  | { readonly kind: 'found'; readonly tls: TlsDemand | null }
  | { readonly kind: 'refused' | 'unavailable'; readonly why: string };

/** What a host demands. */
export async function tlsOf(
  host: { readonly name: string; readonly port: number },
  addresses: HostAddresses,
  finding: TlsFinding,
): Promise<TlsFound> {
  const { policy = null, published = null } = finding.sts ?? {};
  const isNamed = policy === null || policy.mode === 'none' || namesHost(policy, host.name);
  if (!isNamed && published !== null) {
    const failure = {
      type: 'validation-failure',
      host: host.name,
      reason: 'the policy does not name this host',
    } as const;
    finding.reports.count({ policy: published, failure });
    if (policy?.mode === 'enforce') return { kind: 'refused', why: 'the MTA-STS policy does not name it' };
  }
  if (finding.dane === 'on' && finding.dnssec === 'secure' && addresses.dnssec === 'secure') {
    const { domain, resolver, reasons } = finding;
    const dane = await daneOf({ ...host, canonicalName: addresses.name, domain }, resolver, reasons);
    if (dane.kind === 'demand') return { kind: 'found', tls: dane.tls };
    if (dane.kind === 'unavailable') {
      const unknown = { type: 'tlsa', domain, strings: [], mxHosts: [host.name] } as const;
      finding.reports.count({
        policy: unknown,
        failure: { type: 'dnssec-invalid', host: host.name, reason: dane.cause },
      });
      return { kind: 'unavailable', why: dane.cause };
    }
  }
  if (policy === null || policy.mode === 'none' || !isNamed) return { kind: 'found', tls: null };
  const names = [host.name];
  const { mode } = policy;
  return { kind: 'found', tls: { level: 'verify', measure: 'at-least', mode, names, tlsa: [], policy: published } };
}
