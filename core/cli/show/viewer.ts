/**
 * Shows a part by the program that the user's mailcap names for its type (RFC 1524).
 *
 * Guarantees: nothing is run that the user has not agreed to, `test=` included; a shell sees no character that a stranger
 * chose, but harmless ones; the program gets a file of ours in a folder for us alone, which is removed afterwards, whatever
 * happens; what it prints is bounded and reaches the terminal as a stranger's text does.
 */

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  entriesFor,
  fileName,
  type MailcapEntry,
  mailcapFiles,
  parseMailcap,
  shellCommand,
} from '../../reading/mailcap.ts';
import type { ReadPart } from '../../reading/message.ts';
import type { View } from './page.ts';

/** A path in which no shell finds anything to do. */
const HARMLESS_PATH = /^[A-Za-z0-9._+/-]+$/;
/** Of what a program prints, so much is kept. In octets. */
const MOST_OUTPUT = 1024 * 1024;
/** In milliseconds. */
const LONGEST_RUN = 60_000;

/** What ends a process without its `exit`. */
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Who is asked, and what. */
export interface Leave {
  /** Types that are shown without a question: `text/html`, `image/*`, `all`. */
  readonly types: readonly string[];
  /** Asks the person at the terminal; `null` where there is none. */
  readonly ask: ((question: string) => Promise<boolean>) | null;
}

/** The entries of the user's files, in their order. A file that is not there says nothing. */
export async function readMailcaps(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly MailcapEntry[]> {
  const texts = await Promise.all(mailcapFiles(env).map(path => readFile(path, 'utf8').catch(() => '')));
  return texts.flatMap(parseMailcap);
}

/** What there is to see of a part, or `null` where no program is named for it. `octets`: decoded. */
export async function viewOf(
  part: ReadPart,
  octets: () => AsyncIterable<Buffer>,
  { entries, leave }: { readonly entries: readonly MailcapEntry[]; readonly leave: Leave },
): Promise<View | null> {
  const candidates = entriesFor(entries, part.type);
  const [first] = candidates;
  if (first === undefined) return null;
  const allowed = isAllowed(leave.types, part.type);
  const place = part.path === '' ? 'the mail' : `part ${part.path}`;
  const { line } = shellCommand(first.command, part, 'FILE');
  if (!allowed && leave.ask === null) {
    return { kind: 'note', text: `Not run: ${line}  (--run ${part.type} runs it)` };
  }
  return withFile(first, part, octets, async (path, size) => {
    for (const entry of candidates) {
      const shown = await view(entry, part, path, { allowed, leave, place: `${place} (${part.type}, ${size} octets)` });
      if (shown !== null) return shown;
    }
    return { kind: 'note', text: 'No program of the mailcap was run.' };
  });
}

/** `null`: this entry does not count, and the next one may. */
async function view(
  entry: MailcapEntry,
  part: ReadPart,
  path: string,
  { allowed, leave, place }: { readonly allowed: boolean; readonly leave: Leave; readonly place: string },
): Promise<View | null> {
  const command = shellCommand(entry.command, part, path);
  const test = entry.test === null ? null : shellCommand(entry.test, part, path);
  if (!allowed) {
    const before = test === null ? '' : `\n  after this succeeds: ${test.line}`;
    const agreed = await leave.ask?.(`Show ${place} by running\n  ${command.line}${before}\n`);
    if (agreed !== true) return { kind: 'note', text: `Not run: ${command.line}` };
  }
  if (test !== null && (await run(test.line, null)).code !== 0) return null;
  const { code, output } = await run(command.line, command.namesFile ? null : path);
  if (code !== 0 && output === '') return { kind: 'note', text: `${command.line}: ended with ${code ?? 'a signal'}` };
  return { kind: 'text', text: output };
}

/** Whether the user named the type, by itself, with all of its kind, or with all. */
export function isAllowed(types: readonly string[], type: string): boolean {
  return types
    .map(one => one.toLowerCase())
    .some(one => one === 'all' || one === type || (one.endsWith('/*') && type.startsWith(one.slice(0, -1))));
}

/** Writes the part to a file of its own, and removes it when `use` has ended, or the process. */
async function withFile<T>(
  entry: MailcapEntry,
  part: ReadPart,
  octets: () => AsyncIterable<Buffer>,
  use: (path: string, size: number) => Promise<T>,
): Promise<T> {
  const base = HARMLESS_PATH.test(tmpdir()) ? tmpdir() : '/tmp';
  const folder = await mkdtemp(join(base, 'mailframe-show-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const leave = (signal: NodeJS.Signals) => {
    remove();
    process.exit(128 + constants.signals[signal]);
  };
  process.on('exit', remove);
  for (const signal of ENDS) process.on(signal, leave);
  try {
    const name = createHash('sha256').update(part.path).update(randomBytes(16)).digest('hex').slice(0, 12);
    const path = join(folder, fileName(entry.nametemplate, name));
    const file = await open(path, 'wx', 0o600);
    let size = 0;
    try {
      for await (const piece of octets()) {
        await file.writeFile(piece);
        size += piece.length;
      }
    } finally {
      await file.close();
    }
    return await use(path, size);
  } finally {
    process.off('exit', remove);
    for (const signal of ENDS) process.off(signal, leave);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a line of the user's own file, as RFC 1524 has it: by a shell. */
async function run(
  line: string,
  input: string | null,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn('/bin/sh', ['-c', line], {
    stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const end = setTimeout(() => endGroup(child.pid), LONGEST_RUN);
  const ended = new Promise<number | null>(resolve => {
    child.once('error', () => resolve(null));
    child.once('close', code => resolve(code));
  });
  const pieces: Buffer[] = [];
  let size = 0;
  child.stdout?.on('data', (piece: Buffer) => {
    const room = MOST_OUTPUT - size;
    if (room > 0) pieces.push(piece.subarray(0, room));
    size += piece.length;
  });
  // A program need not read all that it is given.
  if (input !== null && child.stdin !== null)
    await pipeline(createReadStream(input), child.stdin).catch(() => undefined);
  const code = await ended;
  clearTimeout(end);
  endGroup(child.pid);
  return { code, output: Buffer.concat(pieces).toString('utf8') };
}

/** With all that it has started. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
