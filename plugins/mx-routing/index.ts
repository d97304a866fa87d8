/**
 * Finds the hosts that take mail for a domain by its MX records (RFC 5321 section 5, RFC 7505), and what TLS they demand, by
 * DANE (RFC 7672) and by MTA-STS (RFC 8461).
 */
import {
  CLOCK,
  definePlugin,
  FILES,
  type Files,
  IDENTITY,
  LOG,
  RANDOM,
  RESOLVER,
  type RouteTls,
  routeTo,
  TLS_REPORTS,
  WEB,
} from '../../core/index.ts';
import { type Exchangers, exchangerOfLiteral, exchangersOf } from './exchangers.ts';
import { hostsOf, type Policy } from './hosts.ts';
import { withDane } from './named-hosts.ts';
import { type Options, options } from './options.ts';
import { ourselves } from './ourselves.ts';
import { Reasons } from './reasons.ts';
import { StsPolicies, type StsWorld } from './sts.ts';
import { StsStore } from './sts-store.ts';
import type { TlsFinding } from './tls-found.ts';

export default definePlugin({
  name: 'mx-routing',
  summary: 'Finds the hosts of a domain by its MX records, and what TLS they demand',
  options,
  needs: {
    resolver: RESOLVER,
    random: RANDOM,
    identity: IDENTITY,
    web: WEB,
    files: FILES,
    clock: CLOCK,
    log: LOG,
    reports: TLS_REPORTS,
  },
  async check({ options: { sts }, files }) {
    if (sts === 'off' || sts.authorities === undefined || (await files.facts(sts.authorities)) !== null) return [];
    return [{ path: ['sts', 'authorities'], message: `${files.resolve(sts.authorities)} does not exist` }];
  },
  async create({ options, files, ...ports }) {
    const { resolver, random, identity, log, reports } = ports;
    const { dane, port, addresses: families, privateAddresses, limit } = options;
    const policy: Policy = {
      port,
      families,
      privateAddresses,
      limit,
      ourselves: ourselves([identity.hostname], options.ourAddresses),
    };
    const policies = await stsPolicies(options, { files, ...ports });
    let saidOfDane = false;
    /** What is demanded of the hosts of a domain, as far as that is the domain's own business. */
    const findingFor = async (
      { domain, dnssec }: Exchangers,
      tls: RouteTls | null,
      reasons: Reasons,
    ): Promise<TlsFinding> => {
      const isName = !domain.startsWith('[');
      if (isName && dane === 'on' && dnssec === 'unknown' && !saidOfDane) {
        saidOfDane = true;
        log.info('skipped', { what: 'DANE', because: NOT_TRUSTED });
      }
      const sts = isName && policies !== null && asksFor('sts', tls) ? await policies.of(domain) : null;
      if (sts !== null) reasons.add(`MTA-STS ${domain}`, sts.why);
      const asksDane = tls?.level === 'dane' || (dane === 'on' && asksFor('dane', tls));
      return { domain, dane: asksDane ? 'on' : 'off', dnssec, sts, resolver, reports, reasons };
    };
    return {
      about: options.transport === undefined ? { routes: 'hosts-only' } : {},
      async route({ domain, transport: given, hosts: named, tls }) {
        const transport = given ?? options.transport;
        if (transport === undefined || transport !== (options.transport ?? transport)) return;
        const reasons = new Reasons();
        if (named !== null) {
          const hosts = await withDane(named, resolver, reasons);
          return routeTo({ transport, hosts, because: reasons.list });
        }
        const exchangers = exchangerOfLiteral(domain) ?? (await exchangersOf(domain, resolver, reasons));
        if (exchangers.kind !== 'exchangers') return exchangers;
        const finding = await findingFor(exchangers, tls, reasons);
        const found = await hostsOf(exchangers, policy, { random, finding });
        return found.kind === 'hosts' ? routeTo({ transport, hosts: found.hosts, because: reasons.list }) : found;
      },
    };
  },
});

async function stsPolicies(
  { sts }: Options,
  ports: Omit<StsWorld, 'store' | 'authorities' | 'timeout'> & { readonly files: Files },
): Promise<StsPolicies | null> {
  if (sts === 'off') return null;
  const { files, ...world } = ports;
  const { directory, authorities, timeout } = sts;
  return new StsPolicies({
    ...world,
    timeout,
    authorities: authorities === undefined ? null : (await files.read(authorities)).toString(),
    store: new StsStore(directory, ports),
  });
}

const NOT_TRUSTED = 'no DNS server that validates is trusted: see resolver.dnssec, or say dane: off';

/** What a route says of TLS itself needs nobody's policy; of one that wants DANE, MTA-STS still says which hosts there are. */
function asksFor(what: 'dane' | 'sts', tls: RouteTls | null): boolean {
  return tls === null || tls.level === 'dane' || tls.level === what;
}
