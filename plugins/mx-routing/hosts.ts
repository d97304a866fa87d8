/**
 * From mail exchangers to hosts with addresses, in the order to try (RFC 5321 section 5.1).
 *
 * Guarantee: no host is this gateway or less preferred than it, no address is private or reserved unless that is
 * allowed, and what DNS cannot say at the moment never becomes a refusal for good.
 */
import { isIP } from 'node:net';
import {
  type Defer,
  type DnsAnswer,
  defer,
  type Host,
  type MxRecord,
  type Random,
  type Reject,
  type Resolver,
  reject,
  specialUse,
} from '../../core/index.ts';
import type { Exchangers } from './exchangers.ts';
import { chosenFamilies, type FamilyChoice } from './families.ts';
import type { Ourselves } from './ourselves.ts';
import { shuffled } from './shuffle.ts';

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
  readonly ours: boolean;
  readonly unavailable: boolean;
  /** Why it has no address to use, for the log. */
  readonly trouble: string | null;
}

/** Finds the hosts, most preferred first, equals in random order. */
export async function hostsOf(
  exchangers: Exchangers,
  policy: Policy,
  world: { readonly resolver: Resolver; readonly random: Random },
): Promise<Hosts | Reject | Defer> {
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
    const looked = await Promise.all(asked.map(record => look(record, policy, world.resolver)));
    ours = looked.some(one => one.ours);
    if (ours) break;
    passed.push(...looked);
    for (const { record, addresses } of looked) {
      const kept = addresses.slice(0, room);
      room -= kept.length;
      if (kept.length > 0) hosts.push(hostOf(record, kept, policy.port));
    }
  }
  return hosts.length > 0 ? { kind: 'hosts', hosts } : noHost(exchangers.domain, ours, passed);
}

function hostOf(record: MxRecord, addresses: readonly string[], port: number): Host {
  return { name: record.exchange, port, addresses, preference: record.preference };
}

function byPreference(records: readonly MxRecord[]): readonly (readonly MxRecord[])[] {
  const groups = Map.groupBy(records, record => record.preference);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** Looks one exchanger up. RFC 5321 wants a name there; an address is what its owner evidently meant, so it is taken. */
async function look(record: MxRecord, policy: Policy, resolver: Resolver): Promise<Looked> {
  const name = record.exchange;
  const answer: DnsAnswer<string> =
    isIP(name) === 0 ? await resolver.addresses(name) : { kind: 'found', records: [name] };
  if (answer.kind !== 'found') {
    const unavailable = answer.kind === 'unavailable';
    const trouble = unavailable ? `${name}: ${answer.cause}` : `${name}: ${answer.kind}`;
    return { record, addresses: [], ours: false, unavailable, trouble };
  }
  const ours = answer.records.some(address => policy.ourselves.hasAddress(address));
  const special = policy.privateAddresses === 'allow' ? [] : answer.records.filter(one => specialUse(one) !== null);
  const usable = answer.records.filter(address => !special.includes(address));
  const addresses = chosenFamilies(usable, policy.families);
  const trouble = addresses.length > 0 ? null : whyUseless(name, answer.records, policy);
  return { record, addresses, ours, unavailable: false, trouble };
}

function whyUseless(name: string, addresses: readonly string[], policy: Policy): string {
  const reasons = addresses.map(address => `${address} ${specialUse(address) ?? `not ${policy.families}`}`);
  return `${name}: ${reasons.join(', ')}`;
}

function noHost(domain: string, ours: boolean, passed: readonly Looked[]): Reject | Defer {
  const because = passed.flatMap(one => one.trouble ?? []).join('; ');
  if (passed.some(one => one.unavailable)) {
    return defer(451, '4.4.3', `DNS does not answer for the hosts of ${domain}, will try again`, because);
  }
  if (ours) return reject(554, '5.4.6', `Mail for ${domain} loops back to this host`, because || null);
  return reject(550, '5.4.4', `Domain ${domain} has no host that can be reached`, because);
}
