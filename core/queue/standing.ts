/**
 * Who stands before whom among mail of one destination: whoever sends little before whoever sends much, and personal mail
 * before bulk.
 *
 * Each sender's recipients are counted, and the count halves with each minute. The more it is, the lower its new mail
 * stands; by waiting it rises (`precedence.ts`), so nobody waits for ever. Nothing is refused here: without others in the
 * queue it makes no difference.
 */
import type { Mail } from '../mail/mail.ts';
import { formatPath } from '../mail/path.ts';
import type { Nature } from '../mime/nature.ts';
import type { Clock } from '../plugin/ports.ts';

/** In milliseconds. */
const HALF_LIFE = 60_000;
/** So many recipients in a while cost no step; twice as many cost one, and so on. */
const UNREMARKABLE = 32;
const MOST_STEPS = 9;
const BULK_STEPS = 2;
/** Senders that are remembered. */
const MEMORY = 10_000;

interface Count {
  value: number;
  at: number;
}

export class Standing {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Count>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** By how much the priority of a new mail is lowered. Counts it. */
  stepsFor({ envelope, session }: Mail, nature: Nature): number {
    // Notifications have no sender who could be held to anything.
    if (envelope.reversePath === null) return 0;
    const count = this.#count(session.user ?? formatPath(envelope.reversePath), envelope.recipients.length);
    const much = count < UNREMARKABLE ? 0 : Math.floor(Math.log2(count / UNREMARKABLE));
    return Math.min(MOST_STEPS, much + (nature === 'bulk' ? BULK_STEPS : 0));
  }

  #count(sender: string, more: number): number {
    const now = this.#clock.monotonic();
    const known = this.#counts.get(sender);
    const left = known === undefined ? 0 : known.value * 2 ** ((known.at - now) / HALF_LIFE);
    // Put last, so that the first is the one that was silent the longest.
    this.#counts.delete(sender);
    this.#counts.set(sender, { value: left + more, at: now });
    if (this.#counts.size > MEMORY) {
      const [oldest] = this.#counts.keys();
      if (oldest !== undefined) this.#counts.delete(oldest);
    }
    return left + more;
  }
}
