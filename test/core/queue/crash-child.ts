/**
 * A process that works on a queue as hard as it can until it is killed, in every way that a store can be worked on. It
 * says on its standard output, before and after each act, what it does: `offered ID`, `acknowledged ID`, `delivered ID`
 * (before that is written down, as a next hop would hear it), `removing ID`, `damaged ID`.
 *
 * With a last argument it takes no new mail, releases what is held, and ends when the queue is empty.
 */

import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { contentOf } from '../../../core/mail/content.ts';
import { errnoOf } from '../../../core/mail/failure.ts';
import { deferredBy, deliveredTo } from '../../../core/mail/outcome.ts';
import type { QueuePage } from '../../../core/plugin/queue-control.ts';
import type { Lease, Settlement } from '../../../core/plugin/queue-store.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { ARRIVAL, after, newMail, order } from './queued-mail.ts';

const WRITERS = 8;
const ROOM = { each: 100, but: new Map<string, number>() };
const DEFERRAL = { code: 451, status: '4.3.0', text: 'Not now' } as const;
const [directory = '', name = '', seed = '', drain] = process.argv.slice(2);
const random = seededRandom(`${seed}/${name}`);
const log = recordingLog();
const store = await openSqliteStore({ directory, role: 'owner', log });
/** Blocks as long as nobody reads: the pipe does not. */
const say = (line: string) => {
  for (;;) {
    try {
      return writeSync(1, `${line}\n`);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
    }
  }
};
const chance = (oneIn: number) => random.below(oneIn) === 0;

/** The octets of a mail: those of one commit share them, and the name of the first of them is on every line. */
function octetsOf(first: string): Buffer {
  return Buffer.from(`${first}\r\n`.repeat(first.includes('-large-') ? Math.ceil(270_000 / first.length) : 50));
}

async function write(writer: number): Promise<never> {
  for (let count = 0; ; count++) {
    const first = `${name}-${writer}-${count}-${chance(12) ? 'large' : 'small'}-a`;
    const ids = chance(3) ? [first, first.replace(/a$/, 'b')] : [first];
    const content = contentOf(octetsOf(first));
    for (const id of ids) say(`offered ${id}`);
    const claim = chance(3) ? { owner: name, until: after(60_000) } : null;
    const claimed = await store.commit(
      ids.map(id => newMail(id, { content })),
      claim,
    );
    for (const id of ids) say(`acknowledged ${id}`);
    for (const lease of claimed) await attempt(lease);
    const id = ids.at(-1) ?? '';
    if (chance(6)) await store.hold(id, order());
    if (chance(12)) await store.release(id, order());
    if (chance(12)) await store.retry(id, order());
    if (chance(12)) {
      say(`removing ${id}`);
      await store.remove(id, order());
    }
  }
}

/** An attempt: most are delivered, some are deferred, and some of these owe a notification. */
async function attempt(lease: Lease): Promise<void> {
  const { id, content } = lease.mail;
  const again = { index: 0, kind: 'again', outcome: deferredBy(DEFERRAL), nextAttempt: ARRIVAL } as const;
  const octets = await content.bytes().catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return null;
  });
  if (octets === null) {
    // Given back by `deliver`, and delivered by it: only then may the content be gone.
    if ((await store.settle(lease, [{ ...again, delayNotified: false }], [], [])) !== 'lost') say(`damaged ${id}`);
    return;
  }
  if (!hash(octets).equals(hash(octetsOf(id.replace(/b$/, 'a').replace(/^notice-.*-for-/, ''))))) say(`damaged ${id}`);
  if (chance(10)) await store.renew([lease], after(60_000));
  if (drain === undefined && chance(4)) return settle(lease, { ...again, delayNotified: false });
  say(`delivered ${id}`);
  return settle(lease, { index: 0, kind: 'done', outcome: deliveredTo('bob') });
}

async function settle(lease: Lease, settlement: Settlement): Promise<void> {
  const { id, content } = lease.mail;
  const owes = drain === undefined && !id.startsWith('notice-') && chance(8);
  const notice = `notice-${name}-${random.below(2 ** 40)}-for-${id.replace(/b$/, 'a')}`;
  if (owes) say(`offered ${notice}`);
  const notices = owes ? [newMail(notice, { content })] : [];
  const result = await store.settle(lease, [settlement], [], notices);
  if (owes && result === 'settled') say(`acknowledged ${notice}`);
}

function hash(octets: Buffer): Buffer {
  return createHash('sha256').update(octets).digest();
}

async function deliver(): Promise<void> {
  for (;;) {
    const leases = await store.lease({ owner: name, now: ARRIVAL, until: after(60_000), limit: 5, room: ROOM });
    if (leases.length === 0 && drain !== undefined) return;
    for (const lease of leases) await attempt(lease);
    if (chance(20)) await store.giveBack(name);
    if (leases.length === 0) await wait(1);
  }
}

async function releaseAll(): Promise<void> {
  for (let after: string | null = null; ; ) {
    const { entries, next }: QueuePage = await store.list({ after, limit: 500 });
    for (const { id } of entries) await store.release(id, order());
    after = next;
    if (after === null) return;
  }
}

say('working');
if (drain === undefined) {
  await Promise.all([deliver(), ...Array.from({ length: WRITERS }, (_, writer) => write(writer))]);
} else {
  await releaseAll();
  await deliver();
  for (const { fields } of log.of('damaged')) say(`damaged ${String(fields.queueId)}: ${String(fields.cause)}`);
  await store.close();
}
