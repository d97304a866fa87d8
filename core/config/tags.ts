/** What `!env` and `!secret` stand for, and how text files are read. */
import { readFileSync, statSync } from 'node:fs';
import { describeError, errnoOf } from '../mail/failure.ts';
import { Secret } from '../plugin/secret.ts';

/** Environment variables. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What a tag or a file gave, or why it gave nothing. */
export type Given<T> =
  | { readonly kind: 'given'; readonly value: T; readonly warning: string | null }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * `!env NAME`. As if the text stood in the file itself without quotes: a number, `true` or `false` is read as one,
 * unless a digit of it would be lost.
 */
export function envValue(name: string, env: Env): Given<string | number | boolean> {
  const text = env[name];
  if (text === undefined)
    return refused(`the environment has no variable ${JSON.stringify(name)}: set it, or write the value here`);
  if (text === 'true' || text === 'false') return given(text === 'true');
  return given(text !== '' && String(Number(text)) === text && Number.isFinite(Number(text)) ? Number(text) : text);
}

/** `!secret FILE`: what the file holds, without white space around it. */
export function secretFrom(file: string): Given<Secret> {
  const read = readText(file);
  if (read.kind === 'refused') return read;
  const secret = read.value.trim();
  if (secret === '') return refused(`the secret file ${file} is empty`);
  const open = process.platform !== 'win32' && (statSync(file).mode & 0o004) !== 0;
  return given(new Secret(secret), open ? `everybody on this machine can read ${file}: chmod 600 is better` : null);
}

/** A whole text file. */
export function readText(file: string): Given<string> {
  try {
    return given(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)));
  } catch (error) {
    return refused(whyUnreadable(file, error));
  }
}

/** A failure to read a file, as a person needs it. */
export function whyUnreadable(file: string, error: unknown): string {
  switch (errnoOf(error)) {
    case 'ENOENT':
      return `there is no file ${file}`;
    case 'EISDIR':
      return `${file} is a folder, not a file`;
    case 'EACCES':
      return `${file} may not be read by this user`;
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return `${file} is not UTF-8 text`;
    default:
      return `${file} cannot be read: ${describeError(error)}`;
  }
}

function given<T>(value: T, warning: string | null = null): Given<T> {
  return { kind: 'given', value, warning };
}

function refused(message: string): { readonly kind: 'refused'; readonly message: string } {
  return { kind: 'refused', message };
}
