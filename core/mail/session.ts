/** Who is talking to us: one TCP conversation with a client, as plugins see it. Plain data, stored with the queued mail. */

/** The machine at the other end. */
export interface Client {
  /** IP address as text; IPv4-mapped IPv6 is written as IPv4. `0.0.0.0` where XCLIENT says that nobody knows it. */
  readonly address: string;
  readonly port: number;
  /** The name that reverse DNS gives and forward DNS confirms, or that XCLIENT tells, or `null`. */
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
  /** The client's certificate where it leads to an authority that the listener trusts, or `null`. */
  readonly certificate: ClientCertificate | null;
}

/** A client's certificate whose chain was verified. */
export interface ClientCertificate {
  /** The subject's common name, or `''`. */
  readonly commonName: string;
  /** The alternative names: `dns:client.test`, `email:ann@example.test`. */
  readonly names: readonly string[];
  /** SHA-256 of the certificate: hexadecimal, lower case. */
  readonly fingerprint: string;
}

/** What a trusted machine in front of us says about the client that it serves (XFORWARD). For logs and plugins alone. */
export interface Forwarded {
  readonly name: string | null;
  readonly address: string | null;
  readonly port: number | null;
  readonly protocol: string | null;
  readonly helo: string | null;
  /** The queue id at the machine in front of us. */
  readonly ident: string | null;
  readonly source: 'local' | 'remote' | null;
}

/**
 * One conversation. The object is replaced, never changed, when the client greets again, starts TLS or authenticates, and
 * when a trusted machine in front speaks for another client (XCLIENT).
 */
export interface Session {
  readonly id: string;
  /** The `id` of the listener in the configuration. */
  readonly listener: string;
  readonly protocol: 'smtp' | 'lmtp';
  readonly client: Client;
  readonly greeting: Greeting | null;
  readonly tls: Tls | null;
  /** Who authenticated by AUTH, or whom XCLIENT names as LOGIN, or `null`. */
  readonly user: string | null;
  readonly forwarded: Forwarded | null;
}
