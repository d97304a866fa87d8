/** The limits of one listener, as plain values: octets, milliseconds, counts. `null`: no limit. */

/** What one client, or one network, may have or do. */
export interface CrowdLimits {
  /** At the same time. */
  readonly connections: number | null;
  /** Begun in one window. */
  readonly newConnections: number | null;
  /** MAIL commands in one window. */
  readonly mails: number | null;
  /** RCPT commands in one window. */
  readonly recipients: number | null;
}

export interface Limits {
  /** Clients at the same time, all together. */
  readonly connections: number;
  /** A client is an IPv4 address, or the /64 of an IPv6 address: that is what one customer gets. */
  readonly perClient: CrowdLimits;
  /** A network is a /24 of IPv4, or a /48 of IPv6. */
  readonly perNetwork: CrowdLimits;
  /** Of `perClient` and `perNetwork`. */
  readonly window: number;
  /** Clients to whom neither applies: addresses and CIDR ranges. */
  readonly exempt: readonly string[];
  /** Accepted RCPT commands of one transaction (RFC 5321 section 4.5.3.1.8). */
  readonly recipients: number;
  /** Transactions of one session. Offered as MAILMAX (RFC 9422). */
  readonly transactions: number;
  /** Commands that bring no mail along, such as NOOP and RSET, between two accepted mails. */
  readonly commands: number;
  /** Refused commands between two accepted mails. */
  readonly errors: number;
  /** Commands that nobody knows. */
  readonly unknownCommands: number;
  readonly failedLogins: number;
  /** The longest command line, in octets, without its line end. */
  readonly commandLine: number;
  /** The longest line of content, in octets, without its line end (RFC 5321 section 4.5.3.1.6 promises 998). */
  readonly contentLine: number | null;
  /** The largest header section, in octets. */
  readonly header: number;
  /** Received fields: more are a loop (RFC 5321 section 6.3). */
  readonly hops: number;
  /** How long a client may say nothing at all when it is its turn. */
  readonly idle: number;
  /** How long a client may take for one whole command. */
  readonly command: number;
  /** How long a session may last. */
  readonly session: number;
  /** How long a client must keep quiet before it is greeted. */
  readonly greetingPause: number;
  /** The least octets a second, on average, at which content must come in. */
  readonly contentRate: number | null;
}
