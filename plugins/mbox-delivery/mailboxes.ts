/** The mailboxes of one configuration: an entry is on the disk when `append` resolves. */
import { join } from 'node:path';
import { type Clock, Failure, type Files, type HookContext } from '../../core/index.ts';
import type { Block } from './block.ts';
import type { Entry } from './entry.ts';
import type { Keeping } from './keeping.ts';
import { together } from './together.ts';
import type { Trouble } from './trouble.ts';
import { Turns, type Waiting } from './turns.ts';
import type { Unfinished } from './unfinished.ts';
import { Writer } from './writer.ts';
import { NoThread, WriterThreads } from './writer-threads.ts';
import type { Order, Written } from './writing.ts';

/** Who appends. */
export interface Appender {
  /** How long to wait for a mailbox that another program has locked: on the monotonic clock, in milliseconds. */
  readonly until: number;
  /** Of the delivery: the lines of its log tell which mail they are about, of those that go together the first. */
  readonly context: Pick<HookContext, 'signal' | 'log'>;
}

/** What mailboxes are made of. */
export interface MailboxParts {
  readonly files: Files;
  readonly clock: Clock;
  /** An absolute path. */
  readonly directory: string;
  readonly keeping: Keeping;
}

interface InLine extends Waiting {
  readonly entry: Entry;
  /** Those of one configuration may go together. */
  readonly of: Mailboxes;
  write(block: Block, unfinished: Unfinished | null): Promise<Written>;
}

/** What is in memory is not ended by the signal of one of those who go together. */
const NEVER = new AbortController().signal;

/** Of the whole process: two configurations may be alive at once, and have the same mailboxes. */
const turns = new Turns<InLine>((line, first) => {
  const others = line.findIndex(one => one.of !== first.of);
  const block = together((others === -1 ? line : line.slice(0, others)).map(({ entry }) => entry));
  return { count: block.marks.length, write: unfinished => first.write(block, unfinished) };
});

export class Mailboxes {
  readonly #parts: MailboxParts;
  /** In this thread: for the files of tests, and for what is too large to be handed over. */
  readonly #here: Writer;
  readonly #threads: WriterThreads | null;

  constructor(parts: MailboxParts) {
    const { files, clock } = parts;
    this.#parts = parts;
    this.#here = new Writer({ files, clock, slot: 0, kept: 0 });
    this.#threads = files.blocking === undefined ? null : new WriterThreads(files.blocking);
  }

  /**
   * Appends an entry to the mailbox of this name below the directory.
   * @throws Failure or the error of the system, and then nothing of the entry is in the mailbox
   */
  append(name: string, entry: Entry, { until, context }: Appender): Promise<void> {
    const { clock, directory, keeping } = this.#parts;
    const { signal } = context;
    return new Promise((resolve, reject) => {
      const settle = (trouble: Trouble | null) => (trouble === null ? resolve() : reject(errorOf(trouble)));
      const write = (block: Block, unfinished: Unfinished | null) =>
        this.#write({ directory, name, keeping, block, unfinished }, context);
      turns.wait(join(directory, name), { entry, of: this, clock, until, signal, settle, write });
    });
  }

  /** Ends the threads. What is asked of them later is refused. */
  async close(): Promise<void> {
    await this.#threads?.close();
  }

  async #write(order: Order, context: Appender['context']): Promise<Written> {
    const inPieces = typeof order.block.octets === 'function';
    const written = inPieces ? await this.#here.write(order, context.signal) : await this.#writeWhole(order);
    for (const { event, fields } of written.notes) context.log.warn(event, fields);
    return written;
  }

  /** A process that can start no thread, for it may open no more files, can still write here or say why not. */
  async #writeWhole(order: Order): Promise<Written> {
    if (this.#threads === null) return this.#here.write(order, NEVER);
    try {
      return await this.#threads.write(order);
    } catch (error) {
      if (error instanceof NoThread) return this.#here.write(order, NEVER);
      throw error;
    }
  }
}

/** As it is thrown: the reply that it deserves goes along. */
export function errorOf({ because, code, reply }: Trouble): Error {
  if (reply !== null) return new Failure(reply, because);
  return code === null ? new Error(because) : Object.assign(new Error(because), { code });
}
