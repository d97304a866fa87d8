/** A table that is in memory: entries of the configuration, or of a file that is read again when it changes. */
import { describeError } from '../mail/failure.ts';
import { type Awaitable, whenThere } from '../plugin/awaitable.ts';
import { type Entry, type Table, TableUnavailable } from '../plugin/table.ts';

/** Where its entries come from at this moment, and how one of them is found. */
export interface LocalSource<T> {
  readonly name: string;
  readonly entries: Table['entries'];
  /** May reject, where there is nothing to look into. */
  readonly current: () => Awaitable<T>;
  readonly find: (content: T, key: string) => Entry | null;
}

export function localTable<T>({ name, entries, current, find }: LocalSource<T>): Table {
  const unavailable = (error: unknown) => {
    throw new TableUnavailable(name, describeError(error), { cause: error });
  };
  return {
    name,
    entries,
    lookup(key, signal) {
      signal.throwIfAborted();
      const content = current();
      return whenThere(content instanceof Promise ? content.catch(unavailable) : content, there => find(there, key));
    },
    close: () => Promise.resolve(),
  };
}
