/** What a route says of TLS, put on the hosts: what it demands goes before what plugins found and what the transport says. */
import type { Host } from '../mail/route.ts';
import type { RouteTls, TlsDemand } from '../mail/tls-demand.ts';

/** Whether somebody has to find out what it means for these hosts: their TLSA records, the policy of their domain. */
export function isFoundOut(tls: RouteTls | null): boolean {
  return tls?.level === 'dane' || tls?.level === 'sts';
}

/**
 * The hosts with their demands. Of `dane` and `sts` those are left over for which it was found: whoever did not look, or
 * did not find anything, must not be what opens the way.
 */
export function withTls(hosts: readonly Host[] | null, tls: RouteTls | null): readonly Host[] | null {
  if (hosts === null || tls === null) return hosts;
  const { level, names } = tls;
  switch (level) {
    case 'dane':
      return hosts.filter(host => host.tls?.level === 'dane');
    case 'sts':
      return hosts.filter(host => host.tls?.level === 'dane' || isSts(host.tls));
    default: {
      const demand: TlsDemand = { level, measure: 'exactly', mode: 'enforce', names, tlsa: [], policy: null };
      return hosts.map(host => ({ ...host, tls: demand }));
    }
  }
}

function isSts(tls: TlsDemand | undefined): boolean {
  return tls?.policy?.type === 'sts' && tls.level === 'verify' && tls.mode === 'enforce';
}
