/**
 * Actions on a header, each as edits of its octets and one sentence about them.
 *
 * Guarantee: fields that an action does not name keep every octet, and so do the values of those that it renames or tags.
 */
import {
  appendField,
  decodeText,
  type Edit,
  encodeText,
  type HeaderBlock,
  type HeaderField,
  prependField,
  setField,
} from '../../core/index.ts';
import type { Action } from './rule.ts';

/** What an action does to a header. No edits: nothing. */
export interface HeaderEdit {
  readonly edits: readonly Edit[];
  /** For the trace: `added header field X-Scanned`. */
  readonly what: string;
}

/** RFC 5322 section 2.1.1, without the line end. In octets. */
const LONGEST_LINE = 998;

/** What to do to this header. */
export function editsFor(header: HeaderBlock, action: Action): HeaderEdit {
  switch (action.kind) {
    case 'add': {
      const { field, value, at } = action;
      const edit = at === 'top' ? prependField(header, field, value) : appendField(header, field, value);
      return { edits: [edit], what: `added header field ${field}` };
    }
    case 'replace': {
      const { field, value } = action;
      const edits = header.first(field) === null ? [] : setField(header, field, value);
      return { edits, what: `replaced header field ${field}` };
    }
    case 'remove': {
      const fields = header.fields.filter(({ name }) => action.fields.some(pattern => isNamed(name, pattern)));
      const names = new Set(fields.map(field => field.name));
      return { edits: fields.map(without), what: `removed header field ${[...names].join(', ')}` };
    }
    case 'rename': {
      const { from, to } = action;
      const edits = header.named(from).map(field => renamed(field, to));
      return { edits, what: `renamed header field ${from} to ${to}` };
    }
    case 'subjectTag':
      return { edits: tagged(header, action.tag.trim()), what: `tagged the subject with ${action.tag.trim()}` };
  }
}

function isNamed(name: string, pattern: string): boolean {
  const [have, want] = [name.toLowerCase(), pattern.toLowerCase()];
  return want.endsWith('*') ? have.startsWith(want.slice(0, -1)) : have === want;
}

function without({ start, end }: HeaderField): Edit {
  return { start, end, replacement: Buffer.alloc(0) };
}

function renamed({ start, name }: HeaderField, to: string): Edit {
  return { start, end: start + name.length, replacement: Buffer.from(to) };
}

/** The tag goes in behind the colon: the subject itself keeps its octets, its blank and its folding. */
function tagged(header: HeaderBlock, tag: string): readonly Edit[] {
  const [subject] = header.named('subject');
  if (subject === undefined) return [appendField(header, 'Subject', tag)];
  if (decodeText(subject.value).includes(tag)) return [];
  const colon = subject.raw.indexOf(':') + 1;
  const [line = ''] = subject.raw.toString('latin1').split(/\r?\n/, 1);
  const written = encodedBefore(tag, subject.value);
  const fold = line.length + written.length > LONGEST_LINE ? '\r\n' : '';
  const blank = /^[ \t]|^$/.test(line.slice(colon)) ? '' : ' ';
  const at = subject.start + colon;
  return [{ start: at, end: at, replacement: Buffer.from(` ${written}${fold}${blank}`) }];
}

/** A tag as it must be written before a value: a blank between two encoded words is not shown (RFC 2047 section 6.2). */
function encodedBefore(tag: string, value: string): string {
  const [first = ''] = value.split(/[ \t]/, 1);
  const neighbour = /^=\?\S+\?=$/.test(first) ? first : 'x';
  return encodeText(`${tag} ${neighbour}`).slice(0, -` ${neighbour}`.length);
}
