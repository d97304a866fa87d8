/** Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2183). */
import type { FieldParameter } from './continuation.ts';
import { parseParameterized } from './field-parameters.ts';

/** A media type. */
export interface MediaType {
  /** Lower case: `text`. */
  readonly type: string;
  /** Lower case: `plain`. */
  readonly subtype: string;
  readonly parameters: readonly FieldParameter[];
}

/** A Content-Disposition. */
export interface Disposition {
  /** Lower case: `inline`, `attachment`, or what else stands there. */
  readonly kind: string;
  readonly parameters: readonly FieldParameter[];
}

const MEDIA_TYPE = /^([^\s/;,=]+)[ \t]*\/[ \t]*([^\s/;,=]+)/;

/** The media type that a Content-Type says, or `null` where it says none: `text` alone, or nothing before the slash. */
export function parseMediaType(value: string): MediaType | null {
  const { value: text, parameters } = parseParameterized(value);
  const [, type, subtype] = MEDIA_TYPE.exec(text) ?? [];
  if (type === undefined || subtype === undefined) return null;
  return { type: type.toLowerCase(), subtype: subtype.toLowerCase(), parameters };
}

/** The disposition that a Content-Disposition says. */
export function parseDisposition(value: string): Disposition {
  const { value: text, parameters } = parseParameterized(value);
  return { kind: (text.split(/[ \t]/)[0] ?? '').toLowerCase(), parameters };
}

/** The value of a parameter in the form that counts, or `null`. */
export function parameter(of: { readonly parameters: readonly FieldParameter[] }, name: string): string | null {
  return of.parameters.find(each => each.name === name)?.value ?? null;
}
