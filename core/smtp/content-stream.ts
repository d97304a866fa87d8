/**
 * Content on its way from the client to whoever takes it in.
 *
 * Guarantee: what waits for its reader costs little more than its octets, in however small pieces they came. Not a stream
 * of Node's: that would cost a small mail more than all that is done with its octets.
 */
import { Pieces } from './pieces.ts';

/**
 * In octets: how much content may wait for its reader, or be worked on by it, before no more is taken from the client. A
 * piece from the network is larger: a thousand clients have one each, not four.
 */
const HIGH_WATER = 16 * 1024;

const NOTHING = () => undefined;

/** Somebody who has read all that there was and waits for more. */
interface Reader {
  readonly resolve: (result: IteratorResult<Buffer, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/** Has one reader. */
export class Content implements AsyncIterable<Buffer> {
  /** What has come and is not read yet. */
  readonly #held = new Pieces();
  #wanted: () => void = NOTHING;
  #reader: Reader | null = null;
  #end: 'to come' | 'there' | { readonly failed: Error } = 'to come';
  #isWanted = true;

  /** Whether it broke off. */
  get destroyed(): boolean {
    return typeof this.#end === 'object';
  }

  /** @returns whether more may come at once. If not, `wanted` is called when it may. */
  give(octets: Buffer, wanted: () => void): boolean {
    // Content that nobody wants any more is read over.
    if (octets.length === 0 || this.#end !== 'to come' || !this.#isWanted) return true;
    const underWay = this.#reader === null ? this.#held.size + octets.length : octets.length;
    if (this.#reader === null) this.#held.add(octets);
    else this.#answer(this.#reader, octets);
    const ready = underWay <= HIGH_WATER;
    // Who was told that there is room goes on at a pace of its own.
    this.#wanted = ready ? NOTHING : wanted;
    return ready;
  }

  /** All has come. */
  end(): void {
    if (this.#end !== 'to come') return;
    this.#end = 'there';
    this.#reader?.resolve({ done: true, value: undefined });
    this.#reader = null;
  }

  /** There will be no more of it, and what has come is of no use. Who reads it hears of that; where nobody does, nobody has to. */
  destroy(error: Error): void {
    if (this.destroyed) return;
    this.#end = { failed: error };
    this.#reader?.reject(error);
    this.#reader = null;
    this.#forget();
  }

  /** Nobody reads it any more: what is left of it is read over. */
  resume(): void {
    this.#isWanted = false;
    this.#forget();
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.resume();
        return { done: true, value: undefined };
      },
    };
  }

  #next(): Promise<IteratorResult<Buffer, undefined>> {
    if (typeof this.#end === 'object') return Promise.reject(this.#end.failed);
    const octets = this.#held.take();
    if (octets === null && this.#end === 'there') return Promise.resolve({ done: true, value: undefined });
    if (octets !== null) {
      if (this.#held.size + octets.length <= HIGH_WATER) this.#goOn();
      return Promise.resolve({ done: false, value: octets });
    }
    const next = new Promise<IteratorResult<Buffer, undefined>>((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
    this.#goOn();
    return next;
  }

  #answer(reader: Reader, octets: Buffer): void {
    this.#reader = null;
    reader.resolve({ done: false, value: octets });
  }

  #forget(): void {
    this.#held.clear();
    this.#goOn();
  }

  #goOn(): void {
    const wanted = this.#wanted;
    this.#wanted = NOTHING;
    wanted();
  }
}
