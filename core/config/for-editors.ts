/**
 * Makes a JSON Schema better to write by: what yaml-language-server, which nearly all editors run, needs to say the right thing.
 *
 * Each change here answers something that it showed or refused when it was tried: see docs/editors.md. What is valid
 * stays valid; `mailframe check` is the judge.
 */

/** What an editor has to be told besides, as settings of yaml-language-server. */
export const EDITOR_SETTINGS = {
  customTags: ['!env scalar', '!secret scalar', '!include scalar:object'],
  /** Else it writes down what is so without it. */
  disableDefaultProperties: true,
} as const;

/** JSON of an unknown shape. */
export type Json = { [key: string]: Json } | readonly Json[] | string | number | boolean | null | undefined;
export type JsonObject = { [key: string]: Json };

/**
 * `!env NAME` may stand for anything, and is but the text NAME to an editor. So where a number, a truth value or one of some
 * words is expected, a name as variables have it passes too.
 */
const VARIABLE = '^[A-Z_][A-Z0-9_]*$';
/** Types of which a variable's name is none. What is made of these may come by `!include`, which editors are told of otherwise. */
const NO_TEXT = new Set(['integer', 'number', 'boolean', 'null']);
/** What not every text is. */
const KEYWORDS = ['enum', 'const', 'pattern'] as const;
const MADE_OF_PARTS = new Set(['object', 'array']);

/** A schema of an option, a section or the whole, made better to write by. */
export function forEditors(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, within(key, value)]));
}

/** A list that may come from another file: editors are told that what `!include` stands for is a mapping. */
export function includable(list: JsonObject): JsonObject {
  return { ...list, type: ['array', 'object'], maxProperties: 0 };
}

function within(key: string, value: Json): Json {
  switch (key) {
    case 'properties':
    case 'definitions':
      return mapped(value, one => (key === 'properties' ? valueOf(one) : forEditors(one)));
    case 'items':
    case 'additionalProperties':
      return isObject(value) ? valueOf(value) : value;
    case 'anyOf':
    case 'allOf':
    case 'oneOf':
      return isList(value) ? value.map(one => (isObject(one) ? forEditors(one) : one)) : value;
    default:
      return value;
  }
}

/** What stands under a key or in a list. */
function valueOf(written: JsonObject): JsonObject {
  const schema = withDefaultSaid(referenced(forEditors(written)));
  return missesVariables(schema) ? withVariables(schema) : schema;
}

/** A reference in a list of one is shown without its description, and completed without its colon. */
function referenced(schema: JsonObject): JsonObject {
  const { allOf, ...others } = schema;
  const only = isList(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  return isObject(only) && Object.keys(others).length === 0 ? only : schema;
}

/** Editors do not show a default by themselves. */
function withDefaultSaid(schema: JsonObject): JsonObject {
  const { default: value, description } = schema;
  if (value === undefined || typeof value === 'object' || typeof description !== 'string') return schema;
  if (/\bdefault\b/i.test(description) || value === '') return schema;
  return { ...schema, description: `${description} Default: ${String(value)}.` };
}

/** Whether a schema is for a scalar and refuses the name of a variable. One word alone tells kinds of mappings apart. */
function missesVariables(schema: JsonObject): boolean {
  if ('const' in schema) return false;
  const branches = isList(schema.anyOf) ? schema.anyOf.filter(isObject) : [schema];
  const scalars = branches.filter(({ type }) => typeof type === 'string' && !MADE_OF_PARTS.has(type));
  const refuses = (one: JsonObject) =>
    (typeof one.type === 'string' && NO_TEXT.has(one.type)) || KEYWORDS.some(key => key in one);
  return scalars.length > 0 && scalars.every(refuses);
}

/**
 * The schema, or the name of a variable. Where text of some shape is taken, that is another shape, because an editor
 * shows each alternative, however little there is to show. What is said about it all stays outside.
 */
function withVariables(schema: JsonObject): JsonObject {
  if (hasShape(schema)) return shapedOrVariable(schema);
  const { description, default: value, examples, anyOf, ...rest } = schema;
  const said = { description, default: value, examples };
  if (isList(anyOf) && anyOf.some(hasShape)) {
    return { ...said, ...rest, anyOf: anyOf.map(one => (hasShape(one) ? shapedOrVariable(one) : one)) };
  }
  // Beside a word that it offers an editor shows what is said where the words stand.
  const own = 'enum' in rest ? { description, ...rest } : rest;
  const isPlainUnion = isList(anyOf) && Object.keys(rest).length === 0;
  const variable = { type: 'string', pattern: VARIABLE };
  return {
    ...said,
    anyOf: isPlainUnion ? [...anyOf, variable] : [anyOf === undefined ? own : { anyOf, ...own }, variable],
  };
}

function hasShape(schema: Json): schema is JsonObject & { readonly pattern: string } {
  return isObject(schema) && typeof schema.pattern === 'string' && !('enum' in schema);
}

function shapedOrVariable(schema: JsonObject & { readonly pattern: string }): JsonObject {
  return { ...schema, pattern: `${schema.pattern}|${VARIABLE}` };
}

function mapped(value: Json, change: (one: JsonObject) => JsonObject): Json {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, isObject(one) ? change(one) : one]));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
