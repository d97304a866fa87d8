/**
 * Content that lies in a file, and in memory as well as long as somebody holds it there: who reads it soon need not read the
 * file.
 *
 * Guarantee: its memory is used for something else only when nobody holds it and nobody is just reading it. From then on it is
 * read from the file.
 */
import type { Content } from './content.ts';
import { asKnownAs } from './known-lines.ts';

const NOTHING = () => undefined;

/** Octets in memory that must be let go of. */
export class Held {
  readonly #pieces: readonly Buffer[];
  readonly #onGone: () => void;
  #holders = 1;

  /** Held once to begin with. `onGone`: nobody looks at the pieces any more. */
  constructor(pieces: readonly Buffer[], onGone: () => void) {
    this.#pieces = pieces;
    this.#onGone = onGone;
  }

  /** `null`: gone. */
  hold(): readonly Buffer[] | null {
    if (this.#holders === 0) return null;
    this.#holders += 1;
    return this.#pieces;
  }

  /** Once for each `hold`, and once for the beginning. */
  letGo(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#onGone();
  }
}

export class HeldContent implements Content {
  readonly size: number;
  readonly file?: string;
  readonly crc32?: number;
  readonly #held: Held;
  readonly #onDisk: Content;

  /** @param held the octets of `onDisk`. */
  constructor(held: Held, onDisk: Content) {
    const { size, file, crc32 } = onDisk;
    this.size = size;
    if (file !== undefined) this.file = file;
    if (crc32 !== undefined) this.crc32 = crc32;
    this.#held = held;
    this.#onDisk = onDisk;
  }

  async bytes(): Promise<Buffer> {
    const pieces = this.#held.hold();
    if (pieces === null) return this.#onDisk.bytes();
    const octets = Buffer.concat(pieces);
    this.#held.letGo();
    return octets;
  }

  /** Copies: nobody says when they are done with. */
  async *stream(): AsyncGenerator<Buffer, undefined> {
    const pieces = this.#held.hold();
    if (pieces === null) return yield* this.#onDisk.stream();
    try {
      for (const piece of pieces) yield Buffer.from(piece);
    } finally {
      this.#held.letGo();
    }
  }

  async *fleeting(): AsyncGenerator<Buffer, undefined> {
    const pieces = this.#held.hold();
    if (pieces === null) return yield* this.#onDisk.fleeting?.() ?? this.#onDisk.stream();
    try {
      yield* pieces;
    } finally {
      this.#held.letGo();
    }
  }

  async sync(): Promise<void> {
    await this.#onDisk.sync?.();
  }

  /** Keeps it in memory. @returns what lets go of it, once */
  hold(): () => void {
    if (this.#held.hold() === null) return NOTHING;
    // Let go of twice, it would be another's memory while somebody still reads it.
    let isHeld = true;
    return () => {
      if (isHeld) this.#held.letGo();
      isHeld = false;
    };
  }

  /** The same octets where they lie in another file. */
  beside(onDisk: Content): HeldContent {
    return new HeldContent(this.#held, onDisk);
  }
}

/** Keeps content in memory as long as it is there. @returns what lets go of it, once */
export function hold(content: Content): () => void {
  return content instanceof HeldContent ? content.hold() : NOTHING;
}

/** What is known of content, and what is in memory of it, for the same octets in another file. */
export function heldAs(content: Content, onDisk: Content): Content {
  return asKnownAs(content, content instanceof HeldContent ? content.beside(onDisk) : onDisk);
}
