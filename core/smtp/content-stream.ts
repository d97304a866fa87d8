/**
 * Content on its way from the client to whoever takes it in.
 *
 * Guarantee: what waits for its reader costs little more than its octets, in however small pieces they came.
 */
import { Readable } from 'node:stream';
import { Pieces } from './pieces.ts';

/** In octets: how much content may wait for its reader. */
const HIGH_WATER = 256 * 1024;
/** Less than this waits to become more, if the reader has something to read already. */
const WORTH_READING = 16 * 1024;

const NOTHING = () => undefined;

export class Content extends Readable {
  #wanted: () => void = NOTHING;
  /** What has come since the reader was last given something. */
  readonly #held = new Pieces();
  #hungry = false;

  constructor() {
    super({ highWaterMark: HIGH_WATER });
    // Who reads it hears of the failure; where nobody does, nobody has to.
    this.on('error', () => undefined);
  }

  /** @returns whether more may come at once. If not, `wanted` is called when it may. */
  give(octets: Buffer, wanted: () => void): boolean {
    // Content that nobody wants any more is read over.
    if (octets.length === 0 || this.destroyed || this.readableEnded) return true;
    this.#held.add(octets);
    const ready = this.#hungry || this.#held.size >= WORTH_READING ? this.#serve() : true;
    // Who was told that there is room goes on at a pace of its own.
    this.#wanted = ready ? NOTHING : wanted;
    return ready;
  }

  end(): void {
    if (this.destroyed) return;
    if (this.#held.size > 0) this.#serve();
    this.push(null);
  }

  override _read(): void {
    if (this.#held.size > 0) this.#serve();
    else this.#hungry = true;
    const wanted = this.#wanted;
    this.#wanted = NOTHING;
    wanted();
  }

  /** @returns whether there is room for more. */
  #serve(): boolean {
    const octets = this.#held.whole();
    this.#held.clear();
    this.#hungry = false;
    return this.push(octets);
  }
}
