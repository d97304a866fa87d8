/** Parameters in charsets and in pieces: `filename*0*=utf-8''a%20; filename*1=b` (RFC 2231 sections 3 and 4). */
import { trimBlanks } from './blanks.ts';
import { decodeCharset, decodeUnlabelled } from './charset.ts';
import { decodeText } from './encoded-word.ts';

/** One parameter, put together and decoded. */
export interface FieldParameter {
  /** Lower case, without the asterisks of RFC 2231. */
  readonly name: string;
  /** As text: encoded words and charsets are decoded. */
  readonly value: string;
  /** Before any charset or encoded word was decoded, one character an octet: boundaries are compared by this. */
  readonly raw: string;
}

/** A parameter as it is written, unquoted. */
export interface RawParameter {
  /** Lower case. */
  readonly name: string;
  readonly raw: string;
}

interface Segment {
  readonly encoded: boolean;
  readonly raw: string;
}

interface Forms {
  /** `name*` */
  extended: Segment | null;
  /** `name*0`, `name*1*`, by number. */
  readonly continued: Map<number, Segment>;
  /** `name`, as often as it is there. */
  readonly plain: string[];
  /** What has asterisks in places where none belong: read as plain, and trusted last. */
  readonly odd: string[];
}

const EXTENDED_NAME = /^[^*]+\*(?:([0-9]{1,3})(\*)?)?$/;
const CHARSET_AND_LANGUAGE = /^([^']*)'[^']*'/;

/**
 * Puts parameters together. For each name: the extended form, the continued one, then the plain ones. A continued form
 * that lacks its beginning counts least.
 */
export function assembleParameters(raws: readonly RawParameter[]): readonly FieldParameter[] {
  const formsOf = new Map<string, Forms>();
  for (const { name, raw } of raws) {
    const [extension, number, star] = EXTENDED_NAME.exec(name) ?? [];
    const base = trimBlanks(name.split('*')[0] ?? '') || name;
    const forms = formsOf.get(base) ?? noForms();
    formsOf.set(base, forms);
    if (base === name) forms.plain.push(raw);
    else if (extension === undefined) forms.odd.push(raw);
    else if (number === undefined) forms.extended ??= { encoded: true, raw };
    else if (!forms.continued.has(Number(number))) forms.continued.set(Number(number), { encoded: star === '*', raw });
  }
  return [...formsOf].flatMap(([name, { extended, continued, plain, odd }]) => {
    const joined = continued.size === 0 ? [] : [join(name, inSequence(continued))];
    const plainOnes = plain.map(raw => decoded(name, raw));
    return [
      ...(extended === null ? [] : [join(name, [extended])]),
      ...(continued.has(0) ? [...joined, ...plainOnes] : [...plainOnes, ...joined]),
      ...odd.map(raw => decoded(name, raw)),
    ];
  });
}

function noForms(): Forms {
  return { extended: null, continued: new Map<number, Segment>(), plain: [], odd: [] };
}

function decoded(name: string, raw: string): FieldParameter {
  return { name, raw, value: decodeText(raw) };
}

/** The segments from the lowest number on, up to the first gap. */
function inSequence(segments: ReadonlyMap<number, Segment>): readonly Segment[] {
  const ordered = [...segments].toSorted(([one], [other]) => one - other);
  const first = ordered[0]?.[0] ?? 0;
  return ordered.filter(([number], index) => number === first + index).map(([, segment]) => segment);
}

function join(name: string, segments: readonly Segment[]): FieldParameter {
  const start = segments[0]?.encoded ? CHARSET_AND_LANGUAGE.exec(segments[0].raw) : null;
  const raw = segments
    .map(({ encoded, raw }, index) => {
      const text = index === 0 ? raw.slice(start?.[0].length ?? 0) : raw;
      return encoded ? decodePercent(text) : text;
    })
    .join('');
  const octets = Buffer.from(raw, 'latin1');
  const charset = start?.[1] ?? '';
  const value = charset === '' ? decodeText(raw) : (decodeCharset(octets, charset) ?? decodeUnlabelled(octets));
  return { name, raw, value: value.replaceAll(/[\r\n\0]/g, ' ') };
}

function decodePercent(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
