/** What is different between two states of a mail: which fields of its header, and whether its body is. */
import { decodeText } from '../mime/encoded-word.ts';
import { type HeaderField, parseHeader } from '../mime/header.ts';

/** One field of either header. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly name: string;
  /** Decoded, on one line. */
  readonly text: string;
}

export interface MailDiff {
  /** In the order of the later header; what was removed stands where it was. */
  readonly fields: readonly DiffLine[];
  readonly body: 'same' | 'changed';
  /** Whether anything is different. */
  readonly changed: boolean;
}

/** Longer headers are not compared field by field: the work grows with the product of both. */
const MOST = 400;

/** Compares two states of a mail, the earlier one first. */
export function mailDiff(before: Buffer, after: Buffer): MailDiff {
  const [was, is] = [parseHeader(before), parseHeader(after)];
  const fields = linesBetween(was.fields.slice(0, MOST), is.fields.slice(0, MOST));
  const body = before.subarray(was.bodyStart).equals(after.subarray(is.bodyStart)) ? 'same' : 'changed';
  return { fields, body, changed: body === 'changed' || fields.some(({ kind }) => kind !== 'same') };
}

/** The longest common subsequence stays; everything else was added or removed. */
function linesBetween(was: readonly HeaderField[], is: readonly HeaderField[]): readonly DiffLine[] {
  const row = () => Array.from({ length: is.length + 1 }, () => 0);
  const lengths = [...was.map(row), row()];
  const length = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = was.length - 1; i >= 0; i -= 1) {
    for (let j = is.length - 1; j >= 0; j -= 1) {
      const row = lengths[i];
      if (row === undefined) continue;
      row[j] = areSame(was[i], is[j]) ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < was.length || j < is.length) {
    if (i < was.length && j < is.length && areSame(was[i], is[j])) {
      lines.push(line('same', is[j]));
      i += 1;
      j += 1;
    } else if (j >= is.length || (i < was.length && length(i + 1, j) >= length(i, j + 1))) {
      lines.push(line('removed', was[i]));
      i += 1;
    } else {
      lines.push(line('added', is[j]));
      j += 1;
    }
  }
  return lines;
}

function areSame(one: HeaderField | undefined, other: HeaderField | undefined): boolean {
  return one !== undefined && other !== undefined && one.raw.equals(other.raw);
}

function line(kind: DiffLine['kind'], field: HeaderField | undefined): DiffLine {
  return { kind, name: field?.name ?? '', text: decodeText(field?.value ?? '') };
}
