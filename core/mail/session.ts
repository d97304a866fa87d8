/** Who is talking to us: one TCP conversation with a client, as plugins see it. Plain data, stored with the queued mail. */

/** The machine at the other end. */
export interface Client {
  /** IP address as text; IPv4-mapped IPv6 is written as IPv4. */
  readonly address: string;
  readonly port: number;
  /** The name that reverse DNS gives and forward DNS confirms, or `null`. */
  readonly name: string | null;
}

/** What HELO, EHLO or LHLO said (RFC 5321 section 4.1.1.1). Never proved, only claimed. */
export interface Greeting {
  readonly verb: 'HELO' | 'EHLO' | 'LHLO';
  readonly domain: string;
}

/** The TLS layer below the session. */
export interface Tls {
  /** For example `TLSv1.3`. */
  readonly version: string;
  /** The cipher suite's standard name. */
  readonly cipher: string;
  /** The name the client asked for by SNI, or `null`. */
  readonly servername: string | null;
}

/** One conversation. The object is replaced, never changed, when the client greets again, starts TLS or authenticates. */
export interface Session {
  readonly id: string;
  /** The `id` of the listener in the configuration. */
  readonly listener: string;
  readonly protocol: 'smtp' | 'lmtp';
  readonly client: Client;
  readonly greeting: Greeting | null;
  readonly tls: Tls | null;
  /** Who authenticated by AUTH, or `null`. */
  readonly user: string | null;
}
