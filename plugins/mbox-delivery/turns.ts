/**
 * Lets the mails of this process that are for one mailbox take turns, and go together where they wait together.
 *
 * The dot-lock keeps other processes out; this keeps us from polling for ourselves, and pays once for the lock and for the
 * disk what waits at the same time. Other programs poll, and one that looks once a second must find the mailbox free at
 * times: after each turn it is left alone for half as long as it was locked, while more of ours waits.
 */
import type { Clock } from '../../core/index.ts';
import { Refused, type Trouble, troubleOf } from './trouble.ts';
import type { Unfinished } from './unfinished.ts';
import type { Written } from './writing.ts';

/** Between two looks at a lock that somebody else holds. In milliseconds. */
const POLL = 100;
/** The longest time for which a mailbox is left alone, in milliseconds. */
const LONGEST_REST = 1000;
const NEVER = new AbortController().signal;

/** One who waits for a mailbox. */
export interface Waiting {
  /** How long to wait for somebody else's lock: on the monotonic clock, in milliseconds. */
  readonly until: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Called once: with what kept it out, or with `null` when it is on the disk. */
  settle(trouble: Trouble | null): void;
}

/** A turn: how many of the line it is for, from the front, and what is done with them. */
export interface Turn {
  readonly count: number;
  write(unfinished: Unfinished | null): Promise<Written>;
}

/** A line for each mailbox. */
export class Turns<W extends Waiting> {
  readonly #turnOf: (line: readonly W[], first: W) => Turn;
  readonly #lines = new Map<string, W[]>();

  /** `turnOf` says who of a line goes next: the first, and who goes with it. */
  constructor(turnOf: (line: readonly W[], first: W) => Turn) {
    this.#turnOf = turnOf;
  }

  /** Gets in line for a mailbox. */
  wait(mailbox: string, one: W): void {
    const line = this.#lines.get(mailbox);
    if (line !== undefined) {
      line.push(one);
      return;
    }
    const begun = [one];
    this.#lines.set(mailbox, begun);
    void this.#serve(mailbox, begun);
  }

  async #serve(mailbox: string, line: W[]): Promise<void> {
    let unfinished: Unfinished | null = null;
    for (;;) {
      letGo(line, ({ signal }) => (signal.aborted ? troubleOf(signal.reason) : null));
      const [first] = line;
      if (first === undefined) break;
      const turn = this.#turnOf(line, first);
      const written: Written = await turn.write(unfinished).catch((error: unknown) => failed(turn, error));
      if (written.kind === 'locked') {
        ({ unfinished } = written);
        letGo(line, ({ until, clock }) => (clock.monotonic() >= until ? lockedFor(mailbox) : null));
        if (line.length > 0) await pause(POLL, first.clock, AbortSignal.any(line.map(({ signal }) => signal)));
      } else {
        unfinished = null;
        for (const [index, one] of line.splice(0, turn.count).entries()) one.settle(written.troubles[index] ?? null);
        const rest = Math.min(written.held / 2, LONGEST_REST);
        if (line.length > 0 && rest > 0) await pause(rest, first.clock, NEVER);
      }
    }
    this.#lines.delete(mailbox);
  }
}

/** Takes those out of the line who are told why. */
function letGo<W extends Waiting>(line: W[], why: (one: W) => Trouble | null): void {
  for (let index = 0; index < line.length; ) {
    const one = line[index];
    const trouble = one === undefined ? null : why(one);
    if (trouble === null) index += 1;
    else line.splice(index, 1)[0]?.settle(trouble);
  }
}

function lockedFor(mailbox: string): Trouble {
  const reply = { code: 450, status: '4.2.0', text: 'Mailbox is locked, try again later' } as const;
  return troubleOf(new Refused(reply, `another program holds ${mailbox}.lock`));
}

function failed({ count }: Turn, error: unknown): Written {
  return { kind: 'ended', troubles: Array<Trouble>(count).fill(troubleOf(error)), held: 0, notes: [] };
}

/** Who is told to stop while it lasts goes on at once. */
async function pause(milliseconds: number, clock: Clock, signal: AbortSignal): Promise<void> {
  await clock.sleep(milliseconds, signal).catch(() => undefined);
}
