/**
 * Makes the fields of a log line safe to write: plain data, bounded, and without secrets.
 *
 * What can go wrong: a secret under an innocent name, or inside a text, is not found. Redaction is the second line of
 * defence; the first is not to log secrets.
 */
import type { LogFields } from '../plugin/ports.ts';
import { Secret } from '../plugin/secret.ts';

/** Words of a field's name that say that its value is nobody's business. */
const SECRET_WORDS = new Set([
  'auth',
  'authorization',
  'credential',
  'credentials',
  'passphrase',
  'passwd',
  'password',
  'secret',
  'secrets',
  'token',
  'tokens',
]);
/** A name in its words: `smtpPassword`, `auth_line`, `AUTH-PLAIN`. */
const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;
const REDACTED = '[redacted]';
/** Names that the log itself writes: a field of the same name would stand twice in one line. */
const TAKEN = new Set(['level', 'time', 'event']);
const DEEPEST = 5;
const MOST_ENTRIES = 100;
const LONGEST_TEXT = 4096;

/** The fields as they may be written. */
export function safeFields(fields: LogFields): Readonly<Record<string, unknown>> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const key = TAKEN.has(name) ? `${name}_` : name;
    // Assigned, it would be no field but what all fields come from.
    if (key === '__proto__') Object.defineProperty(safe, key, { value: safeValue(name, value, 0), enumerable: true });
    else safe[key] = safeValue(name, value, 0);
  }
  return safe;
}

/** What was found out about names: programs log the same ones again and again. */
const judged = new Map<string, boolean>();
const MOST_JUDGED = 1000;
const LONGEST_JUDGED = 64;

function isSecret(name: string): boolean {
  const before = judged.get(name);
  if (before !== undefined) return before;
  const found = (name.match(WORD) ?? []).some(word => SECRET_WORDS.has(word.toLowerCase()));
  // Names may be a client's words: it must not fill our memory with them.
  if (judged.size < MOST_JUDGED && name.length <= LONGEST_JUDGED) judged.set(name, found);
  return found;
}

function safeValue(name: string, value: unknown, depth: number): unknown {
  if (isSecret(name) && value !== null && value !== undefined) return REDACTED;
  switch (typeof value) {
    case 'string':
      return shortened(value);
    case 'bigint':
    case 'symbol':
      return String(value);
    case 'function':
      return '[function]';
    case 'object':
      return value === null ? null : safeObject(value, depth);
    default:
      return value;
  }
}

function safeObject(value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Secret) return String(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} octets]`;
  if (depth >= DEEPEST) return '[…]';
  if (value instanceof Error) return safeError(value, depth);
  if (value instanceof Map)
    return entries(
      [...value].map(([key, one]) => [String(key), one]),
      depth,
    );
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, MOST_ENTRIES).map(one => safeValue('', one, depth + 1));
  }
  return entries(Object.entries(value), depth);
}

function entries(pairs: readonly (readonly [string, unknown])[], depth: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    pairs.slice(0, MOST_ENTRIES).map(([name, value]) => [shortened(name), safeValue(name, value, depth + 1)]),
  );
}

function safeError(error: Error, depth: number): Readonly<Record<string, unknown>> {
  return {
    type: error.name,
    message: shortened(error.message),
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
    ...(error.stack !== undefined && { stack: shortened(error.stack) }),
    ...(error.cause !== undefined && { cause: safeValue('cause', error.cause, depth + 1) }),
  };
}

/** What JSON.parse says of a text quotes it: what a plugin reads there may be a mail. */
const QUOTED_TEXT = /(?:\.\.\.)?"[^]*?"(?:\.\.\.)? is not valid JSON/g;

function shortened(whole: string): string {
  const text = whole.includes(' is not valid JSON') ? whole.replace(QUOTED_TEXT, 'it is not valid JSON') : whole;
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)`;
}
