/**
 * The sessions of one instance of the plugin: how many an address has at the same time, and those that are kept for the
 * next mail.
 *
 * Guarantees: an address never has more sessions than the limit, whether they are at work, being opened or kept; who finds
 * no room waits in line until there is some or its attempt ends. A session serves only what asks for the same in
 * everything that makes sessions differ. None outlives `close`.
 */
import type { Awaitable } from '../plugin/awaitable.ts';
import { addressName, type Clock } from '../plugin/ports.ts';
import { SmtpClient } from './client.ts';
import { type Call, dial, type Unreachable } from './dial.ts';
import { unavailable } from './outcomes.ts';
import { wantedFor, wantedKey } from './tls-wanted.ts';

/** For how long, and for how much, a session is kept. Times in milliseconds. */
export interface Reuse {
  /** Without work. */
  readonly idle: number;
  readonly transactions: number;
  /** Since it was opened. */
  readonly age: number;
}

/** What a pool may hold. */
export interface PoolLimits {
  /** Sessions with one address at the same time. */
  readonly connections: number;
  readonly reuse: Reuse | 'off';
}

/** A session on loan: to be given back, whatever became of it. */
export interface Loan {
  readonly kind: 'loan';
  readonly client: SmtpClient;
  readonly key: string;
  readonly place: Place;
  /** On the monotonic clock. */
  readonly openedAt: number;
}

/** One address and port. */
interface Place {
  readonly name: string;
  /** Sessions that are on loan, kept, or being opened. */
  taken: number;
  /** The one that was used last is at the end: it is taken first, so that those that are too many grow old. */
  readonly kept: Kept[];
  readonly waiting: Waiting[];
}

interface Kept {
  readonly loan: Loan;
  readonly until: number;
}

interface Waiting {
  readonly key: string;
  readonly want: 'any' | 'new';
  /** `room`: for a new session. */
  readonly serve: (got: Loan | 'room') => void;
}

export class Pool {
  readonly #limits: PoolLimits;
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();
  readonly #end = new AbortController();
  #sweeps = false;

  constructor(limits: PoolLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /**
   * A session for this call: one that was kept, or a new one. `new`: one that was kept has turned out to be closed, and
   * the others may be too.
   */
  take(call: Call, want: 'any' | 'new'): Awaitable<Loan | Unreachable> {
    const place = this.#placeOf(call);
    const key = keyOf(call);
    const kept = want === 'any' ? takeKept(place, key) : null;
    return kept ?? this.#wait(call, want, place, key);
  }

  async #wait(call: Call, want: 'any' | 'new', place: Place, key: string): Promise<Loan | Unreachable> {
    const got = this.#hasRoom(place) ? 'room' : await waitForTurn(place, { key, want }, call.caller.signal);
    if (got === 'gone') return { kind: 'unreachable', outcome: unavailable('4.4.1', ALL_BUSY, call.target.remote) };
    return got === 'room' ? this.#open(call, place, key) : got;
  }

  /** Takes a session back: the next one in line gets it, or it is kept, or closed. */
  giveBack(loan: Loan): void {
    const { place } = loan;
    const next = place.waiting[0];
    if (!this.#isUsable(loan)) this.#dismiss(loan);
    else if (next === undefined) this.#keep(loan);
    else if (next.key !== loan.key || next.want === 'new') this.#dismiss(loan);
    else {
      place.waiting.shift();
      next.serve(loan);
    }
  }

  /** Says goodbye to all that are kept, and keeps no others. */
  close(): void {
    this.#end.abort();
    for (const place of this.#places.values()) for (const { loan } of place.kept.splice(0)) this.#dismiss(loan);
  }

  #placeOf({ target }: Call): Place {
    const name = addressName(target.at);
    const place = this.#places.get(name) ?? { name, taken: 0, kept: [], waiting: [] };
    if (place.taken === 0) this.#places.set(name, place);
    return place;
  }

  /** Takes room where there is some. Where there is none, a session that is kept for others makes some by and by. */
  #hasRoom(place: Place): boolean {
    if (place.taken < this.#limits.connections) {
      place.taken += 1;
      return true;
    }
    const oldest = place.kept.shift();
    if (oldest !== undefined) this.#dismiss(oldest.loan);
    return false;
  }

