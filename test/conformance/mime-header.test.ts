/** Parameters, media types and encoded words against the tables of other projects. */
import { test } from 'vitest';
import { decodeText } from '../../core/mime/encoded-word.ts';
import { parseParameterized } from '../../core/mime/field-parameters.ts';
import { parseMediaType } from '../../core/mime/media-type.ts';
import { parseTree } from '../../core/mime/tree.ts';
import { describeWithCorpus } from '../support/corpus.ts';
import { jsmimeOctetRows, jsmimeRows, stalwartRows } from '../support/header-tables.ts';
import { compared, tally } from '../support/tally.ts';

type Parameters = Readonly<Record<string, string>>;

const sorted = (parameters: Parameters) =>
  Object.entries(parameters).toSorted(([one], [other]) => (one < other ? -1 : 1));

/** The parameters, each in the form that counts. */
function firstOfEach(value: string): Parameters {
  const all: Record<string, string> = {};
  for (const each of parseParameterized(value).parameters) all[each.name] ??= each.value;
  return all;
}

function typeOf(value: string): string | null {
  const type = parseMediaType(value);
  return type === null ? null : `${type.type}/${type.subtype}`;
}

interface StalwartType {
  readonly c_type: string;
  readonly c_subtype: string | null;
  readonly attributes: readonly (readonly [string, string])[] | null;
}

const FOUND = 'a name is found rather than overlooked: some client may show it';
const RAW = 'characters that nobody sees are for the filter to judge, so they stay';
const NO_CHARSET = 'a field names no charset: octets that are no UTF-8 are read as windows-1252, and none is lost';
const BLANKS = 'blanks are kept as they are written';

describeWithCorpus('header fields of other projects', () => {
  test('jsmime: parameters', () => {
    const rows = jsmimeRows<[string, Parameters]>('parameters');
    const verdicts = rows.map(({ id, values: [value = ''], want: [main, parameters] }) =>
      compared(id, [parseParameterized(value).value, sorted(firstOfEach(value))], [main, sorted(parameters)]),
    );
    tally('address/thunderbird-jsmime parameters', verdicts, {
      'parseParameterHeader (2231/2047 support) 15': FOUND,
      'parseParameterHeader (2231/2047 support) 18': FOUND,
      'parseParameterHeader (2231/2047 support) 21': FOUND,
      'parseParameterHeader (2231/2047 support) 27': RAW,
      'parseParameterHeader (2231/2047 support) 28': FOUND,
      'parseParameterHeader (2231/2047 support) 29': 'an octet that is no UTF-8 does not make the form count less',
      'parseParameterHeader (2231/2047 support) 33': FOUND,
      'parseParameterHeader (2231/2047 support) 37': RAW,
    });
  });

  test('jsmime: media types', () => {
    const rows = jsmimeRows<{ $type: string; $params: Parameters }>('types');
    const verdicts = rows.map(({ id, values: [value = ''], want: { $type, $params } }) =>
      compared(id, [typeOf(value) ?? 'text/plain', sorted(firstOfEach(value))], [$type, sorted($params)]),
    );
    tally('address/thunderbird-jsmime media types', verdicts, {
      'Content-Type 1': 'a type without its second half is none, and none is text/plain (RFC 2045 section 5.2)',
      'Content-Type 12': 'a quotation starts only where a value does',
    });
  });

  test('jsmime: encoded words', () => {
    const rows = jsmimeRows<string>('words');
    const verdicts = rows.map(({ id, values: [value = ''], want }) => compared(id, decodeText(value), want));
    tally('address/thunderbird-jsmime encoded words', verdicts, {
      'decodeRFC2047Words 28': 'base64 that lacks half of its padding is read to its end',
      'decodeRFC2047Words 29': 'padding where none belongs ends the word',
    });
  });

  test('jsmime: unstructured text', () => {
    const rows = jsmimeRows<string>('text');
    const verdicts = rows.map(({ id, values: [value = ''], want }) => compared(id, decodeText(value), want));
    tally('address/thunderbird-jsmime unstructured text', verdicts);
  });

  test('jsmime: octets beyond ASCII', () => {
    const verdicts = jsmimeOctetRows().map(({ id, values: [value = ''], want }) =>
      compared(id, decodeText(value), want),
    );
    tally('address/thunderbird-jsmime octets', verdicts, {
      '1 UTF-8': NO_CHARSET,
      '2 UTF-16be': NO_CHARSET,
      '3 utf-32': NO_CHARSET,
      '4 UTF-8': NO_CHARSET,
    });
  });

  test('jsmime: transfer encodings', () => {
    const rows = jsmimeRows<string>('encodings');
    const verdicts = rows.map(({ id, values, want }) => {
      const header = values.map(value => `Content-Transfer-Encoding: ${value}\r\n`).join('');
      const tree = parseTree(Buffer.from(`${header}\r\n`));
      return compared(id, tree.kind === 'tree' ? tree.root.encoding : tree.kind, want);
    });
    tally('address/thunderbird-jsmime transfer encodings', verdicts, {
      'Content-Transfer-Encoding 0': 'an encoding that is not said is 7bit (RFC 2045 section 6.1)',
    });
  });

  test("Stalwart's mail-parser: media types", () => {
    const verdicts = stalwartRows<StalwartType | null>('content_type').map(({ id, values: [value = ''], want }) => {
      const type = want === null || want.c_subtype === null ? null : `${want.c_type}/${want.c_subtype}`;
      const parameters = (want?.attributes ?? []).filter(([name]) => !name.endsWith('-language'));
      return compared(id, [typeOf(value), sorted(firstOfEach(value))], [type, sorted(Object.fromEntries(parameters))]);
    });
    tally('address/stalwart-mail-parser media types', verdicts, {
      26: 'an empty value is a value',
      29: 'names of types and parameters are ASCII; octets beyond it are not decoded',
      30: 'blanks at the end of a field are no part of it, even within a quotation that does not end',
      32: 'NUL is shown as a blank, and segments with numbers beyond 999 are no continuation',
      33: 'a name of asterisks alone, or with odd ones, is no name in pieces',
      34: 'the parameters are read, also where the type is none',
      35: 'the parameters are read, also where the type is none',
    });
  });

  test("Stalwart's mail-parser: unstructured text", () => {
    const rows = stalwartRows<string>('unstructured');
    const verdicts = rows.map(({ id, values: [value = ''], want }) => compared(id, decodeText(value), want));
    tally('address/stalwart-mail-parser unstructured text', verdicts, {
      1: BLANKS,
      2: BLANKS,
      12: 'an encoded word in the middle of a word puts no blank there',
      14: BLANKS,
      15: 'an encoded word in the middle of a word puts no blank there',
    });
  });
});
