/** The mail exchangers of a domain, as its MX records name them (RFC 5321 section 5.1, RFC 7505). */
import { type Defer, type Dnssec, defer, type MxRecord, type Reject, type Resolver, reject } from '../../core/index.ts';
import type { Reasons } from './reasons.ts';

/** Machines that take mail for a domain. */
export interface Exchangers {
  readonly kind: 'exchangers';
  readonly domain: string;
  /** In no particular order, and at least one. */
  readonly records: readonly MxRecord[];
  /** Whether it is vouched for that these are the exchangers. */
  readonly dnssec: Dnssec;
}

/** Asks DNS who takes mail for a domain: its MX records or, where there are none, the domain itself. */
export async function exchangersOf(
  domain: string,
  resolver: Resolver,
  reasons: Reasons,
): Promise<Exchangers | Reject | Defer> {
  const { answer, dnssec, ttl } = await resolver.lookUp(domain, 'MX');
  const about = `MX ${domain}`;
  switch (answer.kind) {
    case 'no-such-domain':
      return reject(550, '5.1.2', `Domain ${domain} does not exist`);
    case 'unavailable':
      return defer(451, '4.4.3', `DNS does not answer for ${domain}, will try again`, `${about}: ${answer.cause}`);
    case 'no-records':
      reasons.lookup(about, 'none, so the domain itself is the host (implicit MX)', { dnssec, ttl });
      return { kind: 'exchangers', domain, records: [{ exchange: domain, preference: 0 }], dnssec };
    case 'found': {
      // A null MX means "no mail" only where it stands alone: beside other records it is a mistake.
      const records = answer.records.filter(record => record.exchange !== '');
      if (records.length === 0) return reject(556, '5.1.10', `Domain ${domain} does not accept mail`);
      const sorted = records.toSorted((one, other) => one.preference - other.preference);
      const list = sorted.map(({ preference, exchange }) => `${preference} ${exchange}`).join(', ');
      reasons.lookup(about, list, { dnssec, ttl });
      return { kind: 'exchangers', domain, records, dnssec };
    }
    default:
      return answer satisfies never;
  }
}

/** The one machine that an address literal such as `[192.0.2.1]` names, or `null` where the domain is none. */
export function exchangerOfLiteral(domain: string): Exchangers | null {
  const [, address] = /^\[(?:ipv6:)?([^\]]+)\]$/i.exec(domain) ?? [];
  if (address === undefined) return null;
  return { kind: 'exchangers', domain, records: [{ exchange: address, preference: 0 }], dnssec: 'unknown' };
}
