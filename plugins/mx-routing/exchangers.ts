/** The mail exchangers of a domain, as its MX records name them (RFC 5321 section 5.1, RFC 7505). */
import { type Defer, defer, type MxRecord, type Reject, type Resolver, reject } from '../../core/index.ts';

/** Machines that take mail for a domain. */
export interface Exchangers {
  readonly kind: 'exchangers';
  readonly domain: string;
  /** In no particular order, and at least one. */
  readonly records: readonly MxRecord[];
}

/** Asks DNS who takes mail for a domain: its MX records or, where there are none, the domain itself. */
export async function exchangersOf(domain: string, resolver: Resolver): Promise<Exchangers | Reject | Defer> {
  const answer = await resolver.mx(domain);
  switch (answer.kind) {
    case 'no-such-domain':
      return reject(550, '5.1.2', `Domain ${domain} does not exist`);
    case 'unavailable':
      return defer(451, '4.4.3', `DNS does not answer for ${domain}, will try again`, `MX ${domain}: ${answer.cause}`);
    case 'no-records':
      return { kind: 'exchangers', domain, records: [{ exchange: domain, preference: 0 }] };
    case 'found': {
      // A null MX means "no mail" only where it stands alone: beside other records it is a mistake.
      const records = answer.records.filter(record => record.exchange !== '');
      if (records.length === 0) return reject(556, '5.1.10', `Domain ${domain} does not accept mail`);
      return { kind: 'exchangers', domain, records };
    }
    default:
      return answer satisfies never;
  }
}

/** The one machine that an address literal such as `[192.0.2.1]` names, or `null` where the domain is none. */
export function exchangerOfLiteral(domain: string): Exchangers | null {
  const [, address] = /^\[(?:ipv6:)?([^\]]+)\]$/i.exec(domain) ?? [];
  if (address === undefined) return null;
  return { kind: 'exchangers', domain, records: [{ exchange: address, preference: 0 }] };
}
