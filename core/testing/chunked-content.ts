/** Content as BDAT carries it: octets by the number, chunk after chunk (RFC 3030 section 2). Text here is latin1. */

const ARGUMENT = /^(\d+)(?: LAST)?$/i;

/** Reads the argument of BDAT, or gives `null` where it is none. */
export function chunkOf(argument: string): { readonly size: number; readonly isLast: boolean } | null {
  const [, size] = ARGUMENT.exec(argument) ?? [];
  return size === undefined ? null : { size: Number(size), isLast: /LAST$/i.test(argument) };
}

/** Puts chunks together. */
export class ChunkedContent {
  readonly #pieces: string[] = [];
  readonly #sizes: number[] = [];
  #missing = 0;
  #last = false;

  get content(): Buffer {
    return Buffer.from(this.#pieces.join(''), 'latin1');
  }

  get sizes(): readonly number[] {
    return this.#sizes;
  }

  /** Whether the chunk that is complete now is the last one. */
  get isLast(): boolean {
    return this.#last;
  }

  /** A chunk has been announced. */
  begin({ size, isLast }: { readonly size: number; readonly isLast: boolean }): void {
    this.#sizes.push(size);
    this.#missing = size;
    this.#last = isLast;
  }

  /** @returns `null` while octets of the chunk are missing, then what follows it. */
  feed(text: string): string | null {
    const taken = text.slice(0, this.#missing);
    this.#pieces.push(taken);
    this.#missing -= taken.length;
    return this.#missing > 0 ? null : text.slice(taken.length);
  }
}
