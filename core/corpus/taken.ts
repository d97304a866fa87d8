/**
 * Mail that a gateway took: what is in its queue, with content, and what its history remembers of mail that has left, without.
 *
 * Mail that the gateway refused was never in the queue: nothing here knows of it.
 */
import { join } from 'node:path';
import type { Log } from '../plugin/ports.ts';
import type { PastMail, QueuedMail } from '../plugin/queue-control.ts';
import { HISTORY_FOLDER } from '../queue/history-folder.ts';
import { historyFiles, pastMailsIn } from '../queue/history-lines.ts';
import { notifiesAbout } from '../queue/notification.ts';
import { openSqliteStore } from '../queue/sqlite-store.ts';
import { type Found, fault, sample } from './found.ts';
import type { TakenMail } from './sample.ts';

const PAGE = 100;

/** All that a queue knows of, the oldest first: what has left, then what is there. Beside a gateway that runs. */
export async function* takenMails(directory: string, log: Log): AsyncGenerator<Found> {
  yield* pastMails(join(directory, HISTORY_FOLDER));
  yield* queuedMails(directory, log);
}

/** What a folder of history remembers. */
export async function* pastMails(folder: string): AsyncGenerator<Found> {
  for (const file of historyFiles(folder)) {
    let line = 0;
    for await (const past of pastMailsIn(file)) {
      line += 1;
      const taken = past === null ? null : takenOfPast(past);
      if (past === null) yield fault(`${file}:${line}`, 'the line cannot be read');
      else if (taken === null) yield fault(past.entry.id, 'its envelope cannot be read');
      else yield found(past.entry.id, taken);
    }
  }
}

async function* queuedMails(directory: string, log: Log): AsyncGenerator<Found> {
  const store = await openSqliteStore({ directory, role: 'guest', log });
  try {
    let after: string | null = null;
    do {
      const page = await store.list({ after, limit: PAGE });
      for (const { id } of page.entries) {
        const found = await store.find(id);
        // It may have left meanwhile.
        if (found !== null) yield await queued(id, found);
      }
      after = page.next;
    } while (after !== null);
  } finally {
    await store.close();
  }
}

async function queued(id: string, { mail, entry, trace }: QueuedMail): Promise<Found> {
  if (mail === null) return fault(id, 'the mail cannot be read');
  const { session, envelope, facts, receivedAt } = mail;
  try {
    const octets = new Uint8Array(await mail.content.bytes());
    const recipients = entry.recipients.map(({ index, destination, lastOutcome }) => ({
      index,
      destination,
      lastOutcome,
    }));
    return found(id, { kind: 'taken', octets, session, envelope, facts, trace, recipients, receivedAt });
  } catch {
    return fault(id, 'its content cannot be read');
  }
}

/** What the gateway wrote itself, no client brought. */
function found(id: string, taken: TakenMail): Found {
  return notifiesAbout(taken) === null ? sample(id, taken) : { kind: 'other', name: id };
}

function takenOfPast({ entry, session, facts, trace }: PastMail): TakenMail | null {
  const { envelope, receivedAt } = entry;
  if (envelope === null || session === null || facts === null) return null;
  const recipients = entry.recipients.map(({ index, destination, lastOutcome }) => ({
    index,
    destination,
    lastOutcome,
  }));
  return { kind: 'taken', octets: null, session, envelope, facts, trace, recipients, receivedAt };
}
