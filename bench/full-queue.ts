/**
 * Fills a queue with mail that was deferred before: what a gateway finds when it starts after bad days. In a process of its
 * own, which is killed in the end, so that the queue is left as a crash leaves it. Started by `fullQueue`.
 *
 * The rows are inserted by the store's own code, in large transactions that are not synced; what a first attempt would have
 * changed in them is written by SQL.
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { contentOf } from '../core/mail/content.ts';
import { deferredBy } from '../core/mail/outcome.ts';
import type { NewMail } from '../core/plugin/queue-store.ts';
import { encodeOutcome } from '../core/queue/codec.ts';
import { Spool } from '../core/queue/spool.ts';
import { SpoolFolder } from '../core/queue/spool-folder.ts';
import { prepareRows, SPOOL_FROM } from '../core/queue/sqlite-rows.ts';
import { openDatabase } from '../core/queue/sqlite-schema.ts';
import { Tables } from '../core/queue/sqlite-tables.ts';
import { aMail } from '../core/testing/builders.ts';

/** What the queue is to hold. */
export interface Fill {
  readonly directory: string;
  /** With one recipient each. Every tenth is for one of a few large destinations. */
  readonly mails: number;
  /** Of the others. */
  readonly destinations: number;
  /** Of the mails: so many are due already, the others within the next four hours. */
  readonly due: number;
  /** Of the mails, the last: so many are leased, and the log of the database holds these rows alone. */
  readonly leased: number;
  /** Of the mails, the first: so many have large content, in a spool file. */
  readonly large: number;
}

const HOUR = 3600_000;
const LARGE_DESTINATIONS = 10;
/** From 1 KB to 4 KB. */
const SIZES = [1, 2, 3, 4].map(count => count * 1024);
const AT_ONCE = 1000;
/** When mail is given up. */
const DAYS = 5 * 24 * HOUR;

const FILE = fileURLToPath(import.meta.url);

const OUTCOME = encodeOutcome(
  deferredBy(
    { code: 451, status: '4.4.1', text: 'No answer from the next hop' },
    'mx.example.test',
    'connect ETIMEDOUT 192.0.2.1:25',
  ),
);

/** Fills the queue, and leaves it as a process does that is killed. */
export async function fullQueue(fill: Fill): Promise<void> {
  const child = fork(FILE, [JSON.stringify(fill)], { stdio: 'inherit' });
  const [first] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (first !== 'filled') throw new Error('the queue was not filled');
  child.kill('SIGKILL');
  await once(child, 'exit');
  // What the filling left to the kernel to write is not what is measured.
  execFileSync('sync');
}

async function fillIt(fill: Fill): Promise<void> {
  const { directory, mails, leased } = fill;
  const now = Date.now();
  const { database } = openDatabase(directory, 'owner', { pid: process.pid, host: 'bench' });
  const folder = new SpoolFolder(directory);
  const spool = new Spool(directory);
  const tables = new Tables(database, null);
  database.exec('PRAGMA synchronous = OFF');
  const insert = async (from: number, to: number, claim: Parameters<Tables['insert']>[1]) => {
    for (let first = from; first < to; first += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, to - first) }, (_, index) => first + index);
      const { rows } = await prepareRows(
        numbers.map(number => oldMail(number, fill, now)),
        spool,
      );
      database.exec('BEGIN IMMEDIATE');
      tables.insert(rows, claim);
      deferAll(database, { ...fill, now, from: first });
      database.exec('COMMIT');
    }
  };
  await insert(0, mails - leased, null);
  database.exec(`
    DELETE FROM lane;
    INSERT INTO lane SELECT destination, priority, min(due) FROM recipient WHERE state = 'waiting' GROUP BY 1, 2;
    PRAGMA wal_checkpoint(TRUNCATE);
    PRAGMA wal_autocheckpoint = 0`);
  await insert(mails - leased, mails, { owner: 'crashed', until: now + HOUR });
  folder.sync();
  process.send?.('filled');
}

/** As if the mails from this one on had been tried before. */
function deferAll(
  database: DatabaseSync,
  { mails, due, now, from }: Fill & { readonly now: number; readonly from: number },
): void {
  // Keys are given out in the order of the mails. A permutation spreads what is due over all destinations.
  database
    .prepare(
      `UPDATE recipient SET attempts = 3, outcome = ?1, expires = ?2 + ?3,
         due = CASE WHEN (mail * 7919) % ?4 < ?5 THEN ?2 - (mail * 31) % 3600000 ELSE ?2 + 60000 + (mail * 7919) % 14340000 END
       WHERE mail > ?6`,
    )
    .run(OUTCOME, now, DAYS, mails, due, from);
}

function oldMail(number: number, { destinations, large }: Fill, now: number): NewMail {
  const isForLarge = number % 10 === 0;
  const domain = isForLarge ? `large-${(number / 10) % LARGE_DESTINATIONS}.test` : `d${number % destinations}.test`;
  const size = number < large ? SPOOL_FROM : (SIZES[number % SIZES.length] ?? 0);
  return {
    mail: aMail({
      id: `OLD${String(number).padStart(9, '0')}`,
      from: `<sender-${number % 1000}@client.test>`,
      to: `<someone-${number}@${domain}>`,
      content: contentOf(Buffer.alloc(size, 'Subject: deferred\r\n\r\nwaiting\r\n')),
      receivedAt: new Date(now - HOUR - (number % HOUR)),
    }),
    trace: [],
    fate: { kind: 'deliver' },
  };
}

const [, script, fill] = process.argv;
if (script === FILE && fill !== undefined) await fillIt(JSON.parse(fill) as Fill);
