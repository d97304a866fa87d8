/** What was made of a content, on paper: fields, parts and lines that came and went, and the signatures that this breaks. */
import type { FieldDifference } from '../../mime/difference.ts';
import { decodeText } from '../../mime/encoded-word.ts';
import type { Paper, Style } from '../paper.ts';
import { octetsInWords } from '../queue/words.ts';
import type { ChangeAccount, PartAccount } from './account.ts';

/** So many lines of one text are shown. */
const MOST_LINES = 20;
/** So much of a value is shown, in characters. */
const LONGEST_VALUE = 400;

interface Mark {
  readonly sign: string;
  readonly style: Style;
}

const MARKS: Readonly<Record<PartAccount['kind'], Mark>> = {
  added: { sign: '+ ', style: 'good' },
  removed: { sign: '- ', style: 'bad' },
  changed: { sign: '~ ', style: 'warn' },
  moved: { sign: '> ', style: 'dim' },
};

/** `by`: named where no step does. */
export function changeOnPaper(
  paper: Paper,
  change: ChangeAccount,
  { indent, by }: { readonly indent: number; readonly by: string | null },
): void {
  const { header, parts, breaks, recipients, size } = change;
  if (header.length + parts.length + breaks.length === 0 && size.before === size.after) return;
  const inside = by === null ? indent : indent + 4;
  if (by !== null) {
    const whom = recipients.length === 0 ? '' : ` for ${recipients.join(' ')}`;
    paper.row([{ text: ' '.repeat(indent) }, { text: by }], `  changes the mail${whom}`, 'news');
  }
  const at = ' '.repeat(inside);
  for (const field of header) fieldOnPaper(paper, field, at);
  for (const part of parts) partOnPaper(paper, part, at);
  if (header.length + parts.length === 0) {
    paper.row([{ text: at }], `${octetsInWords(size.before)} become ${octetsInWords(size.after)}`, 'dim');
  }
  for (const one of breaks) paper.row([{ text: `${at}! `, style: 'bad' }], `${one} no longer verifies`, 'bad');
}

function fieldOnPaper(paper: Paper, field: FieldDifference, at: string): void {
  const { sign, style } = MARKS[field.kind];
  const line = (sign: string, style: Style, value: string) =>
    paper.row(
      [
        { text: `${at}${sign}`, style },
        { text: `${field.name}: `, style },
      ],
      shown(value),
      style,
    );
  if (field.kind !== 'changed') return line(sign, style, field.value);
  line('- ', 'bad', field.was);
  line('+ ', 'good', field.value);
}

function partOnPaper(paper: Paper, { kind, part, was, lines }: PartAccount, at: string): void {
  const { sign, style } = MARKS[kind];
  const before = was === null ? '' : beforeInWords(was, part);
  const name = part.name === null ? '' : ` "${part.name}"`;
  const what = `${placeOf(part.path)}: ${part.type}${name}, ${octetsInWords(part.size)}${before}`;
  paper.row([{ text: `${at}${sign}`, style }], what, style);
  for (const { kind: came, line } of lines.slice(0, MOST_LINES)) {
    const mark = MARKS[came];
    paper.row([{ text: `${at}  ${mark.sign}`, style: mark.style }], line === '' ? ' ' : line, mark.style);
  }
  if (lines.length > MOST_LINES) paper.row([{ text: `${at}  ` }], `and ${lines.length - MOST_LINES} more lines`, 'dim');
}

function beforeInWords(was: PartAccount['part'], is: PartAccount['part']): string {
  const differs = [
    ...(was.path === is.path ? [] : [placeOf(was.path)]),
    ...(was.type === is.type ? [] : [was.type]),
    ...(was.name === is.name ? [] : [was.name === null ? 'without a name' : `"${was.name}"`]),
    ...(was.size === is.size ? [] : [octetsInWords(was.size)]),
  ];
  return differs.length === 0 ? '' : `, before: ${differs.join(', ')}`;
}

function placeOf(path: string): string {
  return path === '' ? 'body' : `part ${path}`;
}

/** As a person reads it. */
function shown(value: string): string {
  const text = decodeText(value).replaceAll('\t', ' ');
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}… (${value.length} characters)`;
}
