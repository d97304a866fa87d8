/**
 * The charsets that text is edited in: characters as octets, both ways, and where each stands.
 *
 * Reading knows every label that the platform's decoder knows. Writing is stricter than reading: `iso-8859-1` means
 * windows-1252 to browsers, and `us-ascii` too, but not to every mail reader; so only what the label itself promises is
 * written.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { type CharacterSet, type ReadText, readInSequence, writeInSequence } from './character-sequence.ts';
import { characterTable } from './character-table.ts';
import { decodeUnlabelled } from './charset.ts';
import { ISO_2022_JP } from './iso-2022-jp.ts';

/** RFC 2046 section 4.1.2 and the names of it in the IANA registry. */
const ASCII_LABEL =
  /^(?:us-ascii|ascii|us|ansi_x3\.4-19(?:68|86)|iso_646\.irv:1991|iso646-us|iso-ir-6|cp367|ibm367|csascii)$/;
/** Their octets 80 to 9F are control characters by their own tables, and letters in what browsers read them as. */
const ISO_8859_LABEL = /^(?:.*8859.*|latin[0-9]+|l[0-9]|tis-620|iso-ir-[0-9]+|csisolatin.*)$/;
/** The two rows of ninety-four that the old names mean, and not what vendors added around them. */
const OLD_PAIRED_LABEL = /^(?:euc-kr|cseuckr|gb2312|csgb2312|gb_2312(?:-80)?|csiso58gb231280)$/;

const sets = new Map<string, CharacterSet | null>();

/** The charset of that label, or `null` where nobody here knows it. Without a label, text is what `decodeUnlabelled` reads. */
export function characterSet(label: string): CharacterSet | null {
  const known = sets.get(label);
  if (known !== undefined) return known;
  const set = labelled(label);
  // Labels come out of mail: only those of charsets that exist are kept.
  if (set !== null) sets.set(label, set);
  return set;
}

function labelled(label: string): CharacterSet | null {
  if (ASCII_LABEL.test(label)) return UNLABELLED;
  const encoding = encodingOf(label);
  switch (encoding) {
    case null:
    case 'x-user-defined':
      return null;
    case 'utf-8':
      return UTF_8;
    case 'utf-16le':
    case 'utf-16be':
      return sixteenBits(encoding);
    case 'iso-2022-jp':
      return ISO_2022_JP;
    default:
      return byTable(encoding, label);
  }
}

function encodingOf(label: string): string | null {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

export const UTF_8: CharacterSet = {
  read: octets => (isUtf8(octets) ? readUtf8(octets) : readBroken(octets)),
  write: text => Buffer.from(text),
};

/** Text that names no charset, or one that is not known: read as UTF-8 or windows-1252, written in ASCII. */
export const UNLABELLED: CharacterSet = {
  read: octets => (isUtf8(octets) ? readUtf8(octets) : { text: decodeUnlabelled(octets), octetsBefore: Number }),
  write: (text, otherwise) => Buffer.from(text.replaceAll(/[^\x00-\x7f]/gu, otherwise), 'latin1'),
};

function readUtf8(octets: Buffer): ReadText {
  const text = octets.toString('utf8');
  if (isAscii(octets)) return { text, octetsBefore: Number };
  let [place, offset] = [0, 0];
  return {
    text,
    octetsBefore(position) {
      if (position < place) [place, offset] = [0, 0];
      offset += Buffer.byteLength(text.slice(place, position));
      place = position;
      return offset;
    },
  };
}

const UTF_8_SEQUENCE =
  /[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/y;

/** UTF-8 that is broken somewhere: each octet that belongs to no character is one U+FFFD. */
function readBroken(octets: Buffer): ReadText {
  const latin1 = octets.toString('latin1');
  return readInSequence(octets, at => {
    UTF_8_SEQUENCE.lastIndex = at;
    const length = UTF_8_SEQUENCE.exec(latin1)?.[0].length;
    if (length === undefined) return { length: 1, codePoint: 0xfffd };
    return { length, codePoint: octets.toString('utf8', at, at + length).codePointAt(0) ?? 0 };
  });
}

function byTable(encoding: string, label: string): CharacterSet {
  const { at, octetsOf } = characterTable(encoding, octets => mayWrite(octets, encoding, label));
  const single = !/^(?:gb18030|gbk|big5|euc-jp|shift_jis|euc-kr)$/.test(encoding);
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return {
    read: octets =>
      single || isAscii(octets)
        ? { text: decoder.decode(octets), octetsBefore: Number }
        : readInSequence(octets, offset => at(octets, offset)),
    write: (text, otherwise) => writeInSequence(text, octetsOf, otherwise),
  };
}

function mayWrite(octets: Buffer, encoding: string, label: string): boolean {
  const [first = 0, second = 0] = octets;
  if (octets.length === 1) {
    if (first < 0x80) return true;
    if (ISO_8859_LABEL.test(label)) return first > 0x9f;
    return encoding === 'shift_jis' || !/^(?:gb18030|gbk|big5|euc-jp|euc-kr)$/.test(encoding);
  }
  if (octets.length === 4) return label === 'gb18030';
  if (OLD_PAIRED_LABEL.test(label)) return first > 0xa0 && second > 0xa0;
  // As browsers write: without the rows that Hong Kong added, and those that stand twice.
  if (encoding === 'big5') return first > 0xa0;
  return encoding !== 'shift_jis' || (first !== 0xed && first !== 0xee);
}

/** Not for text in mail (RFC 2781 section 4), and seen there. */
function sixteenBits(encoding: 'utf-16le' | 'utf-16be'): CharacterSet {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return {
    read: octets => ({
      text: decoder.decode(octets),
      octetsBefore: position => Math.min(position * 2, octets.length),
    }),
    write(text) {
      const octets = Buffer.from(text, 'utf16le');
      return encoding === 'utf-16le' ? octets : octets.swap16();
    },
  };
}
