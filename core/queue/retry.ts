/** Follows a retry policy: when the next attempt is, and when there is none any more. Pure. */
import type { RetryPolicy } from '../mail/retry-policy.ts';
import type { Random } from '../plugin/ports.ts';

/** An attempt that failed for now. */
export interface FailedAttempt {
  readonly receivedAt: Date;
  readonly now: Date;
  /** How many attempts were made, this one included. */
  readonly attempts: number;
}

export type Retry = { readonly kind: 'again'; readonly nextAttempt: Date } | { readonly kind: 'give-up' };

/** Waits are cut by up to one part in so many, so that what failed together does not come back together. */
const JITTER = 10;

/** What follows a failed attempt. The last attempt falls on the moment of giving up, never long before it. */
export function retryAfter(policy: RetryPolicy, { receivedAt, now, attempts }: FailedAttempt, random: Random): Retry {
  const end = giveUpAt(policy, receivedAt).getTime();
  if (now.getTime() >= end) return { kind: 'give-up' };
  const full = Math.min(policy.first * policy.factor ** (attempts - 1), policy.longest);
  const wait = full - random.below(Math.floor(full / JITTER) + 1);
  return { kind: 'again', nextAttempt: new Date(Math.min(now.getTime() + wait, end)) };
}

/** The moment after which no attempt is made. */
export function giveUpAt(policy: RetryPolicy, receivedAt: Date): Date {
  return new Date(receivedAt.getTime() + policy.giveUpAfter);
}

/** The moment from which on the sender is told that the mail is late, or `null`. */
export function warnAt(policy: RetryPolicy, receivedAt: Date): Date | null {
  return policy.warnAfter === null ? null : new Date(receivedAt.getTime() + policy.warnAfter);
}
