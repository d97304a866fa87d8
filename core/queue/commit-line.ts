/**
 * The line before the store: so much is being committed at the same time, and who comes then waits for its turn. Back-pressure
 * in one place: where the disk cannot keep up, clients wait for their 250 and memory stays as it is.
 *
 * Guarantees: first come, first served; who has waited too long is refused, and nothing of it was committed; what the store
 * has been given is waited for, however long it takes, because only the store can say what became of it.
 */
import { Failure } from '../mail/failure.ts';
import type { TransientReply } from '../mail/reply.ts';
import type { Clock, Log } from '../plugin/ports.ts';
import type { NewMail } from '../plugin/queue-store.ts';
import { SPOOL_FROM } from './sqlite-rows.ts';

export interface CommitLineParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The most at the same time. */
  readonly most: { readonly commits: number; readonly octets: number };
  /** How long one may wait, in milliseconds. */
  readonly patience: number;
}

interface Waiting {
  readonly octets: number;
  readonly go: () => void;
}

/** What a client hears who has waited too long, or comes while others have. */
export const CANNOT_KEEP_UP: TransientReply = {
  code: 451,
  status: '4.3.2',
  text: 'The queue cannot keep up, try again later',
};

/** What a commit holds in memory. What lies in a file already is linked to, and takes none. */
export function octetsInMemory(mails: readonly NewMail[]): number {
  const contents = new Set(mails.map(({ mail }) => mail.content));
  return [...contents].reduce((sum, { file, size }) => sum + (file === undefined ? Math.min(size, SPOOL_FROM) : 0), 0);
}

const REMEDY =
  'the disk of the queue is slower than what comes in: look what else it does, or let fewer clients connect';

export class CommitLine {
  readonly #parts: CommitLineParts;
  readonly #waiting = new Set<Waiting>();
  #commits = 0;
  #octets = 0;
  /** Whether somebody was refused since the line was last empty. */
  #isBehind = false;

  constructor(parts: CommitLineParts) {
    this.#parts = parts;
  }

  /** Whether it makes no sense to bring more: somebody has waited too long, and the line is not over yet. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /**
   * Commits when it is its turn. `hasGone`: whether nobody waits for it any more; then it is not committed.
   * @throws Failure 451 where it has waited too long.
   */
  async run<T>(octets: number, commit: () => Promise<T>, hasGone: () => boolean): Promise<T> {
    if (this.#waiting.size > 0 || !this.#fits(octets)) await this.#turn(octets);
    else this.#enter(octets);
    try {
      if (hasGone()) throw new Failure(CANNOT_KEEP_UP, 'the client has gone before it was its turn');
      return await commit();
    } finally {
      this.#commits -= 1;
      this.#octets -= octets;
      this.#admit();
      if (this.#waiting.size === 0) this.#catchUp();
    }
  }

  /** One always fits, however large it is. */
  #fits(octets: number): boolean {
    const { most } = this.#parts;
    return this.#commits === 0 || (this.#commits < most.commits && this.#octets + octets <= most.octets);
  }

  #enter(octets: number): void {
    this.#commits += 1;
    this.#octets += octets;
  }

  #admit(): void {
    for (const one of this.#waiting) {
      if (!this.#fits(one.octets)) return;
      this.#waiting.delete(one);
      this.#enter(one.octets);
      one.go();
    }
  }

  async #turn(octets: number): Promise<void> {
    const { clock, patience } = this.#parts;
    const { promise: turn, resolve: go, reject } = Promise.withResolvers<void>();
    const one: Waiting = { octets, go };
    const late = () => {
      if (!this.#waiting.delete(one)) return;
      this.#fallBehind();
      reject(new Failure(CANNOT_KEEP_UP, `the store has not had room for it for ${patience / 1000} s`));
      this.#admit();
    };
    const served = new AbortController();
    this.#waiting.add(one);
    clock.sleep(patience, served.signal).then(late, () => undefined);
    try {
      await turn;
    } finally {
      served.abort();
    }
  }

  #fallBehind(): void {
    if (this.#isBehind) return;
    this.#isBehind = true;
    const [waiting, commits, octets] = [this.#waiting.size, this.#commits, this.#octets];
    this.#parts.log.warn('fallen behind', { waiting, commits, octets, remedy: REMEDY });
  }

  #catchUp(): void {
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.#parts.log.info('caught up', {});
  }
}
