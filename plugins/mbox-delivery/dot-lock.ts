/**
 * The dot-lock of a mailbox: `ann.lock` beside `ann`, made by whoever writes (Node has neither flock nor fcntl locks).
 *
 * The lock file says who holds it, as `pid:machine`, and what that process is about to append. What the holder of a
 * broken lock left half done is undone before anything else happens to the mailbox.
 */
import { dirname } from 'node:path';
import type { Clock, Files } from '../../core/index.ts';
import { type LockFile, LockFiles } from './lock-file.ts';
import { breakIfStale, machineName, signatureOn } from './stale-lock.ts';
import { codeOf } from './trouble.ts';
import { formatUnfinished, type Unfinished, undo } from './unfinished.ts';
import type { Note } from './writing.ts';

/** The lock file of a writer may lose its name to somebody who tidies up, but not again and again. */
const MOST_TRIES = 3;

/** A lock that we hold. */
export class DotLock {
  readonly path: string;
  readonly lockFile: LockFile;
  #left = false;
  #clean = true;

  constructor(path: string, lockFile: LockFile) {
    this.path = path;
    this.lockFile = lockFile;
  }

  /** The user id that files of ours belong to. */
  get owner(): number {
    return this.lockFile.owner;
  }

  /** Whether the lock file stays when the lock is given back. */
  get left(): boolean {
    return this.#left;
  }

  /** Whether the lock file says nothing but who holds it. */
  get clean(): boolean {
    return this.#clean;
  }

  /** Writes down what is about to be appended, so that a successor can undo it. */
  async begin(append: Unfinished): Promise<void> {
    this.#clean = false;
    await this.lockFile.file.write(Buffer.from(`${formatUnfinished(append)}\n`), this.lockFile.start);
  }

  /** Nothing is to be undone any more. */
  async complete(): Promise<void> {
    await this.lockFile.file.truncate(this.lockFile.start);
    this.#clean = true;
  }

  /** The lock file stays: the mailbox is not whole until a successor has undone the append. */
  leave(): void {
    this.#left = true;
  }
}

/** What came of asking for a lock. */
export type Taken =
  | { readonly kind: 'held'; readonly lock: DotLock }
  /** By somebody else. `unfinished`: what is to be undone by whoever of us gets the lock. */
  | { readonly kind: 'locked'; readonly unfinished: Unfinished | null };

/** What the locks of a writer need. */
export interface LockParts {
  readonly files: Files;
  readonly clock: Pick<Clock, 'now'>;
  readonly note: (note: Note) => void;
}

/** Takes and gives back dot-locks for this process. For each mailbox one caller at a time. */
export class DotLocks {
  readonly #files: Files;
  readonly #lockFiles: LockFiles;
  #signature: string | null = null;

  /** As for `LockFiles`. */
  constructor(files: Files, place: { readonly slot: number; readonly kept: number }) {
    this.#files = files;
    this.#lockFiles = new LockFiles(files, place);
  }

  /**
   * Locks a mailbox, unless somebody else holds the lock by right.
   * @throws ENOENT where the folder is missing
   */
  async take(mailbox: string, unfinished: Unfinished | null, parts: LockParts): Promise<Taken> {
    const path = `${mailbox}.lock`;
    this.#signature ??= signatureOn(await machineName(this.#files));
    let toUndo = unfinished;
    for (;;) {
      const lock = await this.#make(path, this.#signature);
      if (lock !== null) {
        if (toUndo !== null) await this.#recover(mailbox, lock, { unfinished: toUndo, note: parts.note });
        return { kind: 'held', lock };
      }
      const looked = await breakIfStale(path, this.#signature, parts);
      toUndo = looked.unfinished ?? toUndo;
      if (looked.kind === 'broken') parts.note({ event: 'unlocked', fields: { lock: path, reason: looked.reason } });
      if (looked.kind === 'held') return { kind: 'locked', unfinished: toUndo };
    }
  }

  /** Never rejects: a lock file that stays is broken by the next order, for it bears our signature. */
  async giveBack({ path, lockFile, left, clean }: DotLock, note: LockParts['note']): Promise<void> {
    try {
      if (left) return await this.#lockFiles.discard(lockFile);
      const named = await this.#files.facts(path);
      if (named?.identity !== lockFile.identity) {
        note({ event: 'lost', fields: { lock: path, reason: 'another program broke it' } });
        return await this.#lockFiles.discard(lockFile);
      }
      await this.#files.remove(path);
      // The next lock must not say what this one was about.
      await (clean ? this.#lockFiles.giveBack(lockFile) : this.#lockFiles.discard(lockFile));
    } catch (error) {
      note({ event: 'left', fields: { lock: path, reason: String(error) } });
      await this.#lockFiles.discard(lockFile);
    }
  }

  /** Removes the files that are kept for the next lock. */
  rest(): Promise<void> {
    return this.#lockFiles.rest();
  }

  /** Makes the lock, or gives `null` where there is one. */
  async #make(path: string, signature: string): Promise<DotLock | null> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const lockFile = await this.#lockFiles.take(dirname(path), signature);
      try {
        const linked = await this.#link(lockFile, path);
        if (linked === 'linked') return new DotLock(path, lockFile);
        if (linked === 'taken') {
          await this.#lockFiles.giveBack(lockFile);
          return null;
        }
      } catch (error) {
        await this.#lockFiles.discard(lockFile);
        throw error;
      }
      await this.#lockFiles.discard(lockFile);
    }
    throw new Error(`somebody removes or replaces what is to become ${path}`);
  }

  /** `nameless`: somebody has removed the name that the lock file had. */
  async #link({ path: ours }: LockFile, path: string): Promise<'linked' | 'taken' | 'nameless'> {
    try {
      await this.#files.link(ours, path);
      return 'linked';
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return 'taken';
      if (codeOf(error) === 'ENOENT') return 'nameless';
      throw error;
    }
  }

  /** Undoes, under our own lock, what the holder of a broken one left half done. */
  async #recover(
    mailbox: string,
    lock: DotLock,
    { unfinished, note }: { readonly unfinished: Unfinished; readonly note: LockParts['note'] },
  ): Promise<void> {
    try {
      await lock.begin(unfinished);
      const done = await undo(mailbox, unfinished, this.#files);
      await lock.complete();
      note({ event: 'recovered', fields: { mailbox, halfMail: done === 'undone' ? 'taken off' : 'none of ours' } });
    } catch (error) {
      lock.leave();
      await this.giveBack(lock, note);
      throw error;
    }
  }
}
