/**
 * Appends one mail to a mailbox file, wholly or not at all.
 *
 * Guarantee: when it resolves, the mail is on the disk. When it rejects, the file has its old size again; where even that
 * failed, the lock file stays, keeps other programs away, and the next delivery takes the half mail off. Never through a
 * link, never into a file that somebody else owns.
 */
import { dirname } from 'node:path';
import { describeError, Failure, type FileFacts, type Files, type OpenFile, replyToError } from '../../core/index.ts';
import type { DotLock } from './dot-lock.ts';
import type { Entry } from './entry.ts';

/** Who appends: the lock is held, and the signal ends the attempt. */
export interface AppendContext {
  readonly files: Files;
  readonly lock: DotLock;
  /** Permission bits of a mailbox that is made. */
  readonly mode: number;
  readonly signal: AbortSignal;
}

/** Appends the entry to the file, which is made where there is none. */
export async function append(mailbox: string, entry: Entry, context: AppendContext): Promise<void> {
  const { files, lock, mode } = context;
  const before = await files.facts(mailbox);
  if (before !== null) refuseUnsafe(mailbox, before, lock.owner);
  const file = await files.open(mailbox, 'append', mode);
  try {
    const facts = await file.facts();
    refuseUnsafe(mailbox, facts, lock.owner);
    if (before !== null && before.identity !== facts.identity) {
      throw new Failure(
        { code: 451, status: '4.2.0', text: 'Mailbox is busy, try again later' },
        `${mailbox} was replaced while it was opened`,
      );
    }
    await lock.begin({ identity: facts.identity, size: facts.size, fromLine: entry.fromLine });
    await writeOrRollBack(mailbox, file, facts, entry, context);
  } finally {
    // What closing says changes nothing: the octets were on the disk before, or were taken off again.
    await file.close().catch(() => undefined);
  }
}

async function writeOrRollBack(
  mailbox: string,
  file: OpenFile,
  facts: FileFacts,
  entry: Entry,
  { files, lock, signal }: AppendContext,
): Promise<void> {
  try {
    let at = facts.size;
    const write = async (octets: Buffer) => {
      signal.throwIfAborted();
      await file.write(octets, at);
      at += octets.length;
    };
    const separator = await missingSeparator(file, facts.size);
    if (separator.length > 0) await write(separator);
    for await (const octets of entry.octets()) await write(octets);
    await file.sync();
    if (facts.size === 0) await files.syncDirectory(dirname(mailbox));
    await lock.complete();
  } catch (error) {
    await rollBack(mailbox, file, facts.size, lock, error);
    throw error;
  }
}

async function rollBack(mailbox: string, file: OpenFile, size: number, lock: DotLock, cause: unknown): Promise<void> {
  try {
    await file.truncate(size);
    await file.sync();
    await lock.complete();
  } catch (error) {
    lock.leave();
    const because = `${mailbox} could not be cut back to ${size} octets: ${describeError(error)}`;
    throw new Failure(replyToError(cause), `${describeError(cause)}; then ${because}`, error);
  }
}

/** What must come before a From_ line so that an empty line does: a program before us may not have written it. */
async function missingSeparator(file: OpenFile, size: number): Promise<Buffer> {
  if (size === 0) return Buffer.alloc(0);
  const end = (await file.read(Math.max(size - 2, 0), 2)).toString('latin1');
  if (end === '\n\n' || end === '\n') return Buffer.alloc(0);
  return Buffer.from(end.endsWith('\n') ? '\n' : '\n\n');
}

function refuseUnsafe(mailbox: string, facts: FileFacts, owner: number): void {
  const reason = whyUnsafe(facts, owner);
  if (reason === null) return;
  throw new Failure(
    { code: 451, status: '4.3.5', text: 'Mailbox is not set up correctly, try again later' },
    `${mailbox} ${reason}`,
  );
}

function whyUnsafe({ kind, links, owner }: FileFacts, ours: number): string | null {
  if (kind === 'link') return 'is a symbolic link';
  if (kind !== 'file') return 'is not a file';
  if (links > 1) return `is a hard link: the file has ${links} names`;
  if (owner !== ours) return `belongs to user id ${owner}, not to ${ours}`;
  return null;
}
