/**
 * Names that the configuration mentions, as DNS has them now: `mailframe check --live`.
 *
 * That a server does not answer in time is told as such, and never as if there were no name.
 */
import type { Path } from '../config/place.ts';
import { parseIpAddress } from '../mail/ip-address.ts';
import { specialUse } from '../mail/special-addresses.ts';
import type { DnsAnswer, MxRecord, Resolver } from '../plugin/dns.ts';
import type { Clock } from '../plugin/ports.ts';
import type { Finding, Subject } from './finding.ts';

/** What is asked, and for how long each question may take, in milliseconds. */
export interface NameService {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly timeout: number;
}

/** How many questions are under way at a time. */
const AT_ONCE = 16;

interface Mentioned {
  readonly name: string;
  /** `home`: mail for it is to come here. */
  readonly is: 'host' | 'domain' | 'ourselves' | 'home';
  readonly path: Path;
}

/** All names, each where it is first mentioned. */
export async function namesInDns(subject: Subject, service: NameService): Promise<readonly Finding[]> {
  const names = new Map<string, Mentioned>();
  for (const one of mentionedIn(subject)) {
    const key = `${one.is} ${one.name}`;
    if (!names.has(key)) names.set(key, one);
  }
  const waiting = [...names.values()];
  const found: (readonly Finding[])[] = [];
  const work = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      found.push(await findingsOf(one, subject.configuration.hostname, service));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found.flat();
}

function* mentionedIn({ configuration, mounted }: Subject): Generator<Mentioned> {
  yield { name: configuration.hostname, is: 'ourselves', path: ['hostname'] };
  for (const { map, ...route } of configuration.routes) {
    for (const { hosts, exchangersOf, path } of map === null ? [route] : map.entries.values()) {
      for (const { name } of hosts ?? []) yield { name, is: 'host', path: [...path, 'hosts'] };
      if (exchangersOf !== null) yield { name: exchangersOf, is: 'domain', path: [...path, 'exchangersOf'] };
    }
  }
  for (const { instance, entry } of mounted) {
    for (const { name, is, path } of instance.about?.names ?? [])
      yield { name, is, path: [...entry.path, 'options', ...path] };
    for (const { recipients, path } of instance.about?.takes ?? []) {
      if (recipients.kind !== 'domain' || recipients.subdomains) continue;
      yield { name: recipients.domain, is: 'home', path: [...entry.path, 'options', ...path] };
    }
  }
}

async function findingsOf(
  { name, is, path }: Mentioned,
  hostname: string,
  service: NameService,
): Promise<readonly Finding[]> {
  if (name.startsWith('[') || parseIpAddress(name) !== null || name === 'localhost') return [];
  const messages = await {
    host: () => ofHost(name, service),
    domain: () => ofDomain(name, service),
    home: () => ofHome(name, hostname, service),
    ourselves: () => ofOurselves(name, service),
  }[is]();
  return messages.map(message => ({ code: 'MF_NAME_UNRESOLVED', severity: 'warning', path, message }));
}

async function ofHost(name: string, service: NameService): Promise<readonly string[]> {
  const answer = await inTime(service, resolver => resolver.addresses(name));
  if (answer.kind === 'found') return [];
  if (answer.kind === 'unavailable') return [unsaid(`whether ${name} has an address`, answer.cause)];
  return [`${name} has no address: ${whyNone(answer)}`];
}

async function ofDomain(domain: string, service: NameService): Promise<readonly string[]> {
  const exchangers = await exchangersOf(domain, service);
  return exchangers.kind === 'hosts' ? [] : [exchangers.why];
}

/** The hosts that take mail for a domain (RFC 5321 section 5.1). */
type Exchangers =
  | { readonly kind: 'hosts'; readonly hosts: readonly string[] }
  | { readonly kind: 'none' | 'unsaid'; readonly why: string };

async function exchangersOf(domain: string, service: NameService): Promise<Exchangers> {
  const answer = await inTime(service, resolver => resolver.mx(domain));
  switch (answer.kind) {
    case 'unavailable':
      return { kind: 'unsaid', why: unsaid(`where mail for ${domain} goes`, answer.cause) };
    case 'no-such-domain':
      return { kind: 'none', why: `there is no domain ${domain}` };
    case 'no-records':
      return itself(domain, service);
    case 'found':
      return ofRecords(domain, answer.records, service);
    default:
      return answer satisfies never;
  }
}

async function ofRecords(domain: string, records: readonly MxRecord[], service: NameService): Promise<Exchangers> {
  if (isNull(records)) return { kind: 'none', why: `${domain} says that it takes no mail (a null MX, RFC 7505)` };
  const hosts = records.map(({ exchange }) => exchange);
  const found = await Promise.all(hosts.map(host => inTime(service, resolver => resolver.addresses(host))));
  if (found.some(({ kind }) => kind === 'found')) return { kind: 'hosts', hosts };
  const unknown = found.find(one => one.kind === 'unavailable');
  if (unknown !== undefined) return { kind: 'unsaid', why: unsaid(`where ${hosts.join(', ')} are`, unknown.cause) };
  return { kind: 'none', why: `none of the hosts of ${domain} has an address: ${hosts.join(', ')}` };
}

