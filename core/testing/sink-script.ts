/** What goes wrong in which transaction of a sink's session. */
import type { SinkFault, SinkFaults } from './sink-settings.ts';
import type { SunkRecipient } from './sunk-mail.ts';

/** What all sessions share. */
export interface ScriptedFaults {
  /** In every transaction of which the script says nothing. */
  readonly faults: SinkFaults;
  /** Those of the transactions to come. */
  readonly script: SinkFaults[];
}

export class SinkScript {
  readonly #shared: ScriptedFaults;
  /** What the script says of this transaction, and of what comes before it in a new session; `null`: nothing. */
  #own: SinkFaults | null;
  #over = false;

  constructor(shared: ScriptedFaults) {
    this.#shared = shared;
    this.#own = shared.script.shift() ?? null;
  }

  get faults(): SinkFaults {
    return this.#own ?? this.#shared.faults;
  }

  /** MAIL has been said. */
  begin(): void {
    if (this.#over) this.#own = this.#shared.script.shift() ?? null;
    this.#over = false;
  }

  /** The content has come. */
  end(): void {
    this.#over = true;
  }
}

/** What goes wrong for one recipient. */
export function faultFor(fault: SinkFaults['rcpt'], { path }: SunkRecipient): SinkFault | undefined {
  return isFault(fault) ? fault : fault?.[path.slice(1, -1)];
}

/** Whether it is one fault, and not one for each recipient. */
export function isFault(fault: SinkFaults['rcpt']): fault is SinkFault {
  return typeof fault === 'string' || typeof fault?.kind === 'string';
}
