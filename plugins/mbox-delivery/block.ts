/** What is appended at once: whole entries, one after the other. */

/** Where an entry stands. */
export interface Mark {
  /** Of its From_ line, from where the block begins. */
  readonly at: number;
  /** Without its line end. */
  readonly fromLine: string;
}

/** One entry or several, in their order. */
export interface Block {
  readonly marks: readonly Mark[];
  /** All octets at once, or in pieces: then the block is a single entry. */
  readonly octets: Uint8Array | (() => AsyncIterable<Buffer>);
}

/** Every entry as a block of its own. */
export function parted({ marks, octets }: Block): readonly Block[] {
  return marks.map(({ at, fromLine }, index) => ({
    marks: [{ at: 0, fromLine }],
    octets: typeof octets === 'function' ? octets : octets.subarray(at, marks[index + 1]?.at),
  }));
}
