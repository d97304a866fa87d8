/** Pages of the database that are damaged: the mail that lies on them is set aside, and the others go on. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import type { QueueStore } from '../../../core/plugin/queue-store.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { describeWithProgram } from '../../support/external.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { ARRIVAL, after, newMail } from './queued-mail.ts';

const PAGE = 4096;
/** SQLite's mark of a page that holds rows (its file format, section 1.6), and what is no mark. */
const [LEAF, NO_MARK] = [0x0d, 0xee];
const DUE = { owner: 'one', now: ARRIVAL, until: after(60_000), limit: 100, room: { each: 100, but: new Map() } };
const IDS = Array.from({ length: 20 }, (_, index) => `M${10 + index}`);

async function opened(directory: string, log = recordingLog()): Promise<QueueStore> {
  const store = await openSqliteStore({ directory, role: 'owner', log });
  onTestFinished(() => store.close());
  return store;
}

/** A closed queue with a mail for each id, each with more octets than a page holds. */
async function filled(): Promise<string> {
  const directory = await tempFolder();
  const store = await opened(directory);
  for (const id of IDS) {
    const mail = newMail(id, { to: [`to-${id}@one.example`], content: contentOf(`octets of ${id}\r\n`.repeat(2000)) });
    await store.commit([{ ...mail, trace: Array.from({ length: 5 }, () => mail.trace).flat() }]);
  }
  await store.close();
  return directory;
}

/** Writes over some octets of the pages that a test picks, and says how many these were. */
function damage(directory: string, octets: Buffer, picks: (page: Buffer) => boolean): number {
  const file = join(directory, 'queue.db');
  const whole = readFileSync(file);
  const pages = Array.from({ length: whole.length / PAGE }, (_, index) => index).filter(index =>
    picks(whole.subarray(index * PAGE, (index + 1) * PAGE)),
  );
  const descriptor = openSync(file, 'r+');
  for (const index of pages) writeSync(descriptor, octets, 0, octets.length, index * PAGE);
  closeSync(descriptor);
  return pages.length;
}

async function taken(directory: string) {
  const log = recordingLog();
  const store = await opened(directory, log);
  const leases = await store.lease(DUE);
  for (const { mail } of leases) {
    expect(String(await mail.content.bytes())).toBe(`octets of ${mail.id}\r\n`.repeat(2000));
  }
  expect(await store.lease({ ...DUE, owner: 'two' })).toEqual([]);
  return { store, log, ids: leases.map(({ mail }) => mail.id) };
}

test('the content of one mail: it is set aside and says why, and all others are given out', async () => {
  const directory = await filled();
  const victim = 'M13';
  // Further pages of a content begin with the number of the next one.
  const nowhere = Buffer.from([0xff, 0xff, 0xff, 0xfe]);
  expect(
    damage(directory, nowhere, page => page[0] === 0 && page.indexOf(`octets of ${victim}\r\n`) >= 0),
  ).toBeGreaterThan(2);
  const { store, log, ids } = await taken(directory);
  expect(ids).toEqual(IDS.filter(id => id !== victim));
  expect(log.of('damaged')).toMatchObject([{ level: 'error', fields: { queueId: victim } }]);
  expect((await store.find(victim))?.entry.hold?.reason).toContain('the database is damaged where it lies');
  expect((await store.list({ after: null, limit: 100 })).entries.map(({ id }) => id)).toEqual(IDS);
});

test('a page of mails: these are set aside, told in the log, and all others are given out', async () => {
  const directory = await filled();
  const victim = 'M13';
  const ofMail = (page: Buffer) => page[0] === LEAF && page.indexOf(`"to-${victim}"`) >= 0;
  expect(damage(directory, Buffer.from([NO_MARK]), ofMail)).toBe(1);
  const { log, ids } = await taken(directory);
  const lost = log.of('damaged').length;
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThan(5);
  expect(ids).toHaveLength(IDS.length - lost);
  expect(ids).not.toContain(victim);
});

describeWithProgram('sqlite3', 'a database that is put together again as the documentation says', () => {
  test('gives out all mail that was whole; what has lost a part is set aside', async () => {
    const directory = await filled();
    const isOfMail = (page: Buffer) => page[0] === LEAF && page.indexOf('"to-M13"') >= 0;
    expect(damage(directory, Buffer.from([NO_MARK]), isOfMail)).toBe(1);
    const page = readFileSync(new URL('../../../docs/durability.md', import.meta.url), 'utf8');
    const [, commands = ''] = /```sh\n([^`]*)```/.exec(page) ?? [];
    expect(commands).toContain('.dump');
    const said = execFileSync('sh', ['-c', commands], { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
    expect(said).not.toMatch(/^ok$/m);
    renameSync(join(directory, 'new.db'), join(directory, 'queue.db'));
    for (const name of ['queue.db-wal', 'queue.db-shm']) rmSync(join(directory, name), { force: true });
    const { log, ids } = await taken(directory);
    expect(ids.length + log.of('damaged').length).toBe(IDS.length);
    expect(ids.length).toBeGreaterThan(IDS.length - 5);
    expect(ids).not.toContain('M13');
  });
});
