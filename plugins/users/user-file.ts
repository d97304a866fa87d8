/**
 * The file of users: `name:verifiers`, one a line; empty lines and lines that start with `#` mean nothing. Names are
 * compared with their case, in normal form C (RFC 8265 section 3.4).
 *
 * Guarantee: an edit changes the line of its user alone; comments, order and all other lines stay.
 */
import { NO_VERIFIERS, parseVerifiers, type ReadVerifiers, type Verifiers, verifiersOfNobody } from './verifiers.ts';

/** Users by name. */
export type Users = ReadonlyMap<string, Verifiers>;

/** What a file says. */
export interface UserFile {
  readonly users: Users;
  /** One sentence each, with its place: `users:3: ...`. */
  readonly faults: readonly string[];
}

/** How a file is read. */
export interface Reading {
  /** How messages name it. */
  readonly file: string;
  /** Whether passwords may stand there as they are. */
  readonly plainPasswords: 'allowed' | 'refused';
}

/** Reads a file. No hash and no password is ever in a message. */
export function parseUsers(text: string, { file, plainPasswords }: Reading): UserFile {
  const users = new Map<string, Verifiers>();
  const faults: string[] = [];
  for (const [index, line] of linesOf(text).entries()) {
    const entry = entryOf(line);
    if (entry === null) continue;
    const { name } = entry;
    const read = parseVerifiers(entry.verifiers);
    const fault = isUserName(name)
      ? faultOf(name, read, users, plainPasswords)
      : 'a line is written "name:hash", as "mailframe passwd" writes it';
    if (fault !== null) faults.push(`${file}:${index + 1}: ${fault}`);
    else if (read.kind === 'verifiers') users.set(name, read.verifiers);
  }
  return { users, faults };
}

function faultOf(
  name: string,
  read: ReadVerifiers,
  users: Users,
  plainPasswords: Reading['plainPasswords'],
): string | null {
  if (users.has(name)) return `${name} is already there, further up`;
  if (read.kind === 'malformed') return `the hash of ${name} is none that can be checked; set the password again`;
  if (read.kind === 'double') return `two hashes of ${name} are of one kind; set the password again`;
  if (read.verifiers.password === null || plainPasswords === 'allowed') return null;
  return `the password of ${name} stands there as it is; say plainPasswords: allowed, or set the password again`;
}

/**
 * What is verified for a name that nobody has, so that the time it takes does not tell. It costs what that of the first
 * user costs: all that `mailframe passwd` writes cost the same.
 */
export function decoyOf(users: Users): Verifiers {
  const [first = NO_VERIFIERS] = users.values();
  return verifiersOfNobody(first);
}

/** The text with the user's verifiers set, or with the user gone where they are `null`. */
export function editUsers(text: string, name: string, verifiers: string | null): string {
  const user = name.normalize('NFC');
  const lines = linesOf(text);
  if (lines.at(-1) === '') lines.pop();
  const own = lines.findIndex(line => entryOf(line)?.name === user);
  const kept = lines.filter(line => entryOf(line)?.name !== user);
  if (verifiers !== null) kept.splice(own === -1 ? kept.length : own, 0, `${user}:${verifiers}`);
  return kept.map(line => `${line}\n`).join('');
}

/** Whether a name can stand in the file and in a trace: no colon, no blank or control character at all. */
export function isUserName(name: string): boolean {
  return /^[^\s:#\p{C}][^\s:\p{C}]*$/u.test(name) && name.isWellFormed();
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/);
}

function entryOf(line: string): { readonly name: string; readonly verifiers: string } | null {
  if (/^\s*(?:#|$)/.test(line)) return null;
  const colon = line.indexOf(':');
  if (colon === -1) return { name: '', verifiers: '' };
  return { name: line.slice(0, colon).normalize('NFC'), verifiers: line.slice(colon + 1).trim() };
}
