/**
 * Finds the hosts that take mail for a domain by its MX records (RFC 5321 section 5, RFC 7505), and what TLS they demand, by
 * DANE (RFC 7672) and by MTA-STS (RFC 8461).
 */
import {
  CLOCK,
  definePlugin,
  FILES,
  IDENTITY,
  LOG,
  NETWORK,
  RANDOM,
  RESOLVER,
  type RouteTls,
  routeTo,
  TLS_REPORTS,
} from '../../core/index.ts';
import { exchangerOfLiteral, exchangersOf } from './exchangers.ts';
import { hostsOf, type Policy } from './hosts.ts';
import { withDane } from './named-hosts.ts';
import { options } from './options.ts';
import { ourselves } from './ourselves.ts';
import { Reasons } from './reasons.ts';
import { StsPolicies } from './sts.ts';
import { StsStore } from './sts-store.ts';

export default definePlugin({
  name: 'mx-routing',
  summary: 'Finds the hosts of a domain by its MX records, and what TLS they demand',
  options,
  needs: {
    resolver: RESOLVER,
    random: RANDOM,
    identity: IDENTITY,
    network: NETWORK,
    files: FILES,
    clock: CLOCK,
    log: LOG,
    reports: TLS_REPORTS,
  },
  async check({ options: { sts }, files }) {
    if (sts === 'off' || sts.authorities === undefined || (await files.facts(sts.authorities)) !== null) return [];
    return [{ path: ['sts', 'authorities'], message: `${files.resolve(sts.authorities)} does not exist` }];
  },
  async create({ options, resolver, random, identity, network, files, clock, log, reports }) {
    const { sts, privateAddresses } = options;
    const policy: Policy = {
      port: options.port,
      families: options.addresses,
      privateAddresses,
      limit: options.limit,
      ourselves: ourselves([identity.hostname], options.ourAddresses),
    };
    const policies =
      sts === 'off'
        ? null
        : new StsPolicies({
            ...{ resolver, network, clock, log, reports, privateAddresses, timeout: sts.timeout },
            authorities: sts.authorities === undefined ? null : (await files.read(sts.authorities)).toString(),
            store: new StsStore(sts.directory, { files, clock, log }),
          });
    let said = false;
    const sayOnce = () => {
      if (!said) log.info('skipped', { what: 'DANE', because: NOT_TRUSTED });
      said = true;
    };
    return {
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
        const isName = !domain.startsWith('[');
        if (options.dane === 'on' && exchangers.dnssec === 'unknown' && isName) sayOnce();
        const dane = asksFor('dane', tls) && (options.dane === 'on' || tls?.level === 'dane') ? 'on' : 'off';
        const policyFound = policies !== null && isName && asksFor('sts', tls) ? await policies.of(domain) : null;
        if (policyFound !== null) reasons.add(`MTA-STS ${domain}`, policyFound.why);
        const { dnssec } = exchangers;
        const finding = { domain, dane, dnssec, sts: policyFound, resolver, reports, reasons } as const;
        const found = await hostsOf(exchangers, policy, { random, finding });
        return found.kind === 'hosts' ? routeTo({ transport, hosts: found.hosts, because: reasons.list }) : found;
      },
    };
  },
});

const NOT_TRUSTED = 'no DNS server that validates is trusted: see resolver.dnssec, or say dane: off';

/** What a route says of TLS itself needs nobody's policy; of one that wants DANE, MTA-STS still says which hosts there are. */
function asksFor(what: 'dane' | 'sts', tls: RouteTls | null): boolean {
  return tls === null || tls.level === 'dane' || tls.level === what;
}
