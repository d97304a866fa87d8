/** How far TLS is insisted on with one host: what the transport says, what the route or a policy says, the mail's own word. */
import type { Host } from '../mail/route.ts';
import type { PublishedPolicy, TlsaRecord, TlsDemand } from '../mail/tls-demand.ts';
import type { Policy } from './dial.ts';

/** What the transport says of itself. */
export type TlsOption = 'off' | 'opportunistic' | 'required' | 'verified';

/**
 * What holds for one session. `dane`: with a certificate that the TLSA records name (RFC 7672). The stricter one comes
 * later.
 */
export type TlsLevel = TlsOption | 'dane';

export interface TlsWanted {
  readonly level: TlsLevel;
  /** One of them must be the certificate's; the first is asked for by SNI. */
  readonly names: readonly string[];
  readonly tlsa: readonly TlsaRecord[];
  /** The policy for whose owner it is counted, and whether it is only that (RFC 8461 section 5). */
  readonly counted: { readonly policy: PublishedPolicy; readonly mode: TlsDemand['mode'] } | null;
}

const STRICTNESS: readonly TlsLevel[] = ['off', 'opportunistic', 'required', 'verified', 'dane'];
const LEVELS = {
  none: 'off',
  may: 'opportunistic',
  encrypt: 'required',
  verify: 'verified',
  dane: 'dane',
} as const satisfies Record<TlsDemand['level'], TlsLevel>;

/** What holds for a host. A password never goes along with less TLS than the transport demands. */
export function wantedFor({ name, tls }: Host, policy: Policy): TlsWanted {
  // RFC 8689: whoever requires TLS on the whole way wants it verified; whoever does without ignores every policy.
  const least = policy.tls === 'requiretls' ? 'verified' : policy.tls;
  const plain = { level: least, names: [name], tlsa: [], counted: null } as const;
  if (tls === undefined || policy.demands === 'ignored') return plain;
  const { mode, names, tlsa, measure } = tls;
  const counted = tls.policy === null ? null : { policy: tls.policy, mode };
  if (mode === 'testing') return { ...plain, counted };
  const asked = LEVELS[tls.level];
  const exactly = measure === 'exactly' && policy.auth === null && policy.tls !== 'requiretls';
  const level = exactly ? asked : stricter(asked, least);
  return { level, names: names.length > 0 ? names : [name], tlsa, counted };
}

function stricter(one: TlsLevel, other: TlsLevel): TlsLevel {
  return STRICTNESS.indexOf(one) > STRICTNESS.indexOf(other) ? one : other;
}

/** All that makes sessions with a host of this name differ. */
export function wantedKey({ level, names, tlsa }: TlsWanted, { name }: Pick<Host, 'name'>): string {
  if (names.length === 1 && names[0] === name && tlsa.length === 0) return level;
  return JSON.stringify([level, names, tlsa]);
}
