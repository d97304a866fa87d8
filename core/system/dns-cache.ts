/**
 * What DNS said lately, as long as its owners let it be kept (RFC 1035 section 3.2.1, RFC 2308): "there is none" too.
 *
 * Guarantee: never more than `MOST` answers; what was not asked for the longest goes first.
 */
import type { DnsLookup } from '../plugin/dns.ts';
import type { Clock } from '../plugin/ports.ts';

const MOST = 20_000;
/** In milliseconds. */
const LONGEST_POSITIVE = 24 * 3_600_000;
/** RFC 2308 section 5: one to three hours. */
const LONGEST_NEGATIVE = 3 * 3_600_000;
/** That nobody could say is kept just long enough to spare a server that is down (RFC 9520 section 3.2). */
const FAILURE = 1000;

export class DnsCache {
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly lookup: DnsLookup<unknown>; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): DnsLookup<unknown> | null {
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    const left = kept.until - this.#clock.monotonic();
    this.#kept.delete(key);
    if (left <= 0) return null;
    this.#kept.set(key, kept);
    return { ...kept.lookup, ttl: left };
  }

  put(key: string, lookup: DnsLookup<unknown>): void {
    const time = Math.min(lookup.ttl, longest(lookup));
    if (time <= 0) return;
    this.#kept.set(key, { lookup, until: this.#clock.monotonic() + time });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST) break;
      this.#kept.delete(oldest);
    }
  }
}

/** How long an answer of its kind may be kept, and how long a failure is. */
export function longest({ answer }: DnsLookup<unknown>): number {
  if (answer.kind === 'unavailable') return FAILURE;
  return answer.kind === 'found' ? LONGEST_POSITIVE : LONGEST_NEGATIVE;
}
