/** What `mailframe queue list`, `show`, `trace` and `stats` print. */
import { describe, expect, test } from 'vitest';
import { accountOfLife } from '../../../../core/cli/account/of-life.ts';
import { lifeInJson, traceInJson } from '../../../../core/cli/queue/json.ts';
import { type Life, lifeOf } from '../../../../core/cli/queue/life.ts';
import { listInJson, listInWords } from '../../../../core/cli/queue/list.ts';
import { showInWords } from '../../../../core/cli/queue/show.ts';
import { statsInJson, statsInWords } from '../../../../core/cli/queue/stats.ts';
import { traceInWords } from '../../../../core/cli/trace.ts';
import { bouncedBy, deliveredTo } from '../../../../core/mail/outcome.ts';
import type { QueueFilter } from '../../../../core/plugin/queue-control.ts';
import type { QueueStore } from '../../../../core/plugin/queue-store.ts';
import { memoryStore } from '../../../../core/queue/memory-store.ts';
import { settlementSteps } from '../../../../core/queue/settlement-steps.ts';
import { ARRIVAL, after, mailFor, newMail, order, STEP } from '../../queue/queued-mail.ts';
import { BUSY, filled, printed } from './filled.ts';

const NOW = after(120_000);

interface Asked {
  readonly filter?: QueueFilter;
  readonly limit?: number;
  readonly width?: number;
}

const listed = (store: QueueStore, { filter = {}, limit = 1000, width = Infinity }: Asked = {}) =>
  printed(print => listInWords(store, { filter, limit, now: NOW, width, print }));
const listedInJson = async (store: QueueStore, { filter = {}, limit = Infinity }: Asked = {}): Promise<unknown> =>
  JSON.parse(await printed(print => listInJson(store, { filter, limit, now: NOW, width: Infinity, print })));

async function life(store: QueueStore, id: string): Promise<Life> {
  const found = await lifeOf(store, id);
  if (found === null) throw new Error(`there is no ${id}`);
  return found;
}

