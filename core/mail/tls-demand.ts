/** What TLS a host must speak before it gets mail, and who says so: the configuration, DANE (RFC 7672) or MTA-STS (RFC 8461). */

/**
 * How far TLS is insisted on, as a configuration says it. `none`: never; `may`: where it works; `encrypt`: any certificate;
 * `verify`: a trusted certificate for the name; `dane`: one that DNSSEC vouches for; `sts`: one that the policy of the
 * domain vouches for.
 */
export const TLS_LEVELS = ['none', 'may', 'encrypt', 'verify', 'dane', 'sts'] as const;

export type TlsLevel = (typeof TLS_LEVELS)[number];

/** What a route says of TLS. */
export interface RouteTls {
  readonly level: TlsLevel;
  /** For `verify`: the certificate must be for one of them; `.example.test` for its subdomains. Empty: the host's own name. */
  readonly names: readonly string[];
}

/** A TLSA record (RFC 6698 section 2.1). */
export interface TlsaRecord {
  /** 2: a certification authority (DANE-TA), 3: the certificate of the host itself (DANE-EE). Mail uses no others. */
  readonly usage: number;
  /** 0: the whole certificate, 1: its public key. */
  readonly selector: number;
  /** 0: as it is, 1: SHA-256, 2: SHA-512. */
  readonly matchingType: number;
  /** In hexadecimal, lower case. */
  readonly data: string;
}

/** Writes a record as zone files do. */
export function formatTlsa({ usage, selector, matchingType, data }: TlsaRecord): string {
  return `${usage} ${selector} ${matchingType} ${data}`;
}

/** The published policy behind a demand, as reports about it name it (RFC 8460 section 4.4). */
export interface PublishedPolicy {
  readonly type: 'tlsa' | 'sts';
  /** The domain that has published it. */
  readonly domain: string;
  /** Its lines. */
  readonly strings: readonly string[];
  /** For MTA-STS: the patterns of hosts that it names. */
  readonly mxHosts: readonly string[];
}

/** What one host must do. */
export interface TlsDemand {
  readonly level: Exclude<TlsLevel, 'sts'>;
  /** `exactly`: whatever the transport says; `at-least`: the stricter one of both. */
  readonly measure: 'exactly' | 'at-least';
  /** `testing`: what is not met is counted, and the mail goes all the same (RFC 8461 section 5). */
  readonly mode: 'enforce' | 'testing';
  /**
   * The certificate must be for one of them; `.example.test` for its subdomains. The first is asked for by SNI. Empty: the
   * host's own name.
   */
  readonly names: readonly string[];
  /** For `dane`. */
  readonly tlsa: readonly TlsaRecord[];
  readonly policy: PublishedPolicy | null;
}

/** In a few words, for people and logs: `dane (3 1 1 ab…)`. */
export function formatDemand({ level, mode, names, tlsa }: TlsDemand): string {
  const certificate = level === 'verify' && names.length > 0 ? ` for ${names.join(' or ')}` : '';
  const records = level === 'dane' ? ` by ${tlsa.map(formatTlsa).join(' or ')}` : '';
  return `${level}${certificate}${records}${mode === 'testing' ? ', only counted (testing)' : ''}`;
}