/** Without MX records a domain takes its own mail. */
async function itself(domain: string, service: NameService): Promise<Exchangers> {
  const own = await inTime(service, resolver => resolver.addresses(domain));
  if (own.kind === 'found') return { kind: 'hosts', hosts: [domain] };
  if (own.kind === 'unavailable') return { kind: 'unsaid', why: unsaid(`where ${domain} is`, own.cause) };
  return { kind: 'none', why: `${domain} has neither MX records nor an address` };
}

function isNull(records: readonly MxRecord[]): boolean {
  return records.every(({ exchange }) => exchange === '' || exchange === '.');
}

/** Mail for a domain that is taken here should come here. */
async function ofHome(domain: string, hostname: string, service: NameService): Promise<readonly string[]> {
  return [...(await elsewhere(domain, hostname, service)), ...(await withoutPolicy(domain, service))];
}

/** Who announces a policy for TLS to us must have a host that tells it (RFC 8461 section 3.3). */
async function withoutPolicy(domain: string, service: NameService): Promise<readonly string[]> {
  const announced = await inTime(service, resolver => resolver.txt(`_mta-sts.${domain}`));
  if (announced.kind !== 'found' || !announced.records.some(text => text.startsWith('v=STSv1'))) return [];
  const missing = await ofHost(`mta-sts.${domain}`, service);
  return missing.map(why => `${domain} announces an MTA-STS policy, and nobody can fetch it: ${why}`);
}

async function elsewhere(domain: string, hostname: string, service: NameService): Promise<readonly string[]> {
  const exchangers = await exchangersOf(domain, service);
  if (exchangers.kind !== 'hosts') {
    return [exchangers.kind === 'unsaid' ? exchangers.why : `nobody can send mail here: ${exchangers.why}`];
  }
  const { hosts } = exchangers;
  if (hosts.includes(hostname)) return [];
  const [ours, ...theirs] = await Promise.all([hostname, ...hosts].map(host => addressesOf(host, service)));
  // Another name of ours is as good. Where nothing is known of our own addresses, nothing can be said of others.
  if (ours === undefined || ours.length === 0 || theirs.flat().some(address => ours.includes(address))) return [];
  return [`mail for ${domain} goes to ${hosts.join(', ')}, which is not ${hostname}`];
}

async function addressesOf(name: string, service: NameService): Promise<readonly string[]> {
  const answer = await inTime(service, resolver => resolver.addresses(name));
  return answer.kind === 'found' ? answer.records : [];
}

/** Others look whether our addresses lead back to our name (RFC 1912 section 2.1), and refuse mail where they do not. */
async function ofOurselves(hostname: string, service: NameService): Promise<readonly string[]> {
  const answer = await inTime(service, resolver => resolver.addresses(hostname));
  if (answer.kind !== 'found') {
    if (answer.kind === 'unavailable') return [unsaid(`whether ${hostname} has an address`, answer.cause)];
    return [`${hostname} has no address: ${whyNone(answer)}; many refuse mail from a host whose name is none`];
  }
  return (await Promise.all(answer.records.map(address => ofOurAddress(address, hostname, service)))).flat();
}

async function ofOurAddress(address: string, hostname: string, service: NameService): Promise<readonly string[]> {
  const use = specialUse(address);
  if (use !== null) return [`${hostname} has the address ${address}, which nobody outside can reach: ${use}`];
  const back = await inTime(service, resolver => resolver.reverse(address));
  if (back.kind === 'unavailable') return [unsaid(`to which name ${address} leads back`, back.cause)];
  if (back.kind === 'found' && back.records.includes(hostname)) return [];
  const where = back.kind === 'found' ? back.records.join(', ') : 'no name';
  return [`${address} of ${hostname} leads back to ${where}: many refuse mail from such a host`];
}

function unsaid(what: string, cause: string): string {
  return `nobody could say ${what} (${cause})`;
}

function whyNone({ kind }: DnsAnswer<unknown>): string {
  return kind === 'no-such-domain' ? 'there is no such name' : 'the name exists, and has no such record';
}

async function inTime<T>(
  { resolver, clock, timeout }: NameService,
  ask: (resolver: Resolver) => Promise<DnsAnswer<T>>,
): Promise<DnsAnswer<T>> {
  const done = new AbortController();
  const late = clock
    .sleep(timeout, done.signal)
    .then((): DnsAnswer<T> => ({ kind: 'unavailable', cause: 'no answer in time' }))
    .catch((): DnsAnswer<T> => ({ kind: 'unavailable', cause: 'not waited for' }));
  try {
    return await Promise.race([ask(resolver), late]);
  } finally {
    done.abort();
  }
}