describe('list', () => {
  test('for people: a table, and no control of a terminal in it', async () => {
    expect(await listed(await filled())).toBe(
      [
        'ID    AGE  SIZE  FROM                TO                STATE    NEXT      WHY',
        'A   2 min  56 B  ann@sender.example  bob@example.test  waiting  in 3 min  451 come back\\u001b[2J',
        'H   2 min  56 B  <>                  ann@example.test  held               scanner: odd',
        '2 mails.',
        '',
      ].join('\n'),
    );
  });

  test('for people at a narrow terminal: no line is longer', async () => {
    const text = await listed(await filled(), { width: 60 });
    expect(text).toBe(
      [
        'ID    AGE  TO                STATE    NEXT',
        'A   2 min  bob@example.test  waiting  in 3 min',
        '    from ann@sender.example: 451 come back\\u001b[2J',
        'H   2 min  ann@example.test  held',
        '    from <>: scanner: odd',
        '2 mails.',
        '',
      ].join('\n'),
    );
    const long = memoryStore();
    await long.commit([
      newMail('B', { from: `<${'a'.repeat(60)}@sender.example>`, to: [`${'b'.repeat(60)}@x.example`] }),
    ]);
    for (const width of [40, 80, 130, 200]) {
      for (const line of (await listed(long, { width })).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  test('of many recipients three are shown', async () => {
    const store = memoryStore();
    await store.commit([newMail('A', { to: Array.from({ length: 1003 }, (_, index) => `u${index}@example.test`) })]);
    const text = await listed(store);
    expect(text.match(/u\d+@example.test/g)).toEqual([0, 1, 2].map(index => `u${index}@example.test`));
    expect(text).toMatch(/^ +and 1,000 more$/m);
  });

  test('tells what keeps a mail back, and what is to be returned', async () => {
    const store = await filled();
    await store.suspend('example.test', order());
    expect(await listed(store)).toMatch(/^A .* waiting {2}suspended {2}451/m);
    await store.resume('example.test');
    await store.backOff('example.test', after(3_600_000));
    expect(await listed(store)).toMatch(/^A .* waiting {2}in 58 min {2}451/m);
    await store.bounce('A', { code: 554, status: '5.3.0', text: 'Gone' }, order());
    expect(await listed(store)).toMatch(/^A .* to be returned: 554 5\.3\.0 Gone$/m);
  });

  test('shows so many, and says that there are more', async () => {
    const store = memoryStore();
    await store.commit(Array.from({ length: 1201 }, (_, index) => newMail(`M${index}`)));
    expect(await listed(store, { limit: Infinity })).toMatch(/^1,201 mails\.$/m);
    const some = await listed(store, { limit: 600 });
    expect(some.split('\n')).toHaveLength(1 + 600 + 1 + 1);
    expect(some).toContain('600 mails, and there are more');
    expect(await listed(store, { limit: 1201 })).toMatch(/^1,201 mails\.$/m);
  });

  test('says when nothing is meant, and when there is nothing', async () => {
    expect(await listed(await filled(), { filter: { states: ['damaged'] } })).toBe('No mail in the queue is meant.\n');
    expect(await listed(memoryStore())).toBe('The queue is empty.\n');
  });

  test('for programs: one array', async () => {
    expect(await listedInJson(await filled())).toMatchObject([
      {
        id: 'A',
        receivedAt: '2030-01-01T12:00:00.000Z',
        readable: true,
        reversePath: '<ann@sender.example>',
        hold: null,
        recipients: [
          {
            address: 'bob@example.test',
            destination: 'example.test',
            state: 'waiting',
            attempts: 1,
            nextAttempt: '2030-01-01T12:05:00.000Z',
          },
        ],
      },
      {
        id: 'H',
        reversePath: '<>',
        hold: { by: 'scanner', reason: 'odd' },
        recipients: [{ original: 'staff@example.test' }],
      },
    ]);
    expect(await listedInJson(await filled(), { limit: 1 })).toHaveLength(1);
    expect(await listedInJson(memoryStore())).toEqual([]);
  });
});

describe('show', () => {
  test('tells where a mail stands', async () => {
    expect(showInWords(await life(await filled(), 'A'), NOW)).toBe(
      [
        'A: in the queue',
        '  arrived   2030-01-01 12:00:00, 2 min ago',
        '  from      <ann@sender.example>',
        '  size      56 B',
        '  client    192.0.2.1:49152, without a name, EHLO client.test, no TLS, through inbound',
        '  to        bob@example.test: waiting, next attempt in 3 min (2030-01-01 12:05:00), after 1 attempt',
        '            mx.example[192.0.2.9]:25: 451 come back\\u001b[2J',
        '',
      ].join('\n'),
    );
  });

  test('tells what became of a mail that has left', async () => {
    const store = await filled();
    await store.remove('H', order(60_000));
    const found = await life(store, 'H');
    expect(showInWords(found, NOW)).toContain('H: removed 2030-01-01 12:01:00, 60 s ago, by eve: looks odd\n');
    expect(lifeInJson(found)).toMatchObject({
      id: 'H',
      left: { at: after(60_000), removed: { by: 'eve', reason: 'looks odd' } },
      session: { listener: 'inbound' },
    });
  });

  test('of a mail that nobody knows there is nothing', async () => {
    expect(await lifeOf(memoryStore(), 'X')).toBeNull();
  });
});

/** `B` was taken, deferred, held and released by hand, and then bounced, with a notification. */
async function lived(): Promise<QueueStore> {
  const store = memoryStore();
  const steps = ['connect', 'rcpt', 'data'].map((hook, index) => ({
    ...STEP,
    hook,
    at: ARRIVAL.getTime() - 30 + index,
  }));
  const changes = [{ what: 'added header field X-Scanned', breaks: ['DKIM example.test (selector s1)'] }];
  const rewrite = {
    ...STEP,
    hook: 'data',
    plugin: 'scan',
    answer: 'rewrite',
    changes,
    facts: { spam: 'no' },
    took: 12.4,
  };
  await store.commit([
    { ...newMail('B'), trace: [...steps, { ...rewrite, at: ARRIVAL.getTime() - 5, mode: 'shadow' }] },
  ]);
  const attempt = async (milliseconds: number, outcome: typeof BUSY | ReturnType<typeof bouncedBy>) => {
    const now = after(milliseconds);
    const room = { each: 1, but: new Map<string, number>() };
    const [lease] = await store.lease({ owner: 'one', now, until: after(1e7), limit: 1, room });
    const [queued] = lease?.recipients ?? [];
    if (lease === undefined || queued === undefined) throw new Error('nothing was leased');
    const nextAttempt = after(milliseconds + 300_000);
    const settled =
      outcome.kind === 'deferred'
        ? ({ index: 0, kind: 'again', outcome, nextAttempt, delayNotified: false } as const)
        : ({ index: 0, kind: 'done', outcome } as const);
    const owed = outcome.kind === 'bounced' ? [{ mail: mailFor('N', { from: '<>', to: ['ann@sender.example'] }) }] : [];
    const taken = [
      { ...STEP, at: now.getTime(), hook: 'route', plugin: 'mx-routing', asked: '<bob@example.test>', answer: 'route' },
      { ...STEP, at: now.getTime(), hook: 'deliver', plugin: 'internet', answer: 'report', took: 40 },
    ];
    const judged = [{ queued, outcome, settlement: settled, owed: null, expanded: false, giveUpAt: after(1e9) }];
    await store.settle(lease, [settled], [...taken, ...settlementSteps(judged, owed, { now, fate: 'deliver' })], []);
  };
  await attempt(1000, BUSY);
  await store.hold('B', order(2000));
  await store.release('B', order(3000));
  await attempt(
    4000,
    bouncedBy({ code: 550, status: '5.1.1', text: 'No' }, 'mx.example[192.0.2.9]:25', '550 no\u0007'),
  );
  return store;
}

const PLAIN = { width: Infinity, colour: false };

describe('trace', () => {
  test('tells the whole life in its order, of a mail that has left too', async () => {
    const text = traceInWords(await life(await lived(), 'B'), after(64_000), PLAIN);
    expect(text.replaceAll(/(^| {2})2030-01-01 /gm, '$1')).toBe(
      [
        'B: bounced, left the queue 2030-01-01 12:00:04, 60 s ago',
        '192.0.2.1:49152, without a name, EHLO client.test, no TLS, through inbound',
        '',
        'Who was asked',
        '11:59:59  connect rcpt bob@example.test',
        '    relay-policy   accept',
        '11:59:59  rcpt rcpt bob@example.test',
        '    relay-policy   accept',
        '11:59:59  content rcpt bob@example.test',
        '    relay-policy   accept',
        '    scan (shadow)  rewrite   [12\u00a0ms]',
        '        added header field X-Scanned; breaks DKIM example.test (selector s1)',
        '        spam = "no"',
        '',
        'Queued as B: 56 B from <ann@sender.example>',
        '',
        'Recipients',
        '  bob@example.test  bounced',
        '  └─ bob@example.test',
        '       bounced: mx.example[192.0.2.9]:25: 550 no\\u0007',
        '',
        'Attempts of B',
        '  12:00:01  route    mx-routing     route     <bob@example.test>',
        '  12:00:01  deliver  internet       report    rcpt bob@example.test  [40\u00a0ms]',
        '  12:00:01  settle   attempt 1      deferred  bob@example.test: 451 come back\\u001b[2J (mx.example[192.0.2.9]:25); next attempt 2030-01-01 12:05:01',
        '  12:00:02  order    mailframe      hold      by eve: looks odd',
        '  12:00:03  order    mailframe      release   by eve: looks odd',
        '  12:00:04  route    mx-routing     route     <bob@example.test>',
        '  12:00:04  deliver  internet       report    rcpt bob@example.test  [40\u00a0ms]',
        '  12:00:04  settle   attempt 2      bounced   bob@example.test: 550 no\\u0007 (mx.example[192.0.2.9]:25)',
        '  12:00:04  settle   mailframe      notified  ann@sender.example, by mail N',
        '',
      ].join('\n'),
    );
  });

  test('says of each recipient who is not done what it waits for', async () => {
    expect(traceInWords(await life(await filled(), 'A'), NOW, PLAIN)).toContain(
      '\n  bob@example.test  on its way\n  └─ bob@example.test\n       waiting, next attempt in 3 min (2030-01-01 12:05:00)',
    );
  });

  test('as data: what queue trace has, in the shape of explain', async () => {
    const one = await life(await lived(), 'B');
    const { verdict, exchanges, recipients, mails } = accountOfLife(one, after(64_000));
    expect([verdict, exchanges.map(({ stage, steps }) => `${stage} ${steps.length}`)]).toEqual([
      'refused',
      ['connect 1', 'rcpt 1', 'content 2'],
    ]);
    expect(recipients).toMatchObject([
      { address: 'bob@example.test', leadsTo: [{ lastOutcome: { kind: 'bounced' } }] },
    ]);
    const written = JSON.parse(JSON.stringify(traceInJson(one))) as Record<string, unknown>;
    const keys = ['id', 'receivedAt', 'size', 'reversePath', 'hold', 'bounce', 'facts', 'trace'] as const;
    const [mail] = JSON.parse(JSON.stringify(mails)) as readonly Record<string, unknown>[];
    for (const key of keys) expect(mail?.[key]).toEqual(written[key]);
  });

  test('for programs: every step', async () => {
    expect(traceInJson(await life(await lived(), 'B'))).toMatchObject({
      id: 'B',
      left: { removed: null },
      trace: [
        {},
        {},
        {},
        { plugin: 'scan' },
        {},
        {},
        { hook: 'settle', facts: { attempt: 1 } },
        {},
        {},
        {},
        {},
        {},
        {},
      ],
    });
  });
});

describe('stats', () => {
  const figures = async (store: QueueStore, top = 20) => ({
    statistics: await store.statistics({ now: NOW, top }),
    suspensions: await store.suspensions(),
  });

  test('for people', async () => {
    const store = await filled();
    await store.commit([newMail('C', { to: ['c@other.example'] })]);
    await store.suspend('other.example', { ...order(), reason: 'they asked' });
    await store.suspend('nobody.example', order());
    expect(statsInWords(await figures(store), NOW, Infinity)).toBe(
      [
        '3 mails in the queue, the oldest for 2 min.',
        'STATE    RECIPIENTS   SIZE',
        'waiting           2  112 B  for their next attempt',
        'held              1   56 B  until somebody releases them',
        '',
        'DESTINATION    WAITING  DUE  LEASED  HELD   SIZE  OLDEST  NEXT      KEPT BACK',
        'example.test         1    0       0     1  112 B   2 min  in 3 min',
        'other.example        1    1       0     0   56 B   2 min            suspended by eve: they asked',
        '',
        'nobody.example: suspended 2030-01-01 12:00:00 by eve: looks odd',
        '',
      ].join('\n'),
    );
    expect(statsInWords(await figures(store, 1), NOW, Infinity)).toContain('\nThe 1 largest of 2 destinations:\n');
  });

  test('of an empty queue, and for programs', async () => {
    const store = memoryStore();
    expect(statsInWords(await figures(store), NOW, 80)).toBe('The queue is empty.\n');
    await store.commit([newMail('A')]);
    expect(statsInJson(await figures(store))).toMatchObject({
      mails: 1,
      states: { waiting: { recipients: 1 } },
      top: [{ destination: 'example.test' }],
      suspensions: [],
    });
  });

  test('what is done is not counted at its destination', async () => {
    const store = memoryStore();
    await store.commit([newMail('A', { to: ['a@one.example', 'b@two.example'] })]);
    const room = { each: 0, but: new Map([['one.example', 1]]) };
    const [lease] = await store.lease({ owner: 'one', now: ARRIVAL, until: after(1e6), limit: 1, room });
    if (lease !== undefined) {
      await store.settle(lease, [{ index: 0, kind: 'done', outcome: deliveredTo('a') }], [], []);
    }
    const text = statsInWords(await figures(store), NOW, Infinity);
    expect(text).toContain('done              1  56 B  but others of the same mail are not');
    expect(text).not.toContain('one.example');
  });
});
