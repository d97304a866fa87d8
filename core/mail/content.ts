/**
 * Content: header section and body as octets, lines ended by CRLF, dots not stuffed (RFC 5322 section 2.1).
 *
 * Guarantee: content never changes. An edit makes new content that shares the octets it did not touch.
 */

/** The octets of a mail. */
export interface Content {
  /** In octets. */
  readonly size: number;
  /** All octets at once. Costs `size` of memory: prefer `stream` for what may be large. */
  bytes(): Promise<Buffer>;
  /** The octets in order, in pieces. Each call starts a new pass. */
  stream(): AsyncIterable<Buffer>;
  /** As `stream`, for who is done with a piece before asking for the next one: they may all lie in the same place in memory. */
  fleeting?(): AsyncIterable<Buffer>;
  /** The file that holds exactly these octets, where there is one: a store may then copy it, or link it where `crc32` is known. */
  readonly file?: string;
  /** The CRC-32 of the octets, computed before they went to the file. */
  readonly crc32?: number;
  /** Puts the octets of the `file` on the disk, by the handle that wrote them. Missing: who needs that syncs the file. */
  sync?(): Promise<void>;
}

/** Content held in memory. */
export function contentOf(octets: Buffer | string): Content {
  const buffer = typeof octets === 'string' ? Buffer.from(octets, 'utf8') : octets;
  return {
    size: buffer.length,
    bytes: () => Promise.resolve(buffer),
    async *stream() {
      if (buffer.length > 0) yield buffer;
    },
  };
}

/** Several contents, one after the other, without copying any. */
export function joinContent(...pieces: readonly Content[]): Content {
  return {
    size: pieces.reduce((sum, piece) => sum + piece.size, 0),
    async bytes() {
      return Buffer.concat(await Promise.all(pieces.map(piece => piece.bytes())));
    },
    async *stream() {
      for (const piece of pieces) yield* piece.stream();
    },
  };
}

/** The octets from `start` up to, but not including, `end`. */
export function sliceContent(content: Content, start: number, end: number): Content {
  return {
    size: end - start,
    async bytes() {
      return (await content.bytes()).subarray(start, end);
    },
    async *stream() {
      let offset = 0;
      for await (const piece of content.stream()) {
        const from = Math.max(start - offset, 0);
        const to = Math.min(end - offset, piece.length);
        if (from < to) yield piece.subarray(from, to);
        offset += piece.length;
        if (offset >= end) return;
      }
    },
  };
}
