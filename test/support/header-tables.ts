/** Tables of header field values in the corpus: jsmime of Thunderbird, and Stalwart's mail-parser. */
import { readFileSync } from 'node:fs';
import { parseHeader } from '../../core/mime/header.ts';
import { corpus } from './corpus.ts';

/** One row: a field value, or several, and what is made of it. */
export interface Row<W> {
  /** For a deviation to be named by: the suite and the number of the row in it, from 0. */
  readonly id: string;
  readonly values: readonly string[];
  readonly want: W;
}

/** The rows of the jsmime suites whose title, or whose first row, is as asked. */
export function jsmimeRows<W>(asked: (suite: string, want: unknown) => boolean): readonly Row<W>[] {
  const text = readFileSync(corpus('address', 'thunderbird-jsmime', 'header-tables.json'), 'utf8');
  const suites = Object.values(
    JSON.parse(text) as Record<string, { suite: string; cases: [string | string[], W][] }[]>,
  );
  return suites
    .flat()
    .filter(({ suite, cases }) => cases.some(([, want]) => asked(suite, want)))
    .flatMap(({ suite, cases }) =>
      cases.map(([value, want], index) => ({
        id: `${suite.split(' / ')[1]} ${index}`,
        values: [value].flat().map(unfolded),
        want,
      })),
    );
}

/** The rows of one of Stalwart's tables. */
export function stalwartRows<W>(table: string): readonly Row<W>[] {
  const text = readFileSync(corpus('address', 'stalwart-mail-parser', `${table}.json`), 'utf8');
  const cases = JSON.parse(text) as { header: string; expected: W }[];
  return cases.map(({ header, expected }, index) => ({ id: `${index}`, values: [unfolded(header)], want: expected }));
}

/** A field value as the header block gives it: unfolded, one character an octet. */
function unfolded(text: string): string {
  return parseHeader(Buffer.from(`X: ${text.trim()}\r\n\r\n`)).first('x') ?? '';
}
