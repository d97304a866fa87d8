/**
 * Destinations: what mail waits for in the queue, and how much of it a destination may be asked at a time.
 *
 * The name of one is known without asking anybody: the domain of the forward-path; the next hop, as `host:port`, where the
 * route names it; the mailbox, as `local@domain`, where mail is delivered here.
 */
import { matchesAddress } from './address-pattern.ts';
import type { AddressPattern } from './condition.ts';

/** So many in so long. */
export interface Rate {
  readonly count: number;
  /** In milliseconds. */
  readonly per: number;
}

/** What one destination may be asked. */
export interface DestinationPolicy {
  /** Deliveries at the same time: at the beginning, and at the most, once it has shown that it takes more. */
  readonly concurrency: { readonly start: number; readonly most: number };
  /** Deliveries that may begin in a while. `null`: any number. */
  readonly rate: Rate | null;
  /** How long one is left alone that does not answer, in milliseconds: doubled each time, up to the longest. */
  readonly backOff: { readonly first: number; readonly longest: number };
}

/** A policy, and for whom. */
export interface DestinationRule extends DestinationPolicy {
  /** Empty: for all. */
  readonly match: readonly AddressPattern[];
}

/** What a destination may be asked of which no rule says otherwise. */
export const DEFAULT_POLICY: DestinationPolicy = {
  concurrency: { start: 5, most: 20 },
  rate: null,
  backOff: { first: 60_000, longest: 3_600_000 },
};

/** The policy for a destination: that of the first rule that matches. A next hop is matched as the domain `host`. */
export function policyFor(rules: readonly DestinationRule[], destination: string): DestinationPolicy {
  const at = destination.lastIndexOf('@');
  const path = { localPart: destination.slice(0, Math.max(at, 0)), domain: hostOf(destination.slice(at + 1)) };
  return (
    rules.find(({ match }) => match.length === 0 || match.some(one => matchesAddress(one, path))) ?? DEFAULT_POLICY
  );
}

/** Without the port of a next hop. An address literal has colons of its own, in brackets. */
function hostOf(domain: string): string {
  return domain.replace(/(?<=^[^:]+|\]):\d+$/, '');
}
