/**
 * Content as it follows a 354: each dot at the start of a line is doubled, and a dot of its own ends it (RFC 5321 section
 * 4.5.2). Takes lines that end with CRLF, and nothing else (see `line-safe.ts`).
 */

const LF = 0x0a;
const DOT = 0x2e;
const DOT_AT_LINE_START = Buffer.from('\n.');
const END = Buffer.from('.\r\n');
/** The end needs a line of its own (RFC 5321 section 4.1.1.4): a last line without a line end gets one. */
const LINE_END_AND_END = Buffer.from('\r\n.\r\n');

/** All of it in one piece, its end included. */
export function withDots(octets: Buffer): Buffer {
  const dots = new Dots();
  return Buffer.concat([dots.feed(octets), dots.end()]);
}

/** The same piece by piece. */
export class Dots {
  #last = LF;

  /** The next piece. Where no line of it starts with a dot it is the same. */
  feed(octets: Buffer): Buffer {
    const first = this.#last === LF && octets[0] === DOT ? 0 : octets.indexOf(DOT_AT_LINE_START);
    const doubled = first === -1 ? octets : this.#double(octets, first);
    this.#last = octets[octets.length - 1] ?? this.#last;
    return doubled;
  }

  end(): Buffer {
    return this.#last === LF ? END : LINE_END_AND_END;
  }

  /** One pass, so that lines that are all dots cost no more than others. No dot before `from` starts a line. */
  #double(octets: Buffer, from: number): Buffer {
    const out = Buffer.allocUnsafe(from + (octets.length - from) * 2);
    let length = octets.copy(out, 0, 0, from);
    let last = from === 0 ? this.#last : (octets[from - 1] ?? LF);
    for (let at = from; at < octets.length; at += 1) {
      const octet = octets[at] ?? DOT;
      if (octet === DOT && last === LF) out[length++] = DOT;
      out[length++] = octet;
      last = octet;
    }
    return out.subarray(0, length);
  }
}
