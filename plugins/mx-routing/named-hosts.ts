/** Hosts that the configuration names, and whose route demands DANE: their TLSA records are looked up here. */
import type { Host, Resolver } from '../../core/index.ts';
import { daneOf } from './dane.ts';
import { addressesOf } from './host-addresses.ts';
import type { Reasons } from './reasons.ts';

/** The hosts for which DNSSEC vouches for a certificate. The others are left out: the route demands it. */
export async function withDane(hosts: readonly Host[], resolver: Resolver, reasons: Reasons): Promise<readonly Host[]> {
  const found = await Promise.all(hosts.map(host => daneHost(host, resolver, reasons)));
  return found.flatMap(host => host ?? []);
}

async function daneHost(host: Host, resolver: Resolver, reasons: Reasons): Promise<Host | null> {
  const { name, port } = host;
  const { answer, dnssec, name: canonicalName } = await addressesOf(name, resolver);
  if (answer.kind !== 'found' || dnssec !== 'secure') {
    reasons.add(name, `dropped: ${answer.kind === 'found' ? 'DNSSEC does not vouch for its addresses' : answer.kind}`);
    return null;
  }
  const dane = await daneOf({ name, port, canonicalName, domain: null }, resolver, reasons);
  if (dane.kind === 'demand') return { ...host, addresses: answer.records, tls: dane.tls };
  reasons.add(name, `dropped: ${dane.kind === 'none' ? 'it has no TLSA records' : dane.cause}`);
  return null;
}
