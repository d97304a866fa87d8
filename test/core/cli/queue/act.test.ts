/** What the verbs of `mailframe queue` that act do, and what they say of it. */
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import {
  type ActionName,
  actOn,
  meantBy,
  resultInJson,
  resultInWords,
  resultsInWords,
} from '../../../../core/cli/queue/act.ts';
import {
  flush,
  flushedInWords,
  remaining,
  resume,
  suspend,
  suspensionsInWords,
} from '../../../../core/cli/queue/destinations.ts';
import { destinationOf, type FilterOptions, filterOf, withFilters } from '../../../../core/cli/queue/filter-options.ts';
import type { QueueStore } from '../../../../core/plugin/queue-store.ts';
import { memoryStore } from '../../../../core/queue/memory-store.ts';
import { ManualClock } from '../../../../core/testing/manual-clock.ts';
import { ARRIVAL, after, newMail, order } from '../../queue/queued-mail.ts';
import { filled } from './filled.ts';

async function acted(store: QueueStore, name: ActionName, ...ids: readonly string[]) {
  const results = [];
  for await (const some of actOn(store, name, ids, order(60_000))) results.push(...some);
  return results;
}

async function said(store: QueueStore, name: ActionName, ...ids: readonly string[]) {
  const results = await acted(store, name, ...ids);
  return Promise.all(results.map(one => resultInWords(store, name, one)));
}

/** A queue whose only mail has one recipient to whom an attempt is being made, and one who waits. */
async function tried(): Promise<QueueStore> {
  const store = memoryStore();
  await store.commit([newMail('A', { to: ['a@one.example', 'b@two.example'] })]);
  const room = { each: 0, but: new Map([['one.example', 1]]) };
  await store.lease({ owner: 'one', now: ARRIVAL, until: after(60_000), limit: 1, room });
  return store;
}

describe('acting on one mail', () => {
  test.for([
    { name: 'retry', id: 'A', want: 'A: 1 recipient due now', state: 'waiting' },
    { name: 'retry', id: 'H', want: 'H: nobody waits for an attempt; what is on hold must be released', state: 'held' },
    { name: 'hold', id: 'A', want: 'A: 1 recipient on hold', state: 'held' },
    { name: 'release', id: 'H', want: 'H: 1 recipient released', state: 'waiting' },
    { name: 'release', id: 'A', want: 'A: nobody was on hold', state: 'waiting' },
    { name: 'remove', id: 'A', want: 'A: 1 recipient removed; nobody is told', state: undefined },
    {
      name: 'bounce',
      id: 'A',
      want: 'A: 1 recipient to be returned to the sender, by the gateway that works on the queue',
      state: 'waiting',
    },
  ] as const)('$name $id says what it did', async ({ name, id, want, state }) => {
    const store = await filled();
    expect(await said(store, name, id)).toEqual([`${want}\n`]);
    expect((await store.find(id))?.entry.recipients[0]?.state).toBe(state);
  });

  test.for([
    ['retry', '1 recipient due now; 1 more to whom an attempt is being made at this moment: nothing to do'],
    ['hold', '1 recipient on hold; 1 more to whom an attempt is being made at this moment: on hold should it fail'],
    [
      'remove',
      '1 recipient removed; nobody is told; ' +
        '1 more removed as well, to whom an attempt is being made at this moment: it may still be delivered',
    ],
    [
      'bounce',
      '1 recipient to be returned to the sender, by the gateway that works on the queue; ' +
        '1 more to whom an attempt is being made at this moment: returned should it fail',
    ],
  ] as const)('%s tells of those to whom an attempt is being made', async ([name, want]) => {
    expect(await said(await tried(), name, 'A')).toEqual([`A: ${want}\n`]);
  });

  test('what the sender of returned mail is told', async () => {
    const store = await filled();
    const why = { ...order(), reason: 'wrong  list\n' };
    for await (const some of actOn(store, 'bounce', ['A'], why)) expect(some).toHaveLength(1);
    for await (const some of actOn(store, 'bounce', ['H'], { ...why, reason: '' })) expect(some).toHaveLength(1);
    const bounces = (await store.list({ after: null, limit: 2 })).entries.map(({ bounce }) => bounce);
    expect(bounces).toEqual([
      { code: 554, status: '5.3.0', text: 'wrong list' },
      { code: 554, status: '5.3.0', text: 'Returned by the operator of this system' },
    ]);
  });

  test('an id that is not there is said, one that has left is led to, and the others are acted on', async () => {
    const store = await filled();
    await store.remove('H', order(1000));
    expect(await said(store, 'hold', 'X', 'H', 'A')).toEqual([
      'X: there is no such mail in the queue\n',
      'H: no longer in the queue, which it left 2030-01-01 12:00:01: mailframe queue show H\n',
      'A: 1 recipient on hold\n',
    ]);
  });

  test('for programs', async () => {
    const results = await acted(await tried(), 'hold', 'A', 'X');
    expect(results.map(resultInJson)).toEqual([
      { id: 'A', found: true, recipients: 1, leased: 1 },
      { id: 'X', found: false, recipients: 0, leased: 0 },
    ]);
  });
});

