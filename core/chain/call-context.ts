/** What a plugin has at hand while it answers. The signal and the log are made only if it asks for them. */
import type { Facts } from '../mail/facts.ts';
import type { HookContext } from '../plugin/hooks.ts';
import type { Log } from '../plugin/ports.ts';
import type { Link } from './link.ts';

/** One for all calls: to find out where an error was made costs more than most calls. */
const OVER = new Error('the call is over');

export class CallContext implements HookContext {
  readonly facts: Facts;
  /** Whose code runs now, where middleware is involved: the one to blame for a missed deadline. */
  running: Link | null = null;
  #abort: AbortController | null = null;
  #reason: Error | null = null;
  #log: Log | null = null;
  readonly #parentLog: Log;
  readonly #about: Readonly<Record<string, string>>;

  constructor(log: Log, about: Readonly<Record<string, string>>, facts: Facts) {
    this.#parentLog = log;
    this.#about = about;
    this.facts = facts;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#reason !== null) this.#abort.abort(this.#reason);
    return this.#abort.signal;
  }

  get log(): Log {
    this.#log ??= this.#parentLog.child(this.#about);
    return this.#log;
  }

  /** Nobody waits for the answer any more. */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#abort?.abort(reason);
  }

  /** The call is over: work that the plugin left behind is told so, if it asked for the signal while the call lasted. */
  end(): void {
    if (this.#abort !== null) this.abort(OVER);
  }
}
