/** Recipients, as many as one transaction may have (RFC 5321 section 4.5.3.1.8, RFC 9422). */
import type { Recipient } from '../mail/envelope.ts';

/** What one transaction may have. */
export interface BatchLimits {
  readonly recipients: number;
  /** Different domains. */
  readonly domains: number;
}

/** The first of them, in their order: one at least, where there is one. */
export function firstBatch(waiting: readonly Recipient[], limits: BatchLimits): readonly Recipient[] {
  const most = Math.min(waiting.length, limits.recipients);
  if (limits.domains === Number.POSITIVE_INFINITY) return waiting.slice(0, most);
  const domains = new Set<string>();
  for (let count = 0; count < most; count += 1) {
    domains.add(waiting[count]?.forwardPath.domain ?? '');
    if (domains.size > limits.domains) return waiting.slice(0, count);
  }
  return waiting.slice(0, most);
}
