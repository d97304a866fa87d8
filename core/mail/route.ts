/** Where the mail of one recipient goes next: by which transport, to which hosts. */
import type { Condition } from './condition.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** A machine that may take the mail. */
export interface Host {
  /** A domain name, or an IP address without brackets. TLS certificates are checked against it. */
  readonly name: string;
  readonly port: number;
  /** IP addresses in the order to try. Empty: the transport looks them up. */
  readonly addresses: readonly string[];
  /** As in MX: lower is tried first. */
  readonly preference: number;
}

/** A complete route. */
export interface Route {
  /** The id of a plugin that answers `deliver`. */
  readonly transport: string;
  /** In the order to try. Empty for a transport that delivers here. */
  readonly hosts: readonly Host[];
}

/** One entry of `routes:`. The first whose condition holds decides. */
export interface RouteRule {
  readonly when: Condition | null;
  readonly transport: string;
  /** `null`: the transport needs none, or a `route` plugin finds them. */
  readonly hosts: readonly Host[] | null;
  /** `null`: as the queue has it. */
  readonly retry: RetryPolicy | null;
}
