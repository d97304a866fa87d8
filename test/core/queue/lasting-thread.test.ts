/** The thread of the store ends, by whatever: who waits is told, and the next one finds another thread. */
import { readdirSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { replyToError } from '../../../core/mail/failure.ts';
import { deliveredTo } from '../../../core/mail/outcome.ts';
import type { QueueStore } from '../../../core/plugin/queue-store.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { smtpClient } from '../../../core/testing/smtp-client.ts';
import { gatewayFolder, startedIn } from '../../interop/running-gateway.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { ARRIVAL, after, newMail } from './queued-mail.ts';

const threads = vi.hoisted((): Worker[] => []);

vi.mock('node:worker_threads', async original => {
  const actual = await original<typeof import('node:worker_threads')>();
  class Noted extends actual.Worker {
    constructor(...args: ConstructorParameters<typeof actual.Worker>) {
      super(...args);
      if (args[1]?.name === 'queue-store') threads.push(this);
    }
  }
  return { ...actual, Worker: Noted };
});

const LARGE = contentOf(Buffer.alloc(300_000, 'large\r\n'));
const DUE = { owner: 'one', now: ARRIVAL, until: after(60_000), limit: 10, room: { each: 10, but: new Map() } };

async function opened() {
  const directory = await tempFolder();
  const log = recordingLog();
  const store = await openSqliteStore({ directory, role: 'owner', log });
  onTestFinished(() => store.close());
  return { directory, log, store };
}

/** Ends the thread of the store that works now. */
async function crash(): Promise<void> {
  await threads.at(-1)?.terminate();
}

async function ids(store: QueueStore): Promise<readonly string[]> {
  return (await store.list({ after: null, limit: 10 })).entries.map(({ id }) => id);
}

test('what was under way is refused for now, and the next call finds a new thread with all that was committed', async () => {
  const { log, store } = await opened();
  await store.commit([newMail('A')]);
  const pending = store.commit([newMail('B', { content: LARGE })]);
  await crash();
  const error: unknown = await pending.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (error !== null) expect(replyToError(error)).toMatchObject({ code: 451, status: '4.3.0' });
  await store.commit([newMail('C')]);
  expect(await ids(store)).toEqual(expect.arrayContaining(['A', 'C']));
  expect(log.of('broken')).toMatchObject([{ level: 'error', fields: { cause: 'the queue store has ended' } }]);
  expect(log.of('reopened')).toHaveLength(1);
});

test('mail that lies in the journal alone is still settled by whoever delivers it, and not handed out again', async () => {
  const { store } = await opened();
  const claim = { owner: 'one', until: after(60_000) };
  const [kept] = await store.commit([newMail('A')], claim);
  const [ended] = await store.commit([newMail('B')], claim);
  if (kept === undefined || ended === undefined) throw new Error('nothing was leased');
  await crash();
  expect(await store.settle(ended, [{ index: 0, kind: 'done', outcome: deliveredTo('bob') }], [], [])).toBe('settled');
  expect(await store.lease(DUE)).toEqual([]);
  expect(await ids(store)).toEqual(['A']);
  expect(await store.settle(kept, [{ index: 0, kind: 'done', outcome: deliveredTo('bob') }], [], [])).toBe('settled');
  expect(await ids(store)).toEqual([]);
});

test('what is being delivered meanwhile is still settled by whoever delivers it, and not handed out again', async () => {
  const { directory, store } = await opened();
  await store.commit([newMail('A', { content: LARGE }), newMail('B')]);
  const [lease] = await store.lease({ ...DUE, limit: 1 });
  await crash();
  const [other] = await store.lease({ ...DUE, owner: 'two' });
  expect(other?.mail.id).toBe('B');
  expect(other?.fence).not.toBe(lease?.fence);
  expect(readdirSync(`${directory}/spool`)).toEqual(['A']);
  if (lease === undefined) throw new Error('nothing was leased');
  expect(await store.settle(lease, [{ index: 0, kind: 'done', outcome: deliveredTo('bob') }], [], [])).toBe('settled');
  expect(await ids(store)).toEqual(['B']);
});

test('calls that come together while there is no thread share a new one', async () => {
  const { log, store } = await opened();
  await crash();
  await Promise.all(['A', 'B', 'C'].map(id => store.commit([newMail(id)])));
  expect(await ids(store)).toEqual(['A', 'B', 'C']);
  expect(log.of('reopened')).toHaveLength(1);
});

test('where the folder has another owner by now, calls are refused and say so', async () => {
  const { directory, store } = await opened();
  await crash();
  const other = await openSqliteStore({ directory, role: 'owner', log: recordingLog() });
  await expect(store.commit([newMail('A')])).rejects.toThrow('is in use by process');
  await other.close();
  await store.commit([newMail('B')]);
  expect(await ids(store)).toEqual(['B']);
});

test('a store that is closed stays closed', async () => {
  const { log, store } = await opened();
  await store.close();
  await expect(store.commit([newMail('A')])).rejects.toThrow('closed');
  expect(log.of('broken')).toEqual([]);
});

test('a gateway goes on: mail is taken and delivered after the thread of its store has ended', async () => {
  const gateway = await startedIn(await gatewayFolder());
  const client = await smtpClient(gateway.port);
  await client.say('EHLO client.test');
  const send = async () => {
    await client.sayAll(['MAIL FROM:<ann@client.test>', 'RCPT TO:<bob@example.test>']);
    return client.data('Subject: one\n\nbody\n');
  };
  expect(await send()).toMatchObject({ code: 250 });
  await gateway.mails('bob', 1);
  await crash();
  await until(async () => expect(await send()).toMatchObject({ code: 250 }));
  await gateway.mails('bob', 2);
  expect(gateway.log.of('broken')).toHaveLength(1);
});
