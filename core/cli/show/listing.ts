/** The mails of a mailbox, a line for each: number, date, author, subject. */
import { readHeader } from '../../mime/header.ts';
import { headerFields } from '../../reading/header-fields.ts';
import { octetsInWords } from '../queue/words.ts';
import { type Screen, safe } from './screen.ts';
import type { Mailbox } from './source.ts';
import { padded, widthOf, wrapped } from './text-width.ts';

/** One mail of a listing. Text is a stranger's. */
export interface ListedMail {
  readonly number: number;
  readonly size: number;
  readonly date: string | null;
  readonly from: string | null;
  readonly subject: string | null;
}

export async function* listed(mailbox: Mailbox): AsyncGenerator<ListedMail> {
  for await (const { number, open } of mailbox.mails()) {
    const content = await open();
    const read = await readHeader(content);
    const header = read.kind === 'header' ? headerFields(read.block) : null;
    const field = (name: string) => header?.shown.find(one => one.name.toLowerCase() === name) ?? null;
    const [author] = field('from')?.addresses ?? [];
    yield {
      number,
      size: content.size,
      date: field('date')?.text ?? null,
      from: author === undefined ? (field('from')?.text ?? null) : (author.name ?? author.address),
      subject: field('subject')?.text ?? null,
    };
  }
}

const NUMBER = 5;
const DATE = 16;
const FROM = 24;
const SIZE = 9;

/** One line, no wider than the screen. */
export function listedInWords({ number, size, date, from, subject }: ListedMail, { width }: Screen): string {
  const cells = [
    String(number).padStart(NUMBER),
    padded(dayOf(date), DATE),
    padded(cut(from ?? '(nobody)', FROM), FROM),
    octetsInWords(size).padStart(SIZE),
  ].join('  ');
  return `${cells}  ${cut(subject ?? '(no subject)', Math.max(width - cells.length - 2, 20))}`.trimEnd();
}

/** In UTC; what is no date as it is. */
function dayOf(date: string | null): string {
  const time = Date.parse(date ?? '');
  if (Number.isNaN(time)) return cut(date ?? '', DATE);
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

function cut(text: string, width: number): string {
  const shown = safe(text.replaceAll('\t', ' '));
  if (widthOf(shown) <= width) return shown;
  return `${wrapped(shown.replaceAll(' ', '\u00a0'), width - 1)[0] ?? ''}…`.replaceAll('\u00a0', ' ');
}
