/**
 * DANE for SMTP (RFC 7672): whether a host has published, under DNSSEC, what its certificate will be.
 *
 * Guarantee: a record counts only where all that led to it is secure: who forges DNS without being able to sign neither
 * imposes a certificate nor, by making the look-up fail, takes one away.
 */
import { formatTlsa, type Resolver, type TlsaRecord, type TlsDemand } from '../../core/index.ts';
import type { Reasons } from './reasons.ts';

/** A host that was found by secure answers alone. */
export interface DaneHost {
  readonly name: string;
  readonly port: number;
  /** The name that aliases led to. */
  readonly canonicalName: string;
  /** The domain whose mail it takes, for certificates that bear that. `null`: the configuration has named the host. */
  readonly domain: string | null;
}

/** `unavailable`: the host must be passed over, for nobody can say whether it demands something (section 2.2). */
export type Dane =
  | { readonly kind: 'none' }
  | { readonly kind: 'demand'; readonly tls: TlsDemand }
  | { readonly kind: 'unavailable'; readonly cause: string };

/** Looks for TLSA records: at the name that aliases led to, then at that which was written (section 2.2.3). */
export async function daneOf(host: DaneHost, resolver: Resolver, reasons: Reasons): Promise<Dane> {
  for (const base of new Set([host.canonicalName, host.name])) {
    const name = `_${host.port}._tcp.${base}`;
    const { answer, dnssec, ttl } = await resolver.lookUp(name, 'TLSA');
    if (answer.kind === 'unavailable') return { kind: 'unavailable', cause: `TLSA ${name}: ${answer.cause}` };
    if (answer.kind !== 'found') {
      reasons.add(`TLSA ${name}`, 'none');
      continue;
    }
    reasons.lookup(`TLSA ${name}`, answer.records.map(formatTlsa).join(', '), { dnssec, ttl });
    if (dnssec === 'secure') return { kind: 'demand', tls: demandOf(host, base, answer.records) };
    reasons.add(`TLSA ${name}`, 'ignored: anybody could have written it');
  }
  return { kind: 'none' };
}

/** Records of which none can be used still demand TLS, with any certificate (section 2.2). */
function demandOf({ name, domain }: DaneHost, base: string, records: readonly TlsaRecord[]): TlsDemand {
  const usable = records.filter(isUsable);
  const policy = { type: 'tlsa', domain: domain ?? name, strings: records.map(formatTlsa), mxHosts: [name] } as const;
  return {
    level: usable.length > 0 ? 'dane' : 'encrypt',
    measure: 'at-least',
    mode: 'enforce',
    names: [...new Set([base, name, ...(domain === null ? [] : [domain])])],
    tlsa: usable,
    policy,
  };
}

const DIGEST_LENGTHS: Readonly<Record<number, number>> = { 1: 64, 2: 128 };

/** Section 3.1.3: usages 0 and 1 mean nothing here, and what we cannot compare cannot be used. */
function isUsable({ usage, selector, matchingType, data }: TlsaRecord): boolean {
  if (usage !== 2 && usage !== 3) return false;
  if (selector !== 0 && selector !== 1) return false;
  return matchingType === 0 ? data.length > 0 : DIGEST_LENGTHS[matchingType] === data.length;
}
