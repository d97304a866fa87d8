/** A tag before the subject: `[EXT] `. The subject itself keeps its octets, its blanks and its folding. */
import type { Edit } from './edit.ts';
import { decodeText, encodeText } from './encoded-word.ts';
import type { HeaderBlock, HeaderField } from './header.ts';
import { appendField } from './header-edit.ts';

/** The tag, and where it goes. */
export interface SubjectTag {
  /** One line. Blanks around it do not matter: one stands behind it. */
  readonly tag: string;
  /** Whether it goes behind `Re:`, `AW:`, `Fwd:` and the like, which clients look for in front to sort by subject. */
  readonly behindReplyMarks: boolean;
}

/** RFC 5322 section 2.1.1, without the line end. In octets. */
const LINE = 78;
/** As clients of several languages write them, with a count as some do: `Re[2]:`. */
const REPLY_MARK =
  /(?:re|aw|antw|sv|vs|r|rif|res|odp|ynt|ref|fwd?|wg|tr|rv|enc|i|vl|doorst)(?:\[[0-9]+\]|\([0-9]+\))?[ \t]*:/iy;
const BLANKS = /(?:[ \t]|\r?\n(?=[ \t]))*/y;
const OTHER_TAG = /\[[^\]]*\]/y;

/**
 * The edits that put the tag before the subject; none where it has it already, in front or behind reply marks and other
 * tags in brackets. A mail without subject gets one.
 */
export function tagSubject(header: HeaderBlock, { tag, behindReplyMarks }: SubjectTag): readonly Edit[] {
  const written = tag.trim();
  const [subject] = header.named('subject');
  if (written === '') return [];
  if (subject === undefined) return [appendField(header, 'Subject', written)];
  return hasTag(decodeText(subject.value), written) ? [] : [inFront(subject, written, behindReplyMarks)];
}

function hasTag(subject: string, tag: string): boolean {
  for (let at = past(BLANKS, subject, 0); ; at = past(BLANKS, subject, at)) {
    if (subject.startsWith(tag, at)) return true;
    const next = past(REPLY_MARK, subject, at);
    const end = next === at ? past(OTHER_TAG, subject, at) : next;
    if (end === at) return false;
    at = end;
  }
}

function inFront(subject: HeaderField, tag: string, behindReplyMarks: boolean): Edit {
  const raw = subject.raw.toString('latin1');
  let place = raw.indexOf(':') + 1;
  for (let marked = behindReplyMarks; marked; ) {
    const end = past(REPLY_MARK, raw, past(BLANKS, raw, place));
    marked = end > past(BLANKS, raw, place);
    if (marked) place = end;
  }
  const rest = raw.slice(place);
  const written = encodedBefore(tag, rest.trimStart());
  const lineStart = raw.lastIndexOf('\n', place) + 1;
  const lineEnd = /\r?\n|$/.exec(rest)?.index ?? 0;
  const isLong = place - lineStart + lineEnd + written.length + 1 > LINE && rest.slice(0, lineEnd).trim() !== '';
  const blank = /^[ \t\r\n]|^$/.test(rest) ? '' : ' ';
  const at = subject.start + place;
  return { start: at, end: at, replacement: Buffer.from(` ${written}${isLong ? '\r\n' : ''}${blank}`) };
}

/** A tag as it must be written before a value: a blank between two encoded words is not shown (RFC 2047 section 6.2). */
function encodedBefore(tag: string, value: string): string {
  const [first = ''] = value.split(/[ \t\r\n]/, 1);
  const neighbour = /^=\?\S+\?=$/.test(first) ? first : 'x';
  return encodeText(`${tag} ${neighbour}`).slice(0, -` ${neighbour}`.length);
}

function past(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
