/**
 * Writes blocks to mailboxes, each under its dot-lock: in the thread of the gateway, or in one of its own.
 *
 * Entries that cannot be appended together are appended one by one, so that none suffers for what ails another.
 */
import { dirname, join } from 'node:path';
import type { Clock, Files } from '../../core/index.ts';
import { type AppendContext, append } from './append.ts';
import { type Block, parted } from './block.ts';
import { DotLocks, type Taken } from './dot-lock.ts';
import { checkFolders, makeFolders } from './folder.ts';
import { codeOf, type Trouble, troubleOf } from './trouble.ts';
import type { Note, Order, Writes, Written } from './writing.ts';

/** What a writer is made of. */
export interface WriterParts {
  readonly files: Files;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** A number that no other thread of this process has. */
  readonly slot: number;
  /** So many lock files are kept for the next lock, until `rest`. */
  readonly kept: number;
}

export class Writer implements Writes {
  readonly #files: Files;
  readonly #clock: WriterParts['clock'];
  readonly #locks: DotLocks;

  constructor({ files, clock, slot, kept }: WriterParts) {
    this.#files = files;
    this.#clock = clock;
    this.#locks = new DotLocks(files, { slot, kept });
  }

  async write(order: Order, signal: AbortSignal): Promise<Written> {
    const notes: Note[] = [];
    const note = (one: Note) => void notes.push(one);
    const { block } = order;
    try {
      const taken = await this.#lock(order, note);
      if (taken.kind === 'locked') return { ...taken, notes };
      const { lock } = taken;
      const since = this.#clock.monotonic();
      const mailbox = join(order.directory, order.name);
      const troubles = await appendAll(mailbox, block, { files: this.#files, keeping: order.keeping, lock, signal });
      await this.#locks.giveBack(lock, note);
      return { kind: 'ended', troubles, held: this.#clock.monotonic() - since, notes };
    } catch (error) {
      return { kind: 'ended', troubles: allOf(block, troubleOf(error)), held: 0, notes };
    }
  }

  /** Removes the lock files that are kept for the next lock. */
  rest(): Promise<void> {
    return this.#locks.rest();
  }

  async #lock({ directory, name, unfinished }: Order, note: (note: Note) => void): Promise<Taken> {
    const take = () =>
      this.#locks.take(join(directory, name), unfinished, { files: this.#files, clock: this.#clock, note });
    await checkFolders(directory, name, this.#files);
    try {
      return await take();
    } catch (error) {
      const folder = dirname(join(directory, name));
      if (codeOf(error) !== 'ENOENT' || (await this.#files.facts(folder)) !== null) throw error;
    }
    await makeFolders(directory, name, this.#files);
    return take();
  }
}

async function appendAll(mailbox: string, block: Block, context: AppendContext): Promise<readonly (Trouble | null)[]> {
  const whole = await tried(mailbox, block, context);
  if (whole === null || block.marks.length === 1 || concernsMailbox(whole)) return allOf(block, whole);
  const troubles: (Trouble | null)[] = [];
  for (const one of parted(block)) troubles.push(context.lock.left ? whole : await tried(mailbox, one, context));
  return troubles;
}

async function tried(mailbox: string, block: Block, context: AppendContext): Promise<Trouble | null> {
  try {
    await append(mailbox, block, context);
    return null;
  } catch (error) {
    return troubleOf(error);
  }
}

/** What is wrong with the mailbox is wrong for every entry; without room for all of them there may be room for some. */
function concernsMailbox({ reply, code }: Trouble): boolean {
  return reply !== null && code === null;
}

function allOf(block: Block, trouble: Trouble | null): readonly (Trouble | null)[] {
  return block.marks.map(() => trouble);
}
