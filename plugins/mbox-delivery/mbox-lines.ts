/**
 * Content as the lines of an mbox file: LF line ends, and From_ lines quoted so that none is taken for the next mail.
 *
 * `mboxrd` quotes `From ` and every `>From `, `>>From ` after it, so a reader can undo it exactly. `mboxo` quotes
 * `From ` alone, which nobody can undo. `mboxcl2` quotes nothing: a Content-Length field says where the next mail begins.
 * Holds back five octets at most, whatever the lines' length.
 */

/** The dialects. */
export type MboxFormat = 'mboxrd' | 'mboxo' | 'mboxcl2';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x3e;
const FROM = Buffer.from('From ');
const LINE_END = Buffer.from('\n');
const NOTHING = Buffer.alloc(0);

/** Converts pieces of content to mbox lines; the last line gets an end if it has none. */
export async function* mboxLines(pieces: AsyncIterable<Buffer>, format: MboxFormat): AsyncGenerator<Buffer> {
  const lines = new LineQuoter(format);
  for await (const piece of pieces) {
    const done = lines.push(piece);
    if (done.length > 0) yield done;
  }
  const rest = lines.end();
  if (rest.length > 0) yield rest;
}

/** Content that is in memory as mbox lines, to be written one after the other. */
export function mboxLinesOf(octets: Buffer, format: MboxFormat): readonly Buffer[] {
  const lines = new LineQuoter(format);
  return [lines.push(octets), lines.end()];
}

/** What must be known between two pieces. */
class LineQuoter {
  readonly #format: MboxFormat;
  /** Octets that the next piece decides about: a CR, or the beginning of `From `. */
  #held: Buffer = NOTHING;
  /** Whether `From ` here would be a From_ line: at the start of a line, in mboxrd after `>` too. */
  #atStart = true;
  #lastOctet = LF;

  constructor(format: MboxFormat) {
    this.#format = format;
  }

  push(piece: Buffer): Buffer {
    const octets = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    // Room for a quote before every `From `, if there were nothing else.
    const out = Buffer.allocUnsafe(octets.length + Math.ceil(octets.length / FROM.length));
    let size = 0;
    let written = 0;
    let at = 0;
    while (at < octets.length) {
      if (this.#format === 'mboxcl2') this.#atStart = false;
      else if (this.#atStart) {
        if (this.#format === 'mboxrd') while (octets[at] === QUOTE) at += 1;
        const match = lengthOfFrom(octets, at);
        if (match < FROM.length && at + match === octets.length) break;
        this.#atStart = false;
        if (match === FROM.length) {
          size += octets.copy(out, size, written, at);
          out[size] = QUOTE;
          size += 1;
          written = at;
        }
      }
      const end = octets.indexOf(LF, at);
      if (end === -1) {
        at = octets.at(-1) === CR ? octets.length - 1 : octets.length;
        break;
      }
      if (octets[end - 1] === CR) {
        size += octets.copy(out, size, written, end - 1);
        written = end;
      }
      at = end + 1;
      this.#atStart = true;
    }
    size += octets.copy(out, size, written, at);
    this.#held = Buffer.from(octets.subarray(at));
    return this.#pass(out.subarray(0, size));
  }

  end(): Buffer {
    const last = this.#pass(this.#held);
    return this.#lastOctet === LF ? last : Buffer.concat([last, LINE_END]);
  }

  #pass(octets: Buffer): Buffer {
    this.#lastOctet = octets.at(-1) ?? this.#lastOctet;
    return octets;
  }
}

/** How many octets of `From ` stand there. */
function lengthOfFrom(octets: Buffer, at: number): number {
  let match = 0;
  while (match < FROM.length && octets[at + match] === FROM[match]) match += 1;
  return match;
}
