/**
 * Locks that their holder left behind, and how they are broken.
 *
 * A lock is stale when its process is gone from this machine, when it bears our own signature (only a predecessor with
 * our process id can have left it: one writer at a time asks for a mailbox), or when it is ten minutes old.
 */
import type { Clock, Files } from '../../core/index.ts';
import { codeOf } from './trouble.ts';
import { parseUnfinished, type Unfinished } from './unfinished.ts';

/** No program that honours dot-locks needs one for longer. In milliseconds. */
const STALE_AFTER = 10 * 60_000;
/** Ours name every entry that is being appended; other programs write a few words. In octets. */
const LARGEST_LOCK = 64 * 1024;
const SIGNATURE = /^(\d+):(.+)\n/;

/** What became of the lock that was in the way. */
export interface Looked {
  readonly kind: 'held' | 'gone' | 'broken';
  /** Why it was broken, for the log. */
  readonly reason: string;
  /** What the holder of a broken lock left half done. */
  readonly unfinished: Unfinished | null;
}

const HELD: Looked = { kind: 'held', reason: '', unfinished: null };
const GONE: Looked = { kind: 'gone', reason: '', unfinished: null };

/** What a process writes into its lock file: who it is. `machine` is empty where the system does not tell. */
export function signatureOn(machine: string): string {
  return `${process.pid}:${machine}\n`;
}

/** The machine's own name, which containers have each of their own; empty where the system has no /proc to tell. */
export async function machineName(files: Pick<Files, 'read'>): Promise<string> {
  return ((await textOf('/proc/sys/kernel/hostname', files)) ?? '').trim();
}

/** Looks at a lock file that is in the way, and breaks it if it is stale. */
export async function breakIfStale(
  path: string,
  signature: string,
  { files, clock }: { readonly files: Files; readonly clock: Pick<Clock, 'now'> },
): Promise<Looked> {
  const found = await files.facts(path);
  if (found === null) return GONE;
  const text = found.kind === 'file' && found.size <= LARGEST_LOCK ? await textOf(path, files) : '';
  if (text === null) return GONE;
  const age = clock.now().getTime() - found.modifiedAt.getTime();
  const reason = await whyStale(text, signature, age, files);
  if (reason === null) return HELD;
  // Moved first and looked at again: two processes that break the same lock must not remove each other's new one, which
  // may be the same file at a later time.
  const aside = `${path}.broken.${process.pid}`;
  if (!(await renamed(path, aside, files))) return GONE;
  const moved = await files.facts(aside);
  const same = moved?.identity === found.identity && moved.modifiedAt.getTime() === found.modifiedAt.getTime();
  if (!same) await files.link(aside, path).catch(() => undefined);
  await files.remove(aside);
  const [, line = ''] = text.split('\n');
  return same ? { kind: 'broken', reason, unfinished: parseUnfinished(line) } : HELD;
}

/** Whether something is not to be removed: it is no file, or signed by a process that may live and is not ours. */
export async function isOfAnother(path: string, signature: string, files: Files): Promise<boolean> {
  const found = await files.facts(path);
  if (found === null) return false;
  if (found.kind !== 'file' || found.size > LARGEST_LOCK) return true;
  const text = (await textOf(path, files)) ?? '';
  return !text.startsWith(signature) && SIGNATURE.test(text) && !(await hasEnded(text, signature, files));
}

async function whyStale(text: string, signature: string, age: number, files: Files): Promise<string | null> {
  if (text.startsWith(signature)) return 'an earlier process with our id left it';
  if (age > STALE_AFTER) return `it is ${Math.round(age / 60_000)} minutes old`;
  return (await hasEnded(text, signature, files)) ? `process ${text.slice(0, text.indexOf(':'))} is gone` : null;
}

/** Whether the process that signed was one of this machine and is gone. `false` too where the system has no /proc to tell. */
async function hasEnded(text: string, signature: string, files: Files): Promise<boolean> {
  const [, pid, machine] = SIGNATURE.exec(text) ?? [];
  const here = SIGNATURE.exec(signature)?.[2];
  if (pid === undefined || machine !== here) return false;
  if ((await files.facts(`/proc/${process.pid}`)) === null) return false;
  return (await files.facts(`/proc/${pid}`)) === null;
}

/** `false` where it is gone meanwhile. */
async function renamed(from: string, to: string, files: Files): Promise<boolean> {
  try {
    await files.rename(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function textOf(path: string, files: Pick<Files, 'read'>): Promise<string | null> {
  try {
    return (await files.read(path)).toString();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
