/**
 * The dot-lock of a mailbox: `ann.lock` beside `ann`, made by whoever writes (Node has neither flock nor fcntl locks).
 *
 * The lock file says who holds it, as `pid:machine`, and what that process is about to append. What the holder of a
 * broken lock left half done is undone before anything else happens to the mailbox.
 */
import { type Clock, errnoOf, Failure, type FileFacts, type Files, type Log, type OpenFile } from '../../core/index.ts';
import { breakIfStale, machineName, signatureOn } from './stale-lock.ts';
import { formatUnfinished, type Unfinished, undo } from './unfinished.ts';

/** Between two looks at a lock that somebody else holds. In milliseconds. */
const POLL = 100;

/** A lock that we hold. */
export interface DotLock {
  /** The user id that files of ours belong to. */
  readonly owner: number;
  /** Writes down what is about to be appended, so that a successor can undo it. */
  begin(append: Unfinished): Promise<void>;
  /** Nothing is to be undone any more. */
  complete(): Promise<void>;
  /** Keeps the lock file when the lock is given back: the mailbox is not whole until a successor has undone the append. */
  leave(): void;
}

/** How long to wait for a lock. */
export interface Patience {
  /** On the monotonic clock, in milliseconds. */
  readonly until: number;
  readonly signal: AbortSignal;
  /** That of the delivery: its lines tell which mail they are about. */
  readonly log: Log;
}

/** A lock file that is ours, open. */
class HeldLock implements DotLock {
  readonly path: string;
  readonly file: OpenFile;
  readonly facts: FileFacts;
  /** Where the signature ends. */
  readonly #start: number;
  #left = false;

  constructor(path: string, file: OpenFile, facts: FileFacts) {
    this.path = path;
    this.file = file;
    this.facts = facts;
    this.#start = facts.size;
  }

  get owner(): number {
    return this.facts.owner;
  }

  get left(): boolean {
    return this.#left;
  }

  begin(append: Unfinished): Promise<void> {
    return this.file.write(Buffer.from(`${formatUnfinished(append)}\n`), this.#start);
  }

  complete(): Promise<void> {
    return this.file.truncate(this.#start);
  }

  leave(): void {
    this.#left = true;
  }
}

/** Takes and gives back dot-locks for this process. One delivery at a time may ask for a mailbox. */
export class DotLocks {
  readonly #files: Files;
  readonly #clock: Clock;
  #signature: string | null = null;

  constructor(services: { readonly files: Files; readonly clock: Clock }) {
    this.#files = services.files;
    this.#clock = services.clock;
  }

  /**
   * Locks a mailbox, does the work, and gives the lock back.
   * @throws Failure 4.2.0 where somebody else holds the lock for too long
   */
  async hold<T>(mailbox: string, patience: Patience, work: (lock: DotLock) => Promise<T>): Promise<T> {
    const held = await this.#acquire(mailbox, patience);
    try {
      return await work(held);
    } finally {
      await this.#giveBack(held, patience.log);
    }
  }

  async #acquire(mailbox: string, { until, signal, log }: Patience): Promise<HeldLock> {
    const path = `${mailbox}.lock`;
    this.#signature ??= signatureOn(await machineName(this.#files));
    let unfinished: Unfinished | null = null;
    for (;;) {
      signal.throwIfAborted();
      const held = await this.#take(path, this.#signature);
      if (held !== null) {
        if (unfinished !== null) await this.#recover(mailbox, held, { unfinished, log });
        return held;
      }
      const looked = await breakIfStale(path, this.#signature, { files: this.#files, clock: this.#clock });
      unfinished = looked.unfinished ?? unfinished;
      if (looked.kind === 'broken') log.warn('unlocked', { lock: path, reason: looked.reason });
      if (looked.kind !== 'held') continue;
      if (this.#clock.monotonic() >= until) {
        const reply = { code: 450, status: '4.2.0', text: 'Mailbox is locked, try again later' } as const;
        throw new Failure(reply, `another program holds ${path}`);
      }
      await this.#clock.sleep(POLL, signal);
    }
  }

  /**
   * Makes the lock file, or gives `null` where there is one. It is written under another name and then gets its own: a
   * process that is killed in between must not leave a lock that says nothing, which only its age would break.
   */
  async #take(path: string, signature: string): Promise<HeldLock | null> {
    if ((await this.#files.facts(path)) !== null) return null;
    const beside = `${path}.new.${process.pid}`;
    const file = await this.#openAnew(beside);
    let linked = false;
    try {
      await file.write(Buffer.from(signature), 0);
      linked = await this.#link(beside, path);
      await this.#files.remove(beside);
      if (linked) return new HeldLock(path, file, await file.facts());
    } catch (error) {
      await file.close();
      if (linked) await this.#files.remove(path);
      throw error;
    }
    await file.close();
    return null;
  }

  /** What is there under this name was left by a predecessor with our process id. */
  async #openAnew(path: string): Promise<OpenFile> {
    try {
      return await this.#files.open(path, 'create', 0o644);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      await this.#files.remove(path);
      return this.#files.open(path, 'create', 0o644);
    }
  }

  /** `false` where the name is taken. */
  async #link(from: string, to: string): Promise<boolean> {
    try {
      await this.#files.link(from, to);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  /** Undoes, under our own lock, what the holder of a broken one left half done. */
  async #recover(
    mailbox: string,
    held: HeldLock,
    { unfinished, log }: { readonly unfinished: Unfinished; readonly log: Log },
  ): Promise<void> {
    try {
      await held.begin(unfinished);
      const done = await undo(mailbox, unfinished, this.#files);
      await held.complete();
      log.warn('recovered', { mailbox, halfMail: done === 'undone' ? 'taken off' : 'none of ours' });
    } catch (error) {
      held.leave();
      await this.#giveBack(held, log);
      throw error;
    }
  }

  /** Never rejects: a lock file that stays is broken by the next delivery, for it bears our signature. */
  async #giveBack({ path, file, facts, left }: HeldLock, log: Log): Promise<void> {
    try {
      await file.close();
      if (left) return;
      const named = await this.#files.facts(path);
      if (named?.identity === facts.identity) await this.#files.remove(path);
      else log.warn('lost', { lock: path, reason: 'another program broke it' });
    } catch (error) {
      log.warn('left', { lock: path, reason: String(error) });
    }
  }
}
