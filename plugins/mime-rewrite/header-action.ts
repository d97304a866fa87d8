/**
 * Actions on a header, each as edits of its octets and one sentence about them.
 *
 * Guarantee: fields that an action does not name keep every octet, and so do the values of those that it renames or tags.
 */
import {
  appendField,
  type Edit,
  foldField,
  type HeaderBlock,
  type HeaderField,
  prependField,
  setField,
  tagSubject,
  unfoldField,
} from '../../core/index.ts';
import type { HeaderAction, SubjectTagAction } from './action.ts';
import type { ActionEdit } from './bench.ts';

/** What to do to this header. */
export function headerEdit(header: HeaderBlock, action: HeaderAction | SubjectTagAction): ActionEdit {
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
      const fields = fieldsNamed(header, action.fields);
      return { edits: fields.map(without), what: `removed header field ${namesOf(fields)}` };
    }
    case 'rename': {
      const { from, to } = action;
      const edits = header.named(from).map(field => renamed(field, to));
      return { edits, what: `renamed header field ${from} to ${to}` };
    }
    case 'fold': {
      const { width } = action;
      const edits = fieldsNamed(header, action.fields).flatMap(field => {
        const edit = width === null ? unfoldField(field) : foldField(field, width);
        return edit === null ? [] : [edit];
      });
      return { edits, what: `${width === null ? 'unfolded' : 'folded'} header field ${action.fields.join(', ')}` };
    }
    case 'subjectTag': {
      const { tag, behindReplyMarks } = action;
      return { edits: tagSubject(header, { tag, behindReplyMarks }), what: `tagged the subject with ${tag.trim()}` };
    }
  }
}

function fieldsNamed(header: HeaderBlock, patterns: readonly string[]): readonly HeaderField[] {
  return header.fields.filter(({ name }) => patterns.some(pattern => isNamed(name, pattern)));
}

function isNamed(name: string, pattern: string): boolean {
  const [have, want] = [name.toLowerCase(), pattern.toLowerCase()];
  return want.endsWith('*') ? have.startsWith(want.slice(0, -1)) : have === want;
}

function namesOf(fields: readonly HeaderField[]): string {
  return [...new Set(fields.map(({ name }) => name))].join(', ');
}

function without({ start, end }: HeaderField): Edit {
  return { start, end, replacement: Buffer.alloc(0) };
}

function renamed({ start, name }: HeaderField, to: string): Edit {
  return { start, end: start + name.length, replacement: Buffer.from(to) };
}
