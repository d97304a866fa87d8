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

/** A suite of jsmime: its cases are rows of `[value, want]`, or `[octets, want, charset]`. */
interface Suite {
  readonly suite: string;
  readonly cases: readonly (readonly [string | readonly string[], unknown, string?])[];
}

const isAddress = (want: unknown) => Array.isArray(want) && typeof want[0] === 'object' && 'name' in want[0];

/** What the suites are about. */
const KINDS = {
  addresses: ({ suite, cases }: Suite) =>
    suite.includes('parseAddressingHeader') || cases.some(([, want]) => isAddress(want)),
  parameters: ({ suite }: Suite) => suite.includes('parseParameterHeader'),
  types: ({ suite }: Suite) => suite.endsWith('/ Content-Type'),
  encodings: ({ suite }: Suite) => suite.endsWith('/ Content-Transfer-Encoding'),
  words: ({ suite }: Suite) => suite.includes('decodeRFC2047Words'),
  text: ({ suite }: Suite) => /\/ (?:Comments|Content-Description|Keywords|Subject)$/.test(suite),
  octets: ({ suite }: Suite) => suite.endsWith('/ 8-bit header processing'),
} as const;

function suites(): readonly Suite[] {
  const text = readFileSync(corpus('address', 'thunderbird-jsmime', 'header-tables.json'), 'utf8');
  return Object.values(JSON.parse(text) as Record<string, readonly Suite[]>).flat();
}

const titleOf = ({ suite }: Suite) => suite.split(' / ')[1] ?? suite;

/** The suites that no test reads. */
export function jsmimeSuitesLeft(): readonly string[] {
  const kinds = Object.values(KINDS);
  return suites()
    .filter(suite => !kinds.some(isOf => isOf(suite)))
    .map(titleOf);
}

/** The rows of jsmime's suites of one kind. */
export function jsmimeRows<W>(kind: Exclude<keyof typeof KINDS, 'octets'>): readonly Row<W>[] {
  return suites()
    .filter(KINDS[kind])
    .flatMap(suite =>
      suite.cases.map(([value, want], index) => ({
        id: `${titleOf(suite)} ${index}`,
        values: [value].flat().map(unfolded),
        want: want as W,
      })),
    );
}

/** Values of octets beyond ASCII, one character an octet. Each is said to be in a charset that no field could name. */
export function jsmimeOctetRows(): readonly Row<string>[] {
  const cases = suites()
    .filter(KINDS.octets)
    .flatMap(suite => suite.cases);
  return cases.map(([octets, want, charset], index) => ({
    id: `${index} ${charset ?? ''}`,
    values: [octets].flat(),
    want: String(want),
  }));
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
