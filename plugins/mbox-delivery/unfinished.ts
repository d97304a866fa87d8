/**
 * An append that has begun, as it stands in the lock file: enough to undo it after a crash.
 *
 * Guarantee: only what that append wrote is taken off. Where the mailbox is another file by now, or another mail stands
 * behind ours, nothing is touched.
 */
import { type Files, type OpenFile, z } from '../../core/index.ts';

/** What was about to be appended, and to what. */
export interface Unfinished {
  /** Of the mailbox file. */
  readonly identity: string;
  /** Its size before. */
  readonly size: number;
  readonly fromLine: string;
}

const schema = z.object({ identity: z.string(), size: z.int().min(0), fromLine: z.string().startsWith('From ') });

/** As one line of text. */
export function formatUnfinished({ identity, size, fromLine }: Unfinished): string {
  return JSON.stringify({ identity, size, fromLine });
}

/** What a line says, or `null` where it says nothing of that kind: half written, or by another program. */
export function parseUnfinished(line: string): Unfinished | null {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** Takes an unfinished append off again. The caller holds the lock. */
export async function undo(mailbox: string, begun: Unfinished, files: Files): Promise<'undone' | 'left'> {
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
const NEXT_MAIL = '\nFrom ';

/** Whether all that stands behind the old end is what we began to write: our From_ line, and no other one. */
async function isAlone(file: OpenFile, begun: Unfinished, size: number): Promise<boolean> {
  const start = (await file.read(begun.size, begun.fromLine.length + 2)).toString('latin1').replace(/^\n{1,2}/, '');
  const ours = Buffer.from(begun.fromLine).toString('latin1');
  if (!ours.startsWith(start.slice(0, ours.length))) return false;
  // Pieces overlap, so that no From_ line hides at their border. Ours, at the beginning, is not looked at.
  for (let at = begun.size + NEXT_MAIL.length; at < size; at += PIECE - NEXT_MAIL.length) {
    if ((await file.read(at, PIECE)).includes(NEXT_MAIL)) return false;
  }
  return true;
}
