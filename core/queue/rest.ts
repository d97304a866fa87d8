/** The rest between two looks: until a time, or until somebody rings. Ringing costs nothing, so that it may be done for every mail. */
import type { Clock } from '../plugin/ports.ts';

export class Rest {
  readonly #clock: Clock;
  /** Ends the alarms. */
  readonly #ended: AbortSignal;
  /** When the alarms ring that are set, on the monotonic clock. */
  readonly #alarms = new Set<number>();
  #rung = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock, ended: AbortSignal) {
    this.#clock = clock;
    this.#ended = ended;
    ended.addEventListener('abort', () => this.ring());
  }

  /** From here on a ring counts: one that comes before `take` lets nobody rest. */
  begin(): void {
    this.#rung = this.#ended.aborted;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Rests for so many milliseconds at the most. An alarm that was set before may ring sooner. */
  async take(milliseconds: number): Promise<void> {
    if (this.#rung) return;
    const woken = new Promise<void>(resolve => {
      this.#wake = resolve;
    });
    this.#set(milliseconds);
    await woken;
    this.#wake = null;
  }

  #set(milliseconds: number): void {
    const at = this.#clock.monotonic() + milliseconds;
    for (const other of this.#alarms) if (other <= at) return;
    this.#alarms.add(at);
    const ring = () => {
      this.#alarms.delete(at);
      this.ring();
    };
    this.#clock.sleep(milliseconds, this.#ended).then(ring, ring);
  }
}
