/** `mailframe queue`: what it prints and what it does. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { actOn, list } from '../../../core/cli/queue.ts';
import { mailInJson, mailInWords } from '../../../core/cli/queue-listing.ts';
import { deferredBy } from '../../../core/mail/outcome.ts';
import type { QueueStore } from '../../../core/plugin/queue-store.ts';
import { memoryStore } from '../../../core/queue/memory-store.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { aRecipient } from '../../../core/testing/builders.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { ARRIVAL, after, newMail } from '../queue/queued-mail.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));
const BUSY = deferredBy(
  { code: 451, status: '4.3.2', text: 'Busy' },
  'mx.example[192.0.2.9]:25',
  '451 come back\u001b[2J',
);

/** One mail that was tried once, one on hold for an alias. */
async function filled(store: QueueStore = memoryStore()): Promise<QueueStore> {
  await store.commit([newMail('A'), { ...newMail('H', { to: aliased, from: '<>' }), fate: HELD }]);
  const room = { each: 1, but: new Map<string, number>() };
  const [lease] = await store.lease({ owner: 'one', now: ARRIVAL, until: after(60_000), limit: 1, room });
  const again = { index: 0, kind: 'again', outcome: BUSY, nextAttempt: after(300_000), delayNotified: false } as const;
  if (lease !== undefined) await store.settle(lease, [again], [], []);
  return store;
}

const HELD = { kind: 'hold', by: 'scanner', reason: 'odd' } as const;
const aliased = aRecipient('ann@example.test', {
  original: { localPart: 'staff', domain: 'example.test' },
  via: ['staff (aliases:3)'],
});

async function printed(store: QueueStore, json: boolean): Promise<string> {
  let text = '';
  await list(store, { json }, piece => {
    text += piece;
  });
  return text;
}

const act = async (store: QueueStore, ...args: readonly [Parameters<typeof actOn>[1], ...(readonly string[])]) => {
  const [name, ...ids] = args;
  const results = await actOn(store, name, ids, { clock: new ManualClock(after(60_000)), reason: 'by hand' });
  return results.map(({ id, text }) => `${id}: ${text}`);
};

test('list, for people', async () => {
  expect(await printed(await filled(), false)).toBe(`A  2030-01-01 12:00:00  56 B  from <ann@sender.example>
    bob@example.test: waiting, attempt 2 at 2030-01-01 12:05:00; deferred: mx.example[192.0.2.9]:25: 451 come back\\u001b[2J
H  2030-01-01 12:00:00  56 B  from <>
    on hold by scanner: odd
    ann@example.test (for staff@example.test): held
2 mails in the queue.
`);
});

test('list, for programs: one array', async () => {
  expect(JSON.parse(await printed(await filled(), true))).toMatchObject([
    {
      id: 'A',
      receivedAt: '2030-01-01T12:00:00.000Z',
      readable: true,
      reversePath: '<ann@sender.example>',
      hold: null,
      recipients: [
        { address: 'bob@example.test', state: 'waiting', attempts: 1, nextAttempt: '2030-01-01T12:05:00.000Z' },
      ],
    },
    {
      id: 'H',
      reversePath: '<>',
      hold: { by: 'scanner', reason: 'odd' },
      recipients: [{ original: 'staff@example.test' }],
    },
  ]);
  expect(JSON.parse(await printed(memoryStore(), true))).toEqual([]);
});

test('list goes through all pages', async () => {
  const store = memoryStore();
  await store.commit(Array.from({ length: 1201 }, (_, index) => newMail(`M${index}`)));
  expect(await printed(store, false)).toContain('1201 mails in the queue.');
});

test('show tells the whole life of a mail', async () => {
  const found = await (await filled()).find('A');
  if (found === null) throw new Error('there is no A');
  expect(mailInWords(found)).toContain(`came through inbound from 192.0.2.1 as client.test
trace:
    2030-01-01 12:00:00  rcpt  relay-policy: accept  [rcpt bob@example.test]`);
  expect(mailInJson(found)).toMatchObject({
    id: 'A',
    session: { listener: 'inbound' },
    trace: [{ plugin: 'relay-policy' }],
  });
});

describe('acting', () => {
  test.for([
    { name: 'retry', id: 'A', want: 'A: 1 recipient due now', state: 'waiting' },
    { name: 'hold', id: 'A', want: 'A: 1 recipient on hold', state: 'held' },
    { name: 'release', id: 'H', want: 'H: 1 recipient released', state: 'waiting' },
    { name: 'remove', id: 'A', want: 'A: 1 recipient removed; nobody is told', state: undefined },
  ] as const)('$name says what it did', async ({ name, id, want, state }) => {
    const store = await filled();
    expect(await act(store, name, id)).toEqual([want]);
    expect((await store.find(id))?.entry.recipients[0]?.state).toBe(state);
  });

  test('an id that is not there is said, and the others are acted on', async () => {
    const store = await filled();
    expect(await act(store, 'remove', 'X', 'A')).toEqual([
      'X: there is no such mail in the queue',
      'A: 1 recipient removed; nobody is told',
    ]);
  });
});

describe('the command', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [COMMAND, 'queue', ...args], { encoding: 'utf8' });

  test('works beside a gateway that runs, and finds the queue by a configuration that is wrong elsewhere', async () => {
    const folder = await tempFolder();
    const config = join(folder, 'mailframe.config.yaml');
    writeFileSync(config, 'hostname: mx.example.test\nqueue: { directory: ./q }\nlisteners: wrong\n');
    const store = await filled(
      await openSqliteStore({ directory: join(folder, 'q'), role: 'owner', log: recordingLog() }),
    );
    const removed = run('remove', 'A', '--directory', join(folder, 'q'));
    expect(removed).toMatchObject({ status: 0, stdout: 'A: 1 recipient removed; nobody is told\n' });
    expect(await store.find('A')).toBeNull();
    await store.close();
    const listed = run('list', '--config', config, '--json');
    expect(listed.stderr).toBe('');
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id: 'H' }]);
  });

  test('says where there is no queue', async () => {
    const folder = await tempFolder();
    const { status, stderr } = run('list', '--directory', folder);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `the queue in ${folder} cannot be opened: there is none\n(MF_QUEUE_OPEN: see docs/errors.md#mf_queue_open)\n`,
    );
  });
});
