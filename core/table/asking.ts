/** What a kind of table has to do that asks somebody else: a database, a directory, a web service. */
import type { Entry } from '../plugin/table.ts';

/** Somebody who is asked. What keeps the answers, waits and gives up is around it. */
export interface Asking {
  /** As `Table.name`. */
  readonly name: string;
  /**
   * Asks. The signal is aborted when nobody waits any longer; who cannot stop may go on, its answer is not heard.
   * @throws Unreachable where nobody is there to be asked; any other error where this one question has no answer.
   */
  ask(key: string, signal: AbortSignal): Promise<Entry | null>;
  close(): Promise<void>;
}

/** Nobody is there to be asked, whatever the key: the next ones need not try at once. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  /** What was lost is a connection that had been there before: a new one may do. */
  readonly isStale: boolean;

  constructor(
    message: string,
    { isStale = false, cause }: { readonly isStale?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.isStale = isStale;
  }
}

/** Asks, and once more where the connection that was at hand had ended without a word. */
export async function onceMore<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Unreachable && error.isStale) return ask();
    throw error;
  }
}
