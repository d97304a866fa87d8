/** A value against a zod schema, and what is wrong with it in sentences that a person can act on. */
import type { z } from 'zod';
import { Secret } from './secret.ts';
import { didYouMean, listed, nearest } from './suggest.ts';

/** Something wrong inside a value. */
export interface Fault {
  /** Where: `['rules', 0, 'do']`. A missing key is a place too. */
  readonly path: readonly (string | number)[];
  /** `key`: the key itself is wrong. `value`: what stands behind it. */
  readonly at: 'key' | 'value';
  readonly message: string;
}

/** A value as its schema made it, or all that is wrong with it. */
export type Validated<T> =
  | { readonly kind: 'valid'; readonly value: T }
  | { readonly kind: 'invalid'; readonly faults: readonly [Fault, ...Fault[]] };

type Issue = z.core.$ZodIssue;

/** Stands for the message where the schema has none of its own, so that ours is used. */
const UNWORDED = '\u0000';

/** Validates a value. Messages that the schema's author wrote are kept as they are. */
export async function validate<T>(schema: z.ZodType<T>, value: unknown): Promise<Validated<T>> {
  const knownKeys = new WeakMap<object, readonly string[]>();
  const result = await schema.safeParseAsync(value, {
    error: issue => {
      if (issue.code === 'unrecognized_keys') knownKeys.set(issue.keys, keysOf(issue.inst));
      return issue.code === 'invalid_format' ? undefined : UNWORDED;
    },
  });
  if (result.success) return { kind: 'valid', value: result.data };
  const faults = result.error.issues.flatMap(issue => faultsOf(issue, value, knownKeys));
  const [first = { path: [], at: 'value', message: 'is not allowed' }, ...others] = faults;
  return { kind: 'invalid', faults: [first, ...others] };
}

/** The keys that an object schema knows. */
function keysOf(schema: unknown): readonly string[] {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return shape === undefined ? [] : Object.keys(shape);
}

function faultsOf(issue: Issue, root: unknown, knownKeys: WeakMap<object, readonly string[]>): readonly Fault[] {
  const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part));
  const actual = valueAt(root, path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys.get(issue.keys) ?? [];
    return issue.keys.map(key => ({ path: [...path, key], at: 'key', message: unknownKey(key, known) }));
  }
  if (issue.message !== UNWORDED && issue.code !== 'invalid_format') {
    return [{ path, at: issue.code === 'invalid_key' ? 'key' : 'value', message: issue.message }];
  }
  if (issue.code === 'invalid_union') {
    const inner = nearest(String(actual), choicesOf(issue)) === null ? likeliest(issue) : [];
    if (inner.length > 0) {
      return inner.flatMap(one => faultsOf({ ...one, path: [...issue.path, ...one.path] }, root, knownKeys));
    }
  }
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    const inner = issue.issues.flatMap(one => faultsOf({ ...one, path: issue.path }, root, knownKeys));
    if (inner.length > 0) return inner.map(fault => ({ ...fault, at: issue.code === 'invalid_key' ? 'key' : 'value' }));
  }
  return [{ path, at: 'value', message: sentence(issue, actual) }];
}

/** The issues of the branch that was most likely meant: the one that does not already fail at its root. */
function likeliest(issue: Extract<Issue, { code: 'invalid_union' }>): readonly Issue[] {
  const branches = issue.errors.filter(issues => !issues.some(one => one.path.length === 0 && isOfAnotherKind(one)));
  return [...branches].sort((one, other) => one.length - other.length)[0] ?? [];
}

function isOfAnotherKind(issue: Issue): boolean {
  if (issue.code === 'invalid_union') return likeliest(issue).length === 0;
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function sentence(issue: Issue, actual: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongKind(noun(issue.expected), actual, issue.expected === 'string');
    case 'invalid_value':
      return wrongChoice(issue.values.map(String), actual);
    case 'invalid_union':
      return unionSentence(issue, actual);
    case 'too_small':
      return bound('at least', issue.origin, Number(issue.minimum), issue.inclusive !== false);
    case 'too_big':
      return bound('at most', issue.origin, Number(issue.maximum), issue.inclusive !== false);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return issue.message;
    case 'invalid_key':
    case 'invalid_element':
    case 'unrecognized_keys':
    case 'custom':
      return 'is not allowed';
  }
}

function unionSentence(issue: Extract<Issue, { code: 'invalid_union' }>, actual: unknown): string {
  if (issue.errors.length === 0 && 'options' in issue && issue.options !== undefined) {
    return wrongChoice(issue.options.map(String), actual);
  }
  const roots = rootsOf(issue);
  const choices = choicesOf(issue);
  const kinds = [...new Set(roots.flatMap(one => (one.code === 'invalid_type' ? [noun(one.expected)] : [])))];
  if (typeof actual === 'string' && choices.length > 0) return wrongChoice(choices, actual);
  const wanted = [...kinds, ...choices.map(choice => `"${choice}"`)].join(' or ');
  return wanted === '' ? 'is not allowed' : wrongKind(wanted, actual, false);
}

/** What the branches of a union say about the value as a whole. */
function rootsOf(issue: Extract<Issue, { code: 'invalid_union' }>): readonly Issue[] {
  return issue.errors.flat().filter(one => one.path.length === 0);
}

/** The words that the branches of a union allow. */
function choicesOf(issue: Extract<Issue, { code: 'invalid_union' }>): readonly string[] {
  return rootsOf(issue).flatMap(one => (one.code === 'invalid_value' ? one.values.map(String) : []));
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known);
  const all = known.length > 0 ? `; known here: ${known.join(', ')}` : '';
  return `unknown key${meant === '' ? all : meant}`;
}

function wrongKind(wanted: string, actual: unknown, wantsText: boolean): string {
  if (actual === undefined) return `is missing: ${wanted} is expected`;
  if (actual === null) return `is empty: ${wanted} is expected`;
  if (actual instanceof Secret) return `a secret cannot stand here: ${wanted} is expected, which may be shown in logs`;
  const quotes = wantsText && typeof actual !== 'object' ? ': put it in quotes' : '';
  return `${wanted} is expected, but this is ${nounOf(actual)}${quotes}`;
}

function wrongChoice(choices: readonly string[], actual: unknown): string {
  if (actual === undefined) return `is missing: ${listed(choices)} is expected`;
  const meant = typeof actual === 'string' ? didYouMean(actual, choices) : '';
  return `${listed(choices)} is expected${meant}`;
}

function bound(word: 'at least' | 'at most', origin: string, limit: number, inclusive: boolean): string {
  if (origin === 'string' && word === 'at least' && limit === 1) return 'must not be empty';
  if (origin === 'array' && word === 'at least' && limit === 1) return 'at least one entry is expected';
  if (origin === 'string') return `must have ${word} ${limit} characters`;
  if (origin === 'array') return `must have ${word} ${limit} entries`;
  if (inclusive) return `must be ${word} ${limit}`;
  return `must be ${word === 'at least' ? 'more' : 'less'} than ${limit}`;
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'nothing',
  undefined: 'nothing',
  never: 'nothing',
};

function noun(expected: string): string {
  return NOUNS[expected] ?? expected;
}

function nounOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a fraction';
  return noun(typeof value);
}

/** What stands at a path, or `undefined`. */
function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value: unknown = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
