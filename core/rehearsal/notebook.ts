/** What is written down while one message is rehearsed: what plugins wanted to do, what they made of the content, what they logged. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Content } from '../mail/content.ts';
import type { Change } from '../mail/trace.ts';
import type { Clock, Files, LogFields } from '../plugin/ports.ts';
import { OverlayTree } from './overlay-tree.ts';
import type { Logged, RehearsedDelivery, Withheld } from './rehearsal.ts';

/** Content before and after a plugin. */
export interface Rewritten {
  readonly plugin: string;
  readonly before: Content;
  readonly after: Content;
}

/** A delivery as it is written down: revisions are compared later. */
export interface NotedDelivery extends Omit<RehearsedDelivery, 'revisions'> {
  readonly rewritten: readonly Rewritten[];
}

export class Notebook {
  readonly tree: OverlayTree;
  /** By the list of changes in the answer, which the step of the trace shares. */
  readonly rewritten = new Map<readonly Change[], Rewritten>();
  readonly deliveries: NotedDelivery[] = [];
  readonly logged: Logged[] = [];
  readonly #withheld: Withheld[] = [];

  constructor(below: Files, clock: Pick<Clock, 'now'>) {
    this.tree = new OverlayTree(below, clock);
  }

  withhold(kind: 'connect' | 'run' | 'fetch', what: string): void {
    this.#withheld.push({ kind, what });
  }

  log(level: Logged['level'], event: string, fields: LogFields): void {
    this.logged.push({ level, event, fields });
  }

  /** In the order of happening, then the files by name. */
  get withheld(): readonly Withheld[] {
    const files = this.tree.changes().map(({ path, ...change }): Withheld => {
      if (change.kind === 'removed') return { kind: 'remove', path };
      const { before, octets } = change.node;
      return { kind: 'write', path, before, content: octets.content() };
    });
    return [...this.#withheld, ...files];
  }
}

/**
 * Who is being rehearsed. A plugin has one set of ports for all messages: through this they tell one message from another,
 * however many are rehearsed at the same time.
 */
export class Notebooks {
  readonly #running = new AsyncLocalStorage<Notebook>();
  /** For what happens outside of a message: when plugins start and close. */
  readonly outside: Notebook;

  constructor(outside: Notebook) {
    this.outside = outside;
  }

  get current(): Notebook {
    return this.#running.getStore() ?? this.outside;
  }

  during<T>(notebook: Notebook, work: () => Promise<T>): Promise<T> {
    return this.#running.run(notebook, work);
  }
}
