/** A progress bar on a terminal, for work that takes more than a moment. Elsewhere it shows nothing. */
import { formatDuration } from '../mail/quantity.ts';
import type { Clock } from '../plugin/ports.ts';

/** What the bar is drawn on: standard error, so that what is printed can still be piped. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const CELLS = 24;
/** In milliseconds. */
const BETWEEN_DRAWINGS = 100;
const CLEAR = '\r\u001b[K';

export class Progress {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #started: number;
  #drawn = -Infinity;
  /** `null` until somebody has counted. */
  #total: number | null = null;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#started = clock.monotonic();
  }

  /** Whether anybody sees it. */
  get isShown(): boolean {
    return this.#terminal.isTTY === true;
  }

  /** How many there are, once that is known. */
  expect(total: number): void {
    this.#total = total;
  }

  /** `note`: what people want to know meanwhile. */
  show(done: number, note: string): void {
    const now = this.#clock.monotonic();
    if (!this.isShown || now - this.#drawn < BETWEEN_DRAWINGS) return;
    this.#drawn = now;
    const rate = done / Math.max(now - this.#started, 1);
    const line = [this.#bar(done), this.#count(done), note, `${number(rate * 1000)}/s`, this.#left(done, rate)];
    const text = line.filter(part => part !== '').join('  ');
    this.#terminal.write(`${CLEAR}${text.slice(0, (this.#terminal.columns ?? 80) - 1)}`);
  }

  /** Takes it off again. */
  end(): void {
    if (this.isShown) this.#terminal.write(CLEAR);
  }

  #bar(done: number): string {
    if (this.#total === null) return '';
    const full = Math.min(CELLS, Math.floor((done / Math.max(this.#total, 1)) * CELLS));
    return `[${'#'.repeat(full)}${'.'.repeat(CELLS - full)}]`;
  }

  #count(done: number): string {
    return this.#total === null ? number(done) : `${number(done)} of ${number(this.#total)}`;
  }

  #left(done: number, rate: number): string {
    if (this.#total === null || rate === 0) return '';
    const seconds = Math.ceil(Math.max(this.#total - done, 0) / rate / 1000);
    return `${formatDuration(seconds * 1000)} left`;
  }
}

/** With commas between the thousands, wherever it runs. */
export function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
