/**
 * Which octets a character is, in the charsets whose characters are sequences of one to four octets without state.
 *
 * Made when it is first needed, by letting the platform's decoder read every sequence: what is written is then, by
 * construction, what is read here, and no tables are to be kept. Costs some 60 ms a charset, once.
 */
import { TextDecoder } from 'node:util';

/** A character in octets: how many there are, and its code point; U+FFFD where they are no character. */
export interface Decoded {
  readonly length: number;
  readonly codePoint: number;
}

/** Both ways. */
export interface CharacterTable {
  /** The character that starts here. In a broken sequence an octet of ASCII still stands for itself, as in decoders. */
  readonly at: (octets: Buffer, at: number) => Decoded;
  /** The octets of a character, or `null` where the charset lacks it. */
  readonly octetsOf: (codePoint: number) => Buffer | null;
}

const NONE = -1;
const REPLACEMENT = 0xfffd;
const PAIRED: ReadonlySet<string> = new Set(['gb18030', 'gbk', 'big5', 'euc-jp', 'shift_jis', 'euc-kr']);
/** GB 18030 section 4: sequences of four, numbered; these are the characters of the Basic Multilingual Plane. */
const FOURS = 39_420;
const FIRST_ASTRAL = 189_000;
const LAST_CODE_POINT = 0x10ffff;

/** `encoding` as `TextDecoder.encoding` names it. `mayWrite`: which sequences software of all ages can read. */
export function characterTable(encoding: string, mayWrite: (octets: Buffer) => boolean): CharacterTable {
  const decode = codePointDecoder(encoding);
  const written = new Map<number, Buffer>();
  const learn = (octets: Buffer): number => {
    const codePoint = decode(octets);
    const isNew = !written.has(codePoint) || (encoding === 'big5' && octets.length === 2);
    if (codePoint !== NONE && isNew && !isPrivate(codePoint) && mayWrite(octets)) written.set(codePoint, octets);
    return codePoint;
  };
  const singles = Int32Array.from({ length: 256 }, (_, octet) => learn(Buffer.of(octet)));
  const isLead = (octet: number) => octet > 0x80 && singles[octet] === NONE;
  const paired = PAIRED.has(encoding);
  const pairs = paired ? pairTable(octets => (isLead(octets[0] ?? 0) ? learn(octets) : NONE)) : new Int32Array(0);
  // JIS X 0212 is read and not written: few programs know it.
  const triples = encoding === 'euc-jp' ? pairTable(pair => decode(Buffer.concat([Buffer.of(0x8f), pair]))) : null;
  const inFours = encoding.startsWith('gb');
  const fours = inFours ? Int32Array.from({ length: FOURS }, (_, number) => learn(fourOctets(number))) : null;
  const astral = inFours && mayWrite(fourOctets(FIRST_ASTRAL));

  return {
    at(octets, at) {
      const first = octets[at] ?? 0;
      const single = singles[first] ?? NONE;
      if (single !== NONE) return { length: 1, codePoint: single };
      const second = octets[at + 1];
      if (!paired || second === undefined) return { length: 1, codePoint: REPLACEMENT };
      const pair = pairs[(first << 8) | second] ?? NONE;
      if (pair !== NONE) return { length: 2, codePoint: pair };
      const third = octets[at + 2];
      const triple = first === 0x8f && third !== undefined ? (triples?.[(second << 8) | third] ?? NONE) : NONE;
      if (triple !== NONE) return { length: 3, codePoint: triple };
      const four = fours === null ? NONE : fourAt(octets, at, fours);
      if (four !== NONE) return { length: 4, codePoint: four };
      return { length: second < 0x80 ? 1 : 2, codePoint: REPLACEMENT };
    },
    octetsOf(codePoint) {
      if (codePoint > 0xffff && astral) return fourOctets(codePoint - 0x10000 + FIRST_ASTRAL);
      return written.get(codePoint) ?? null;
    },
  };
}

/** One code point from octets, or -1 where they are none or several. A strict decoder throws, which takes much longer. */
function codePointDecoder(encoding: string): (octets: Buffer) => number {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return octets => {
    const text = decoder.decode(octets);
    const codePoint = text.codePointAt(0) ?? REPLACEMENT;
    return codePoint !== REPLACEMENT && text.length === (codePoint > 0xffff ? 2 : 1) ? codePoint : NONE;
  };
}

/** What each pair of octets is, by `first << 8 | second`. */
function pairTable(codePointOf: (octets: Buffer) => number): Int32Array {
  const table = new Int32Array(65_536).fill(NONE);
  for (let first = 0x81; first < 0xff; first += 1) {
    for (let second = 0x40; second < 0xff; second += 1) {
      table[(first << 8) | second] = codePointOf(Buffer.of(first, second));
    }
  }
  return table;
}

function fourOctets(number: number): Buffer {
  return Buffer.of(
    0x81 + Math.floor(number / 12_600),
    0x30 + (Math.floor(number / 1260) % 10),
    0x81 + (Math.floor(number / 10) % 126),
    0x30 + (number % 10),
  );
}

function fourAt(octets: Buffer, at: number, fours: Int32Array): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = octets.subarray(at, at + 4);
  const isFour = first > 0x80 && first < 0xff && isDigit(second) && third > 0x80 && third < 0xff && isDigit(fourth);
  if (!isFour) return NONE;
  const number = (((first - 0x81) * 10 + second - 0x30) * 126 + third - 0x81) * 10 + fourth - 0x30;
  if (number < FOURS) return fours[number] ?? NONE;
  const codePoint = number - FIRST_ASTRAL + 0x10000;
  return codePoint >= 0x10000 && codePoint <= LAST_CODE_POINT ? codePoint : NONE;
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

/** Every machine shows another character here, or none. */
function isPrivate(codePoint: number): boolean {
  return codePoint >= 0xe000 && codePoint <= 0xf8ff;
}
