/**
 * Delivery into a Maildir, by its book: the mail is written to `tmp` under a name that is its own, is on the disk, and then
 * gets its name in `new` in one step.
 *
 * Guarantee: when `deliver` resolves, the mail and its name are on the disk. When it rejects, nothing is in `new`, and what
 * was in `tmp` is removed. A killed process leaves a file in `tmp` at the most; those that are older than the book allows are
 * removed. No lock is needed, and no reader sees half a mail.
 */
import { join } from 'node:path';
import { type Clock, errnoOf, type Files, gathered } from '../../core/index.ts';
import type { UniqueNames } from './unique-name.ts';

/** What Maildirs are written with. */
export interface MaildirParts {
  readonly files: Files;
  readonly clock: Clock;
  readonly names: UniqueNames;
  /** Permission bits of a mail. */
  readonly mode: number;
}

/** In milliseconds: what has been in `tmp` for so long will not be finished by anybody. */
const ABANDONED = 36 * 3_600_000;
/** How often `tmp` is looked through, in milliseconds. */
const SWEEP_EVERY = 3_600_000;
/** Maildirs whose last sweep is remembered. */
const MEMORY = 10_000;

export class Maildirs {
  readonly #parts: MaildirParts;
  readonly #swept = new Map<string, number>();

  constructor(parts: MaildirParts) {
    this.#parts = parts;
  }

  /**
   * Delivers the octets.
   * @param path that of the Maildir
   * @param room asked once the size is known: throws where there is none
   * @returns the size of the mail, in octets
   */
  async deliver(
    path: string,
    pieces: AsyncIterable<Buffer>,
    { signal, room }: { readonly signal: AbortSignal; readonly room: (size: number) => Promise<void> },
  ): Promise<number> {
    const { files, names } = this.#parts;
    await this.#sweep(path);
    const name = names.next();
    const written = join(path, 'tmp', name);
    const size = await this.#write(written, pieces, signal);
    const delivered = join(path, 'new', `${name},S=${size}`);
    try {
      await room(size);
      await this.#name(written, delivered);
    } catch (error) {
      await files.remove(written).catch(() => undefined);
      throw error;
    }
    try {
      await files.syncDirectory(join(path, 'new'));
    } catch (error) {
      await files.remove(delivered).catch(() => undefined);
      throw error;
    }
    return size;
  }

  /** @returns how many octets there are, all of them on the disk. */
  async #write(written: string, pieces: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number> {
    const { files, mode } = this.#parts;
    const file = await files.open(written, 'create', mode);
    try {
      let size = 0;
      for await (const piece of gathered(pieces)) {
        signal.throwIfAborted();
        await file.write(piece, size);
        size += piece.length;
      }
      await file.sync();
      await file.close();
      return size;
    } catch (error) {
      await file.close().catch(() => undefined);
      await files.remove(written).catch(() => undefined);
      throw error;
    }
  }

  /** A second name never replaces anything. Where the file system knows none, the first one moves. */
  async #name(written: string, delivered: string): Promise<void> {
    const { files } = this.#parts;
    try {
      await files.link(written, delivered);
    } catch (error) {
      if (!NO_LINKS.has(errnoOf(error) ?? '')) throw error;
      await files.rename(written, delivered);
      return;
    }
    // Delivered it is: a name that stays in `tmp` is swept some day.
    await files.remove(written).catch(() => undefined);
  }

  /** Removes what others have left behind. What fails here keeps no mail from being delivered. */
  async #sweep(path: string): Promise<void> {
    const { files, clock } = this.#parts;
    const now = clock.monotonic();
    const last = this.#swept.get(path);
    if (last !== undefined && now - last < SWEEP_EVERY) return;
    this.#remember(path, now);
    const folder = join(path, 'tmp');
    for (const name of await files.list(folder).catch(() => [])) {
      const facts = await files.facts(join(folder, name)).catch(() => null);
      if (facts === null || facts.kind !== 'file') continue;
      if (clock.now().getTime() - facts.modifiedAt.getTime() < ABANDONED) continue;
      await files.remove(join(folder, name)).catch(() => undefined);
    }
  }

  #remember(path: string, now: number): void {
    this.#swept.delete(path);
    this.#swept.set(path, now);
    if (this.#swept.size <= MEMORY) return;
    const [oldest] = this.#swept.keys();
    if (oldest !== undefined) this.#swept.delete(oldest);
  }
}

const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);
