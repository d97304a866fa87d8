/**
 * Appends a block of entries to a mailbox file, wholly or not at all.
 *
 * Guarantee: when it resolves, the entries are on the disk. When it rejects, the file has its old size again; where even
 * that failed, the lock file stays, keeps other programs away, and the next order takes the half block off. Never through
 * a link, never into a file that somebody else owns.
 */
import { dirname } from 'node:path';
import type { FileFacts, Files, OpenFile } from '../../core/index.ts';
import type { Block } from './block.ts';
import type { DotLock } from './dot-lock.ts';
import type { Keeping } from './keeping.ts';
import { codeOf, full, notSetUp, Refused, troubleOf } from './trouble.ts';

/** Who appends: the lock is held, and the signal ends the attempt. */
export interface AppendContext {
  readonly files: Files;
  readonly lock: DotLock;
  readonly keeping: Keeping;
  readonly signal: AbortSignal;
}

/** Appends the block to the file, which is made where there is none. */
export async function append(mailbox: string, block: Block, context: AppendContext): Promise<void> {
  const { files, lock, keeping } = context;
  const file = await openMailbox(mailbox, keeping.mode, files);
  try {
    const facts = await file.facts();
    refuseUnsafe(mailbox, await owned(file, facts, context), keeping.user ?? lock.owner);
    const separator = await missingSeparator(file, facts.size);
    const marks = block.marks.map(({ at, fromLine }) => ({ at: at + separator.length, fromLine }));
    await lock.begin({ identity: facts.identity, size: facts.size, marks });
    await writeOrRollBack({ mailbox, file, size: facts.size, separator, block }, context);
  } finally {
    // What closing says changes nothing: the octets were on the disk before, or were taken off again.
    await file.close().catch(() => undefined);
  }
}

/** A mailbox that was just made belongs to us, and goes to its owner before anything is in it. */
async function owned(file: OpenFile, facts: FileFacts, { keeping, lock }: AppendContext): Promise<FileFacts> {
  const { user, group } = keeping;
  const isNew = facts.kind === 'file' && facts.size === 0 && facts.links === 1 && facts.owner === lock.owner;
  if (!isNew || (user === null && group === null)) return facts;
  await file.own(user, group);
  return file.facts();
}

async function openMailbox(mailbox: string, mode: number, files: Files): Promise<OpenFile> {
  try {
    return await files.open(mailbox, 'append', mode);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ELOOP') throw notSetUp(`${mailbox} is a symbolic link`);
    if (code === 'EISDIR' || code === 'ENXIO') throw notSetUp(`${mailbox} is not a file`);
    throw error;
  }
}

interface Appending {
  readonly mailbox: string;
  readonly file: OpenFile;
  /** Before. */
  readonly size: number;
  readonly separator: Buffer;
  readonly block: Block;
}

async function writeOrRollBack(
  appending: Appending,
  { files, lock, signal, keeping: { quota } }: AppendContext,
): Promise<void> {
  const { mailbox, file, size, separator, block } = appending;
  try {
    let at = size;
    const write = async (octets: Buffer) => {
      signal.throwIfAborted();
      if (quota !== null && at + octets.length > quota) throw full(`${mailbox} may hold ${quota} octets`);
      await file.write(octets, at);
      at += octets.length;
    };
    if (separator.length > 0) await write(separator);
    if (typeof block.octets === 'function') for await (const octets of block.octets()) await write(octets);
    else await write(wholeOf(block.octets));
    await file.sync();
    if (size === 0) await files.syncDirectory(dirname(mailbox));
    await lock.complete();
  } catch (error) {
    await rollBack(appending, lock, error);
    throw error;
  }
}

async function rollBack({ mailbox, file, size }: Appending, lock: DotLock, cause: unknown): Promise<void> {
  try {
    await file.truncate(size);
    await file.sync();
    await lock.complete();
  } catch (error) {
    lock.leave();
    const because = `${mailbox} could not be cut back to ${size} octets: ${troubleOf(error).because}`;
    const both = new Error(`${troubleOf(cause).because}; then ${because}`, { cause: error });
    throw Object.assign(both, { code: codeOf(cause) });
  }
}

/** The same octets: what has come from another thread is no Buffer. */
function wholeOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}

const NONE = Buffer.alloc(0);

/** What must come before a From_ line so that an empty line does: a program before us may not have written it. */
export async function missingSeparator(file: Pick<OpenFile, 'read'>, size: number): Promise<Buffer> {
  if (size === 0) return NONE;
  const end = (await file.read(Math.max(size - 2, 0), 2)).toString('latin1');
  if (end === '\n\n' || end === '\n') return NONE;
  return Buffer.from(end.endsWith('\n') ? '\n' : '\n\n');
}

/** @throws Refused where nothing may be written to it. `ours`: to whom it must belong. */
export function refuseUnsafe(mailbox: string, { kind, links, owner }: FileFacts, ours: number): void {
  if (kind !== 'file') throw notSetUp(`${mailbox} is not a file`);
  if (links > 1) throw notSetUp(`${mailbox} is a hard link: the file has ${links} names`);
  if (owner !== ours) throw notSetUp(`${mailbox} belongs to user id ${owner}, not to ${ours}`);
  if (links === 1) return;
  const reply = { code: 451, status: '4.2.0', text: 'Mailbox is busy, try again later' } as const;
  throw new Refused(reply, `${mailbox} was removed while it was opened`);
}
