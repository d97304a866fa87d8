/**
 * From mail exchangers to hosts with addresses, in the order to try (RFC 5321 section 5.1).
 *
 * Guarantee: no host is this gateway or less preferred than it, no address is private or reserved unless that is
 * allowed, and what DNS cannot say at the moment never becomes a refusal for good. Nor does what TLS forbids.
 */
import {
  type Defer,
  defer,
  type Host,
  type MxRecord,
  type Random,
  type Reject,
  reject,
  specialUse,
  type TlsDemand,
} from '../../core/index.ts';
import type { Exchangers } from './exchangers.ts';
import { chosenFamilies, type FamilyChoice } from './families.ts';
import { addressesOf } from './host-addresses.ts';
import type { Ourselves } from './ourselves.ts';
import { shuffled } from './shuffle.ts';
import { type TlsFinding, tlsOf } from './tls-found.ts';

/** How many exchangers are looked up for one recipient, however many the domain has. */
const MOST_EXCHANGERS = 20;

/** What narrows the choice of hosts. */
export interface Policy {
  readonly port: number;
  readonly families: FamilyChoice;
  readonly privateAddresses: 'refuse' | 'allow';
  /** How many addresses to offer to the transport, over all hosts. */
  readonly limit: number;
  readonly ourselves: Ourselves;
}

/** At least one host. */
export interface Hosts {
  readonly kind: 'hosts';
  readonly hosts: readonly Host[];
}

/** One exchanger, looked up. */
interface Looked {
  readonly record: MxRecord;
  readonly addresses: readonly string[];
  readonly tls: TlsDemand | null;
  readonly ours: boolean;
  /** What may be otherwise later. */
  readonly passing: 'dns' | 'tls' | null;
  /** Why it has no address to use, for the log. */
  readonly trouble: string | null;
}

/** What is asked on the way. */
export interface HostsWorld {
  readonly random: Random;
  readonly finding: TlsFinding;
}

/** Finds the hosts, most preferred first, equals in random order. */
export async function hostsOf(
  exchangers: Exchangers,
  policy: Policy,
  world: HostsWorld,
): Promise<Hosts | Reject | Defer> {
  const { reasons } = world.finding;
  const passed: Looked[] = [];
  const hosts: Host[] = [];
  let ours = false;
  let looks = MOST_EXCHANGERS;
  let room = policy.limit;
  for (const group of byPreference(exchangers.records)) {
    // Ourselves and all that is not preferred to us are dropped, so the group as a whole.
    ours = group.some(record => policy.ourselves.hasName(record.exchange));
    if (ours || room <= 0 || looks <= 0) break;
    const asked = shuffled(group, world.random).slice(0, looks);
    looks -= asked.length;
    const looked = await Promise.all(asked.map(record => look(record, policy, world.finding)));
    ours = looked.some(one => one.ours);
    if (ours) break;
    passed.push(...looked);
    for (const { record, addresses, tls } of looked) {
      const kept = addresses.slice(0, room);
      room -= kept.length;
      if (kept.length > 0) hosts.push(hostOf(record, kept, policy.port, tls));
    }
  }
  if (ours) reasons.add('ourselves', 'dropped, and all hosts that are not preferred to us: mail would go in circles');
  else if (room <= 0) reasons.add('limit', `no more than ${policy.limit} addresses are tried`);
  return hosts.length > 0 ? { kind: 'hosts', hosts } : noHost(exchangers.domain, ours, passed);
}

function hostOf(record: MxRecord, addresses: readonly string[], port: number, tls: TlsDemand | null): Host {
  const host = { name: record.exchange, port, addresses, preference: record.preference };
  return tls === null ? host : { ...host, tls };
}

function byPreference(records: readonly MxRecord[]): readonly (readonly MxRecord[])[] {
  const groups = Map.groupBy(records, record => record.preference);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** Looks one exchanger up. RFC 5321 wants a name there; an address is what its owner evidently meant, so it is taken. */
async function look(record: MxRecord, policy: Policy, finding: TlsFinding): Promise<Looked> {
  const { resolver, reasons } = finding;
  const name = record.exchange;
  const found = await addressesOf(name, resolver);
  const { answer } = found;
  const nothing = { record, addresses: [], tls: null, ours: false, passing: null } as const;
  const dropped = (why: string, about: Partial<Looked> = {}): Looked => {
    reasons.add(name, `dropped: ${why}`);
    return { ...nothing, trouble: `${name}: ${why}`, ...about };
  };
  if (answer.kind !== 'found') {
    return answer.kind === 'unavailable' ? dropped(answer.cause, { passing: 'dns' }) : dropped(answer.kind);
  }
  if (answer.records.some(address => policy.ourselves.hasAddress(address))) {
    return { ...nothing, ours: true, trouble: null };
  }
  const special = policy.privateAddresses === 'allow' ? [] : answer.records.filter(one => specialUse(one) !== null);
  const usable = answer.records.filter(address => !special.includes(address));
  const addresses = chosenFamilies(usable, policy.families);
  if (addresses.length === 0) return dropped(whyUseless(answer.records, policy));
  const alias = found.name === name ? '' : `alias of ${found.name}: `;
  const without = special.length === 0 ? '' : `, without ${special.join(', ')}`;
  reasons.lookup(name, `${alias}${addresses.join(', ')}${without}`, found);
  const tls = await tlsOf({ name, port: policy.port }, found, finding);
  if (tls.kind !== 'found') return dropped(tls.why, { passing: tls.kind === 'refused' ? 'tls' : 'dns' });
  return { ...nothing, addresses, tls: tls.tls, trouble: null };
}

function whyUseless(addresses: readonly string[], policy: Policy): string {
  return addresses.map(address => `${address} ${specialUse(address) ?? `not ${policy.families}`}`).join(', ');
}

function noHost(domain: string, ours: boolean, passed: readonly Looked[]): Reject | Defer {
  const because = passed.flatMap(one => one.trouble ?? []).join('; ');
  if (passed.some(one => one.passing === 'dns')) {
    return defer(451, '4.4.3', `DNS does not answer for the hosts of ${domain}, will try again`, because);
  }
  if (passed.some(one => one.passing === 'tls')) {
    return defer(451, '4.7.5', `No host of ${domain} is one that its MTA-STS policy names`, because);
  }
  if (ours) return reject(554, '5.4.6', `Mail for ${domain} loops back to this host`, because || null);
  return reject(550, '5.4.4', `Domain ${domain} has no host that can be reached`, because);
}
