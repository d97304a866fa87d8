/**
 * Brings a queue of an older format up to date, inside a transaction of the caller: a crash leaves it as it was.
 *
 * A queue may hold a million mails. So what concerns each of them is done in pieces, which keeps memory small, and whoever
 * waits for it hears how far it is.
 */
import type { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from './sqlite-format.ts';
import type { Update } from './sqlite-protocol.ts';

/** So many mails at once: a second or two on a slow machine. */
const PIECE = 50_000;
/** In milliseconds. */
const TELL_EVERY = 3000;

/** Who is told. Time is in milliseconds. */
export interface Telling {
  readonly tell: (update: Update) => void;
  readonly now: () => number;
}

/** Does nothing, and tells nothing, where the format is none of the older ones. */
export function bringUpToDate(database: DatabaseSync, from: number, { tell, now }: Telling): void {
  const versions = versionsFrom(from);
  const to = from + versions.length;
  if (to === from) return;
  const { mails, last } = countMails(database);
  const began = now();
  let toldAt = began;
  const steps = versions.flatMap(version => MIGRATIONS[version] ?? []);
  const progress = (done: number) => {
    if (now() - toldAt < TELL_EVERY) return;
    toldAt = now();
    tell({ kind: 'goes-on', from, to, done: done / steps.length });
  };
  tell({ kind: 'begins', from, to, mails });
  for (const [index, step] of steps.entries()) {
    progress(index);
    if (typeof step === 'string') database.exec(step);
    else {
      const piece = database.prepare(step.ofMails);
      for (let after = 0; after < last; after += PIECE) {
        piece.run(after, after + PIECE);
        progress(index + (after + PIECE) / (last + PIECE));
      }
    }
  }
  database.exec(`PRAGMA user_version = ${to}`);
  tell({ kind: 'done', from, to, took: now() - began });
}

function versionsFrom(from: number): readonly number[] {
  const versions: number[] = [];
  for (let version = from; MIGRATIONS[version] !== undefined; version += 1) versions.push(version);
  return versions;
}

function countMails(database: DatabaseSync): { readonly mails: number; readonly last: number } {
  const { mails, last } = database.prepare('SELECT count(*) AS mails, max(key) AS last FROM mail').get() ?? {};
  return { mails: Number(mails ?? 0), last: Number(last ?? 0) };
}
