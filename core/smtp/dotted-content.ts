/**
 * What follows 354: content with its leading dots doubled, and a line of one dot at its end (RFC 5321 sections 4.1.1.4
 * and 4.5.2).
 *
 * Guarantee: CRLF . CRLF is the only end, wherever the octets are cut, and nothing behind it is looked at. A dot is taken
 * off where a line begins and goes on; of what merely resembles an end (LF . LF, CRLF . CR and the like) all octets stay,
 * for the line ends to be judged by others.
 */

/** What came of one piece. */
export interface Undotted {
  /** Content without the dots of the transport. */
  readonly octets: Buffer;
  /** Where in the piece the end is over, or `null` where it has not come. */
  readonly end: number | null;
}

const LF = 10;
const CR = 13;
const DOT = 46;
const NOTHING: Buffer = Buffer.alloc(0);
const DOT_AT_LINE_START = Buffer.from('\n.');

/** Where the next octet stands. */
type Place =
  /** `crlf`: a CRLF, or the very beginning, is before it. `lf`: an LF alone is. */
  { readonly after: 'crlf' | 'lf' } | 'inside';

export class DottedContent {
  #place: Place = { after: 'crlf' };
  /** Of the last piece: only with the next one can be told what these mean (`.`, `.` CR). */
  #held = NOTHING;
  #last = LF;

  /** Takes the next piece. Not to be called again once the end has come. */
  feed(piece: Buffer): Undotted {
    const held = this.#held.length;
    const whole = held === 0 ? piece : Buffer.concat([this.#held, piece]);
    this.#held = NOTHING;
    const kept = new Kept(whole);
    let at = 0;
    while (at < whole.length) {
      if (this.#place === 'inside') {
        at = this.#toNextLine(whole, at);
        continue;
      }
      const meaning = meaningOf(whole, at, this.#place.after);
      if (meaning === 'undecided') {
        this.#held = whole.subarray(at);
        return { octets: kept.end(at), end: null };
      }
      if (meaning === 'end') return { octets: kept.end(at), end: at + 3 - held };
      if (meaning === 'stuffed') {
        kept.skip(at);
        at += 1;
      }
      this.#place = 'inside';
    }
    return { octets: kept.end(whole.length), end: null };
  }

  /** Goes on to where a line begins with a dot, or to the end of what there is. */
  #toNextLine(whole: Buffer, from: number): number {
    const found = whole.indexOf(DOT_AT_LINE_START, from);
    const lf = found !== -1 ? found : whole[whole.length - 1] === LF ? whole.length - 1 : -1;
    const before = lf > 0 ? whole[lf - 1] : this.#last;
    this.#last = whole[whole.length - 1] ?? this.#last;
    if (lf === -1) return whole.length;
    this.#place = { after: before === CR ? 'crlf' : 'lf' };
    return lf + 1;
  }
}

/** What the octets at the beginning of a line are. */
function meaningOf(octets: Buffer, at: number, after: 'crlf' | 'lf'): 'end' | 'stuffed' | 'text' | 'undecided' {
  if (octets[at] !== DOT) return 'text';
  const next = octets[at + 1];
  if (next === undefined) return 'undecided';
  if (next !== CR) return next === LF ? 'text' : 'stuffed';
  const last = octets[at + 2];
  if (last === undefined) return 'undecided';
  return last === LF && after === 'crlf' ? 'end' : 'text';
}

/** The octets of a piece but for those that are skipped: a view where none is, one copy where some are. */
class Kept {
  readonly #octets: Buffer;
  #copy: Buffer | null = null;
  #length = 0;
  #from = 0;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  skip(at: number): void {
    this.#copy ??= Buffer.allocUnsafe(this.#octets.length);
    this.#length += this.#octets.copy(this.#copy, this.#length, this.#from, at);
    this.#from = at + 1;
  }

  end(at: number): Buffer {
    if (this.#copy === null) return this.#octets.subarray(0, at);
    this.#length += this.#octets.copy(this.#copy, this.#length, this.#from, at);
    return this.#copy.subarray(0, this.#length);
  }
}
