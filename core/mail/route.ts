/** Where the mail of one recipient goes next: by which transport, to which hosts. */
import type { Condition } from './condition.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { RouteTls, TlsDemand } from './tls-demand.ts';

/** A machine that may take the mail. */
export interface Host {
  /** A domain name, or an IP address without brackets. TLS certificates are checked against it. */
  readonly name: string;
  readonly port: number;
  /** IP addresses in the order to try. Empty: the transport looks them up. */
  readonly addresses: readonly string[];
  /** As in MX: lower is tried first. */
  readonly preference: number;
  /** Of hosts with the same preference, one with weight 3 is tried first three times as often as one with 1. 1 without it. */
  readonly weight?: number;
  /** Without it: as the transport has it. */
  readonly tls?: TlsDemand;
}

/** A complete route. */
export interface Route {
  /** The id of a plugin that answers `deliver`. */
  readonly transport: string;
  /** In the order to try. Empty for a transport that delivers here. */
  readonly hosts: readonly Host[];
}

/** Where a matching route leads. */
export interface RouteChoice {
  readonly transport: string;
  /** Those of the same preference share the load. `null`: the transport needs none, or a `route` plugin finds them. */
  readonly hosts: readonly Host[] | null;
  /** The domain whose hosts are to be found. Without it: that of the recipient. */
  readonly exchangersOf?: string;
  /** Without it: as DANE, MTA-STS and the transport have it. */
  readonly tls?: RouteTls;
}

/** A route by address: see `findInMap`. */
export interface RouteMap {
  readonly by: 'recipient' | 'sender';
  readonly entries: ReadonlyMap<string, RouteChoice>;
}

/** One entry of `routes:`. The first that matches decides: its condition holds, and its map, if it has one, knows the address. */
export interface RouteRule extends RouteChoice {
  readonly when: Condition | null;
  /** What its entries say goes before what the rule itself says. */
  readonly map?: RouteMap;
  /** `null`: as the queue has it. */
  readonly retry: RetryPolicy | null;
}

/** One thing that led to a route, or away from one, for a person who wonders. */
export interface RouteReason {
  /** What was looked at: `MX example.test`, `MTA-STS example.test`. */
  readonly about: string;
  readonly text: string;
}