  async #open(call: Call, place: Place, key: string): Promise<Loan | Unreachable> {
    const client = await dial(call).catch((error: unknown) => {
      this.#leave(place);
      throw error;
    });
    if (!(client instanceof SmtpClient)) {
      this.#leave(place);
      return client;
    }
    return { kind: 'loan', client, key, place, openedAt: this.#clock.monotonic() };
  }

  #isUsable({ client, openedAt }: Loan): boolean {
    const { reuse } = this.#limits;
    if (reuse === 'off' || this.#end.signal.aborted || !client.isSound) return false;
    const mostTransactions = Math.min(reuse.transactions, client.extensions.limit('MAILMAX'));
    return client.transactions < mostTransactions && this.#clock.monotonic() - openedAt < reuse.age;
  }

  #keep(loan: Loan): void {
    const { reuse } = this.#limits;
    if (reuse === 'off') return;
    const { place, client } = loan;
    const kept = { loan, until: this.#clock.monotonic() + reuse.idle };
    place.kept.push(kept);
    client.onceEnded(() => {
      place.kept.splice(place.kept.indexOf(kept), 1);
      this.#dismiss(loan);
    });
    if (!this.#sweeps) void this.#sweep(reuse.idle);
  }

  /** Closes a session that is neither at work nor kept any more. Until it is closed it takes its room. */
  #dismiss({ client, place }: Loan): void {
    client.onceEnded(null);
    client.quit();
    client.onceClosed(() => this.#leave(place));
  }

  /** A session has gone: who waits gets its room. */
  #leave(place: Place): void {
    const next = place.waiting.shift();
    if (next !== undefined) return next.serve('room');
    place.taken -= 1;
    if (place.taken === 0) this.#places.delete(place.name);
  }

  /** Closes in time what nobody has wanted, with one sleeper for all. */
  async #sweep(first: number): Promise<void> {
    this.#sweeps = true;
    try {
      for (let wait = first; wait !== Number.POSITIVE_INFINITY; wait = this.#closeOverdue()) {
        await this.#clock.sleep(wait, this.#end.signal);
      }
    } catch {
      // The pool was closed.
    } finally {
      this.#sweeps = false;
    }
  }

  /** @returns in how many milliseconds the next one is overdue */
  #closeOverdue(): number {
    const now = this.#clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const place of this.#places.values()) {
      while (place.kept[0] !== undefined && place.kept[0].until <= now)
        this.#dismiss((place.kept.shift() as Kept).loan);
      next = Math.min(next, place.kept[0]?.until ?? next);
    }
    return next - now;
  }
}

const ALL_BUSY = 'All connections that we open to this host at the same time were busy';

/**
 * All that makes sessions differ, so that a mail gets the session that would have been opened for it: whom the certificate
 * must name, how far TLS is insisted on, who we say that we are, and what is spoken.
 */
function keyOf({ target, policy }: Call): string {
  const { tls, hello, auth, protocol } = policy;
  const { host } = target;
  const wanted = wantedKey(wantedFor(host, policy), host);
  return `${host.name}\n${tls}\n${wanted}\n${protocol}\n${hello}\n${auth?.user ?? ''}`;
}

function takeKept({ kept }: Place, key: string): Loan | null {
  const at = kept.findLastIndex(({ loan }) => loan.key === key);
  if (at === -1) return null;
  const [found] = kept.splice(at, 1);
  if (found === undefined) return null;
  found.loan.client.onceEnded(null);
  return found.loan;
}

/** `gone`: the attempt ended before it was its turn. */
function waitForTurn(
  place: Place,
  asked: Pick<Waiting, 'key' | 'want'>,
  signal: AbortSignal,
): Promise<Loan | 'room' | 'gone'> {
  if (signal.aborted) return Promise.resolve('gone');
  return new Promise(resolve => {
    const serve = (got: Loan | 'room') => {
      signal.removeEventListener('abort', abort);
      resolve(got);
    };
    const waiting: Waiting = { ...asked, serve };
    const abort = () => {
      place.waiting.splice(place.waiting.indexOf(waiting), 1);
      resolve('gone');
    };
    place.waiting.push(waiting);
    signal.addEventListener('abort', abort, { once: true });
  });
}
