/** ISO-2022-JP (RFC 1468): two octets of seven bits a character, between escape sequences. A line ends in ASCII. */
import { isAscii } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { type CharacterSet, readInSequence } from './character-sequence.ts';

const ESCAPE = 0x1b;
const LF = 0x0a;
const REPLACEMENT = 0xfffd;
/** What holds at the start of each line. */
export const TO_ASCII = '\x1b(B';
const TO_JIS = '\x1b$B';
const SHIFT = /\x1b(?:\([BJI]|\$[@B]|[\x20-\x2f]+[\x30-\x7e])/y;
/** Vendors put characters of their own into row 13, and behind the last row of JIS X 0208. */
const VENDORS_ROW = 0x2d;
const LAST_ROW = 0x74;

interface Kanji {
  /** By `first << 8 | second`; 0 where there is none. */
  readonly codePoints: Uint16Array;
  readonly octets: ReadonlyMap<number, string>;
}

let kanji: Kanji | null = null;

/** Edits put ASCII before what they write, and bring back the shift that held behind it. */
export const ISO_2022_JP: CharacterSet = {
  read(octets) {
    if (!octets.includes(ESCAPE))
      return { text: octets.toString('latin1').replaceAll(/[\x80-\xff]/g, '\ufffd'), octetsBefore: Number };
    const text = octets.toString('latin1');
    const { codePoints } = (kanji ??= kanjiTable());
    let shift = TO_ASCII;
    const shifts: Shift[] = [];
    const hold = (next: string, offset: number) => {
      if (next !== shift) shifts.push({ offset, shift: next });
      shift = next;
    };
    const read = readInSequence(octets, at => {
      const octet = octets[at] ?? 0;
      if (octet === ESCAPE) {
        const found = shiftIn(text, at);
        if (found === null) return { length: 1, codePoint: ESCAPE };
        hold(found, at + found.length);
        return { length: found.length, codePoint: null };
      }
      if (octet < 0x20) {
        if (octet === LF) hold(TO_ASCII, at + 1);
        return { length: 1, codePoint: octet };
      }
      return shifted(octets, at, shift, codePoints);
    });
    return { ...read, shiftAt: offset => shiftAt(shifts, offset) };
  },

  write(text, otherwise) {
    const { octets } = (kanji ??= kanjiTable());
    let written = '';
    let shift = TO_ASCII;
    const put = (wanted: string, sequence: string) => {
      written += (shift === wanted ? '' : wanted) + sequence;
      shift = wanted;
    };
    for (const character of text) {
      const pair = octets.get(character.codePointAt(0) ?? 0);
      if (pair !== undefined) put(TO_JIS, pair);
      else put(TO_ASCII, isAscii(Buffer.from(character)) ? character : otherwise(character));
    }
    put(TO_ASCII, '');
    return Buffer.from(written, 'latin1');
  },
};

/** From this offset on. */
interface Shift {
  readonly offset: number;
  readonly shift: string;
}

function shiftAt(shifts: readonly Shift[], offset: number): string {
  let [low, high] = [0, shifts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shifts[middle]?.offset ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const shift = shifts[low - 1]?.shift ?? TO_ASCII;
  return shift === TO_ASCII ? '' : shift;
}

function shiftIn(text: string, at: number): string | null {
  SHIFT.lastIndex = at;
  return SHIFT.exec(text)?.[0] ?? null;
}

function shifted(octets: Buffer, at: number, shift: string, codePoints: Uint16Array) {
  const octet = octets[at] ?? 0;
  switch (shift) {
    case TO_ASCII:
      return { length: 1, codePoint: octet < 0x80 ? octet : REPLACEMENT };
    case '\x1b(J':
      return { length: 1, codePoint: ROMAN.get(octet) ?? (octet < 0x80 ? octet : REPLACEMENT) };
    case '\x1b(I':
      return { length: 1, codePoint: octet > 0x20 && octet < 0x60 ? octet + 0xff40 : REPLACEMENT };
    case TO_JIS:
    case '\x1b$@': {
      const codePoint = codePoints[(octet << 8) | (octets[at + 1] ?? 0)] ?? 0;
      return codePoint === 0 ? { length: 1, codePoint: REPLACEMENT } : { length: 2, codePoint };
    }
    default:
      return { length: 1, codePoint: REPLACEMENT };
  }
}

/** JIS X 0201: yen sign and overline. */
const ROMAN: ReadonlyMap<number, number> = new Map([
  [0x5c, 0xa5],
  [0x7e, 0x203e],
]);

/** Made by the platform's decoder, as `characterTable` is. */
function kanjiTable(): Kanji {
  const decoder = new TextDecoder('iso-2022-jp');
  const codePoints = new Uint16Array(65_536);
  const octets = new Map<number, string>();
  for (let first = 0x21; first < 0x7f; first += 1) {
    for (let second = 0x21; second < 0x7f; second += 1) {
      const pair = String.fromCharCode(first, second);
      const text = decoder.decode(Buffer.from(`${TO_JIS}${pair}${TO_ASCII}`, 'latin1'));
      const codePoint = text.codePointAt(0) ?? REPLACEMENT;
      if (text.length !== 1 || codePoint === REPLACEMENT) continue;
      codePoints[(first << 8) | second] = codePoint;
      const isWritten = first !== VENDORS_ROW && first <= LAST_ROW && codePoint > 0x7f;
      if (isWritten && !octets.has(codePoint)) octets.set(codePoint, pair);
    }
  }
  return { codePoints, octets };
}
