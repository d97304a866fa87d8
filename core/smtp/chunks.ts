/** Content that comes in chunks (RFC 3030): taken in while they come, from the first to the last or to what resets it. */
import { Content } from './content-stream.ts';
import type { Said } from './replies.ts';

export class Chunks {
  readonly into = new Content();
  /** What is answered to the last chunk. `null`: nobody is to be answered. */
  readonly replies: Promise<readonly Said[] | null>;
  #size = 0;

  /** @param take begins to take in what comes, and does not reject. */
  constructor(take: (stream: Content) => Promise<readonly Said[] | null>) {
    this.replies = take(this.into);
  }

  /** Octets announced so far. */
  get size(): number {
    return this.#size;
  }

  announce(size: number): void {
    this.#size += size;
  }

  /** There will be no last chunk. */
  abandon(): void {
    this.into.destroy(new Error('the transaction was reset'));
  }
}
