/**
 * An append that has begun, as it stands in the lock file: enough to undo it after a crash.
 *
 * Guarantee: only what that append wrote is taken off. Where the mailbox is another file by now, or another mail stands
 * behind ours, nothing is touched.
 */
import type { Files, OpenFile } from '../../core/index.ts';
import type { Mark } from './block.ts';

/** What was about to be appended, and to what. */
export interface Unfinished {
  /** Of the mailbox file. */
  readonly identity: string;
  /** Its size before. */
  readonly size: number;
  /** The entries, from there on. */
  readonly marks: readonly Mark[];
}

/** As one line of text. */
export function formatUnfinished({ identity, size, marks }: Unfinished): string {
  return JSON.stringify({ identity, size, marks });
}

/** What a line says, or `null` where it says nothing of that kind: half written, or by another program. */
export function parseUnfinished(line: string): Unfinished | null {
  try {
    const said: unknown = JSON.parse(line);
    return isUnfinished(said) ? said : null;
  } catch {
    return null;
  }
}

function isUnfinished(said: unknown): said is Unfinished {
  if (!isRecord(said)) return false;
  const { identity, size, marks } = said;
  return (
    typeof identity === 'string' && isOffset(size) && Array.isArray(marks) && marks.length > 0 && marks.every(isMark)
  );
}

function isMark(said: unknown): said is Mark {
  return isRecord(said) && isOffset(said.at) && typeof said.fromLine === 'string' && said.fromLine.startsWith('From ');
}

function isRecord(said: unknown): said is Readonly<Record<string, unknown>> {
  return typeof said === 'object' && said !== null;
}

function isOffset(said: unknown): said is number {
  return typeof said === 'number' && Number.isSafeInteger(said) && said >= 0;
}

/** Takes an unfinished append off again. The caller holds the lock. */
export async function undo(
  mailbox: string,
  begun: Unfinished,
  files: Pick<Files, 'facts' | 'open'>,
): Promise<'undone' | 'left'> {
  const named = await files.facts(mailbox);
  if (named?.kind !== 'file' || named.identity !== begun.identity || named.size <= begun.size) return 'left';
  const file = await files.open(mailbox, 'append');
  try {
    if (!(await isAlone(file, begun, named.size))) return 'left';
    await file.truncate(begun.size);
    await file.sync();
    return 'undone';
  } finally {
    await file.close();
  }
}

const PIECE = 64 * 1024;
const NEXT_MAIL = Buffer.from('\nFrom ');

/** Whether all that stands behind the old end is what we began to write: our From_ lines where we put them, and no other. */
async function isAlone(file: OpenFile, begun: Unfinished, size: number): Promise<boolean> {
  const ours = new Map(begun.marks.map(({ at, fromLine }) => [begun.size + at, Buffer.from(fromLine)]));
  const first = begun.size + (begun.marks[0]?.at ?? 0);
  const before = await file.read(begun.size, Math.min(first, size) - begun.size);
  if (before.some(octet => octet !== NEXT_MAIL[0])) return false;
  if (!(await isBegun(file, first, ours.get(first)))) return false;
  // Pieces overlap, so that no From_ line hides at their border. The first of ours has been looked at.
  for (let at = first; at < size; at += PIECE - NEXT_MAIL.length) {
    const piece = await file.read(at, PIECE);
    for (let end = piece.indexOf(NEXT_MAIL); end !== -1; end = piece.indexOf(NEXT_MAIL, end + 1)) {
      if (!(await isBegun(file, at + end + 1, ours.get(at + end + 1)))) return false;
    }
  }
  return true;
}

/** Whether this line stands there, or as much of it as the file has. */
async function isBegun(file: OpenFile, at: number, line: Buffer | undefined): Promise<boolean> {
  if (line === undefined) return false;
  const there = await file.read(at, line.length);
  return there.equals(line.subarray(0, there.length));
}
