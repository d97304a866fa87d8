/**
 * Content as the queue gives it back: while it is read, it is compared with what was written down when it came.
 *
 * Guarantee: who reads damaged content meets an error before its last octet, so that no delivery of it can be completed. It is
 * read no more often than it is asked for: where somebody reads the beginning alone, the rest is not looked at.
 */
import { crc32 } from 'node:zlib';
import type { Content } from '../mail/content.ts';

/** What content was when it came. */
export interface Fingerprint {
  /** In octets. */
  readonly size: number;
  /** `null`: an older version took it in, and nobody knows. */
  readonly crc32: number | null;
}

/** What content in the database is called in messages. */
export const ITS_CONTENT = 'its content';

/** The octets are not those that came. */
export class DamagedContent extends Error {
  override readonly name = 'DamagedContent';
}

/** What is wrong with octets, as a sentence about `what` they are; or `null`. */
export function damageIn(octets: Uint8Array, what: string, came: Fingerprint): string | null {
  if (octets.length !== came.size) return otherSize(what, came);
  return came.crc32 === null || crc32(octets) === came.crc32 ? null : otherOctets(what);
}

/** Where content lies. */
export interface Stored extends Omit<Content, 'size' | 'crc32'> {
  /** For messages. */
  readonly what: string;
  readonly came: Fingerprint;
}

export class CheckedContent implements Content {
  readonly size: number;
  readonly file?: string;
  readonly crc32?: number;
  readonly #stored: Stored;
  #damage: string | null = null;

  constructor(stored: Stored) {
    const { came, file } = stored;
    this.size = came.size;
    if (file !== undefined) this.file = file;
    if (came.crc32 !== null) this.crc32 = came.crc32;
    this.#stored = stored;
  }

  /** What was found to be wrong with it, as far as it was read. */
  get damage(): string | null {
    return this.#damage;
  }

  async bytes(): Promise<Buffer> {
    const { what, came } = this.#stored;
    const octets = await this.#stored.bytes();
    const damage = damageIn(octets, what, came);
    if (damage !== null) throw this.#damaged(damage);
    return octets;
  }

  stream(): AsyncIterable<Buffer> {
    return this.#checked(this.#stored.stream());
  }

  fleeting(): AsyncIterable<Buffer> {
    return this.#checked(this.#stored.fleeting?.() ?? this.#stored.stream());
  }

  async *#checked(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
    const { what, came } = this.#stored;
    let size = 0;
    let sum = 0;
    for await (const piece of pieces) {
      size += piece.length;
      if (came.crc32 !== null) sum = crc32(piece, sum);
      if (size > came.size) throw this.#damaged(otherSize(what, came));
      if (size === came.size && came.crc32 !== null && sum !== came.crc32) throw this.#damaged(otherOctets(what));
      yield piece;
    }
    if (size < came.size) throw this.#damaged(otherSize(what, came));
  }

  #damaged(damage: string): DamagedContent {
    this.#damage = damage;
    return new DamagedContent(damage);
  }
}

/** What was found to be wrong with content of the queue; `null` where nothing was, or where it is not from there. */
export function damageOf(content: Content): string | null {
  return content instanceof CheckedContent ? content.damage : null;
}

function otherSize(what: string, { size }: Fingerprint): string {
  return `${what} is not ${size} octets long`;
}

function otherOctets(what: string): string {
  return `${what} has other octets than came: its checksum is wrong`;
}
