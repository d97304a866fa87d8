/**
 * The file of users: `name:hash`, one a line; empty lines and lines that start with `#` mean nothing. Names are compared
 * with their case, in normal form C (RFC 8265 section 3.4).
 *
 * Guarantee: an edit changes the line of its user alone; comments, order and all other lines stay.
 */
import { hashOfNobody, type PasswordHash, parsePasswordHash, USUAL_COST } from './password-hash.ts';

/** Users by name. */
export type Users = ReadonlyMap<string, PasswordHash>;

/** What a file says. */
export interface UserFile {
  readonly users: Users;
  /** One sentence each, with its place: `users:3: ...`. */
  readonly faults: readonly string[];
}

/** Reads a file. `file` is how messages name it. No hash is ever in a message. */
export function parseUsers(text: string, file: string): UserFile {
  const users = new Map<string, PasswordHash>();
  const faults: string[] = [];
  for (const [index, line] of linesOf(text).entries()) {
    const entry = entryOf(line);
    if (entry === null) continue;
    const at = `${file}:${index + 1}`;
    const hash = parsePasswordHash(entry.hash);
    if (!isUserName(entry.name)) faults.push(`${at}: a line is written "name:hash", as "mailframe passwd" writes it`);
    else if (users.has(entry.name)) faults.push(`${at}: ${entry.name} is already there, further up`);
    else if (hash === null)
      faults.push(`${at}: the hash of ${entry.name} is none that can be checked; set the password again`);
    else users.set(entry.name, hash);
  }
  return { users, faults };
}

/**
 * What is verified for a name that nobody has, so that the time it takes does not tell. It costs what the first user's
 * hash costs: all that `mailframe passwd` writes cost the same.
 */
export function decoyOf(users: Users): PasswordHash {
  const [first] = users.values();
  return hashOfNobody(first?.cost ?? USUAL_COST);
}

/** The text with the user's hash set to `hash`, or with the user gone where that is `null`. */
export function editUsers(text: string, name: string, hash: string | null): string {
  const user = name.normalize('NFC');
  const lines = linesOf(text);
  if (lines.at(-1) === '') lines.pop();
  const own = lines.findIndex(line => entryOf(line)?.name === user);
  const kept = lines.filter(line => entryOf(line)?.name !== user);
  if (hash !== null) kept.splice(own === -1 ? kept.length : own, 0, `${user}:${hash}`);
  return kept.map(line => `${line}\n`).join('');
}

/** Whether a name can stand in the file and in a trace: no colon, no blank or control character at all. */
export function isUserName(name: string): boolean {
  return /^[^\s:#\p{C}][^\s:\p{C}]*$/u.test(name) && name.isWellFormed();
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/);
}

function entryOf(line: string): { readonly name: string; readonly hash: string } | null {
  if (/^\s*(?:#|$)/.test(line)) return null;
  const colon = line.indexOf(':');
  if (colon === -1) return { name: '', hash: '' };
  return { name: line.slice(0, colon).normalize('NFC'), hash: line.slice(colon + 1).trim() };
}
