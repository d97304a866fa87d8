/** What a charset does, and how where it does it character by character. */

/** Octets as text. */
export interface ReadText {
  readonly text: string;
  /** How many octets stand before a character. Takes time for what lies between this place and the one asked for before. */
  readonly octetsBefore: (position: number) => number;
  /** Of a charset with shifts: the escape sequence that holds at an offset, empty where that is ASCII. */
  readonly shiftAt?: (offset: number) => string;
}

/** A charset. */
export interface CharacterSet {
  readonly read: (octets: Buffer) => ReadText;
  /** The octets of a text. `otherwise` is asked what stands for a character that it lacks; of ASCII. */
  readonly write: (text: string, otherwise: (character: string) => string) => Buffer;
}

/** Character by character. `codePoint` is `null` for octets that are no character, as escape sequences are. */
export function readInSequence(
  octets: Buffer,
  decode: (at: number) => { readonly length: number; readonly codePoint: number | null },
): ReadText {
  const units = new Uint16Array(octets.length);
  const offsets = new Uint32Array(octets.length + 1);
  let size = 0;
  for (let at = 0; at < octets.length; ) {
    const { length, codePoint } = decode(at);
    const end = Math.min(at + length, octets.length);
    // Both halves of a character beyond the Basic Multilingual Plane stand where it stands.
    for (const unit of codePoint === null ? [] : unitsOf(codePoint)) {
      offsets[size] = at;
      units[size++] = unit;
    }
    at = end;
  }
  offsets[size] = octets.length;
  const text = Buffer.from(units.buffer, 0, size * 2).toString('utf16le');
  return { text, octetsBefore: position => offsets[position] ?? octets.length };
}

function unitsOf(codePoint: number): readonly number[] {
  if (codePoint <= 0xffff) return [codePoint];
  return [0xd800 + ((codePoint - 0x10000) >> 10), 0xdc00 + (codePoint & 0x3ff)];
}

/** The octets of a text, each character by itself. */
export function writeInSequence(
  text: string,
  octetsOf: (codePoint: number) => Buffer | null,
  otherwise: (character: string) => string,
): Buffer {
  const pieces: Buffer[] = [];
  for (const character of text) {
    pieces.push(octetsOf(character.codePointAt(0) ?? 0) ?? Buffer.from(otherwise(character), 'latin1'));
  }
  return Buffer.concat(pieces);
}