describe('acting on many', () => {
  test('the mails that a filter means, in parts, and how many', async () => {
    const store = memoryStore();
    const mails = Array.from({ length: 1203 }, (_, index) =>
      newMail(`M${index}`, { to: [`u@${index % 2 === 0 ? 'even' : 'odd'}.example`] }),
    );
    await store.commit(mails);
    const ids = await meantBy(store, { destination: 'even.example' });
    expect(ids).toHaveLength(602);
    await store.remove('M0', order());
    const results = await acted(store, 'hold', ...ids);
    expect(resultsInWords('hold', results)).toBe(
      '601 mails: 601 recipients on hold\n1 mail had left the queue by then\n',
    );
    expect(resultsInWords('release', await acted(store, 'release', 'M1', 'M2', 'M4'))).toBe(
      '2 mails: 2 recipients released\n1 mail more: nobody was on hold\n',
    );
    expect((await store.statistics({ now: ARRIVAL, top: 0 })).states.held.recipients).toBe(599);
  });
});

describe('which mail is meant', () => {
  const parsed = (...argv: readonly string[]) => {
    const command = withFilters(new Command('x').exitOverride().configureOutput({ writeErr: () => undefined }));
    return filterOf(command.parse(['node', 'x', ...argv]).opts<FilterOptions>(), after(0));
  };

  test('by the options', () => {
    expect(parsed()).toBeNull();
    expect(
      parsed('--from', '<ann@example.test>', '--to', 'Example.TEST', '--state', 'held,waiting', '--older-than', '2h'),
    ).toEqual({
      sender: { kind: 'mailbox', mailbox: { localPart: 'ann', domain: 'example.test' } },
      recipient: { kind: 'domain', domain: 'example.test', subdomains: false },
      states: ['held', 'waiting'],
      receivedBefore: after(-7_200_000),
    });
    expect(parsed('--from', '<>', '--newer-than', '3 days', '--reason', 'busy', '--destination', 'B.Example')).toEqual({
      sender: { kind: 'null' },
      receivedAfter: after(-259_200_000),
      reason: 'busy',
      destination: 'b.example',
    });
  });

  test.for([
    ['--from', 'a b'],
    ['--state', 'stuck'],
    ['--older-than', '2'],
  ] as const)('%s %s is refused', argv => {
    expect(() => parsed(...argv)).toThrow(/argument '.*' is invalid/);
  });

  test('a destination is written as the queue writes it', () => {
    const cases = {
      'Example.TEST': 'example.test',
      'Relay.Example:25': 'relay.example:25',
      'Ann@Example.Test': 'Ann@example.test',
    };
    for (const [text, want] of Object.entries(cases)) expect(destinationOf(text)).toBe(want);
  });
});

describe('destinations', () => {
  test('flush says how many are due, and what is not tried all the same', async () => {
    const store = await filled();
    const clock = new ManualClock(after(1000));
    const seen: number[] = [];
    const flushed = await flush(store, null, { clock, progress: count => seen.push(count) });
    expect(flushedInWords(flushed, null)).toBe('1 recipient due now.\n');
    expect(seen).toEqual([1]);
    expect(flushedInWords(await flush(store, 'x.example', { clock, progress: () => undefined }), 'x.example')).toBe(
      'Nobody waits for x.example for a later time: nothing to do.\n',
    );
    expect(remaining(await store.suspensions())).toBe('');
    await store.suspend('example.test', order());
    expect(remaining(await store.suspensions())).toBe('Suspended, so not tried until it is resumed: example.test\n');
  });

  test('suspend and resume say who waits', async () => {
    const store = await filled();
    expect(suspensionsInWords(await store.suspensions())).toBe('No destination is suspended.\n');
    expect(await suspend(store, 'example.test', order())).toBe(
      'example.test is suspended: 1 recipient waits, and nobody is tried until it is resumed.\n',
    );
    expect(suspensionsInWords(await store.suspensions())).toBe(
      'example.test: suspended 2030-01-01 12:00:00 by eve: looks odd\n',
    );
    expect(await resume(store, 'example.test')).toBe(
      'example.test is resumed: 1 recipient waits, each until its time comes.\n',
    );
    expect(await resume(store, 'example.test')).toBeNull();
  });
});
