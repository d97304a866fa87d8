/** When a deferred recipient is tried again, and when it is given up (RFC 5321 section 4.5.4.1). Pure. */
import type { Random } from '../plugin/ports.ts';

/** All times in milliseconds. */
export interface RetryPolicy {
  /** Between the first attempt and the second. */
  readonly first: number;
  /** How much longer each wait is than the one before. */
  readonly factor: number;
  /** No wait is longer. */
  readonly longest: number;
  /** Counted from the mail's arrival. */
  readonly giveUpAfter: number;
  /** When the sender is told of the delay, counted from the mail's arrival. `null`: never. */
  readonly warnAfter: number | null;
}

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

/** Whether the mail is so late that its sender is to be told. */
export function isLate(policy: RetryPolicy, receivedAt: Date, now: Date): boolean {
  return policy.warnAfter !== null && now.getTime() - receivedAt.getTime() >= policy.warnAfter;
}
