/** What every queue store promises: the port's text as tests. Run it on each store, and on those of plugins. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { contentOf } from '../../core/mail/content.ts';
import type { Mail } from '../../core/mail/mail.ts';
import { bouncedBy, deferredBy, deliveredTo } from '../../core/mail/outcome.ts';
import type { Lease, LeaseRequest, NewMail, QueueStore, Settlement } from '../../core/plugin/queue-store.ts';
import { aRecipient, type MailParts } from '../../core/testing/builders.ts';
import { ARRIVAL, after, mailFor, newMail, order, STEP } from '../core/queue/queued-mail.ts';

const BUSY = deferredBy({ code: 451, status: '4.3.2', text: 'Busy' }, 'mx.example[192.0.2.9]:25', '451 come back');
const GONE = bouncedBy({ code: 550, status: '5.1.1', text: 'No such mailbox' });
const STORED = deliveredTo('the mailbox bob');

function request(change: Partial<LeaseRequest> = {}): LeaseRequest {
  const room = { each: 100, but: new Map<string, number>() };
  return { owner: 'one', now: ARRIVAL, until: after(60_000), limit: 100, room, ...change };
}

function done(index: number): Settlement {
  return { index, kind: 'done', outcome: STORED };
}

function damaged(index: number): Settlement {
  return { index, kind: 'damaged', outcome: BUSY, damage: 'its checksum is wrong' };
}

function again(index: number, milliseconds: number): Settlement {
  return { index, kind: 'again', outcome: BUSY, nextAttempt: after(milliseconds), delayNotified: false };
}

const ids = (leases: readonly Lease[]) => leases.map(lease => lease.mail.id);
const indexes = (lease: Lease | undefined) => lease?.recipients.map(one => one.index);

/** Everything of a mail but its content, which is compared by its octets. */
function known({ content, ...rest }: Mail): object {
  return { ...rest, size: content.size };
}

/** Runs the suite. `open` gives an empty store, which the suite closes. */
export function queueStoreContract(name: string, open: () => Promise<QueueStore>): void {
  const opened = async (...mails: readonly NewMail[]) => {
    const store = await open();
    onTestFinished(() => store.close());
    if (mails.length > 0) await store.commit(mails);
    return store;
  };
  const leased = async (store: QueueStore, change: Partial<LeaseRequest> = {}) => {
    const [lease] = await store.lease(request(change));
    if (lease === undefined) throw new Error('nothing was leased');
    return lease;
  };

  describe(`${name}: commit`, () => {
    test('a mail comes back as it was committed', async () => {
      const mail = mailFor('A', { facts: { pgp: 'good', score: 1.5, keys: ['x', 'y'], seen: true } });
      const store = await opened({ mail, trace: [STEP], fate: { kind: 'deliver' } });
      const lease = await leased(store);
      expect(known(lease.mail)).toEqual(known(mail));
      expect(await lease.mail.content.bytes()).toEqual(await mail.content.bytes());
      expect(lease).toMatchObject({ owner: 'one', until: after(60_000), fate: { kind: 'deliver' } });
      expect(lease.recipients).toEqual([
        {
          index: 0,
          recipient: mail.envelope.recipients[0],
          destination: 'example.test',
          attempts: 0,
          lastOutcome: null,
          delayNotified: false,
        },
      ]);
      expect(lease.recipients[0]?.recipient).toBe(lease.mail.envelope.recipients[0]);
    });

    test('a recipient keeps the transport that an alias leads it to', async () => {
      const target = { transport: 'scripts', argument: '/usr/bin/archive --all' };
      const store = await opened(
        newMail('A', { to: [{ ...aRecipient('ann@example.test'), target }, 'bob@example.test'] }),
      );
      const { mail } = await leased(store);
      expect(mail.envelope.recipients.map(one => one.target)).toEqual([target, undefined]);
    });

    test('mails that share a content each have it', async () => {
      const store = await opened(newMail('A'), newMail('B'), newMail('C', { content: contentOf('other\r\n') }));
      const contents = await Promise.all((await store.lease(request())).map(lease => lease.mail.content.bytes()));
      expect(contents.map(String)).toEqual([
        expect.stringContaining('Hello'),
        expect.stringContaining('Hello'),
        'other\r\n',
      ]);
    });

    test.for([
      ['an id that is taken', newMail('A')],
      ['a mail without recipients', newMail('C', { to: [] })],
      [
        'content that cannot be read',
        newMail('C', { content: { ...contentOf('x'), bytes: () => Promise.reject(new Error('EIO')) } }),
      ],
      ['content of another size than it says', newMail('C', { content: { ...contentOf('x'), size: 7 } })],
    ] as const)('%s: nothing of the commit remains', async ([, bad]) => {
      const store = await opened(newMail('A', { content: contentOf('the first\r\n') }));
      await expect(store.commit([newMail('B'), bad])).rejects.toThrow();
      expect((await store.list({ after: null, limit: 10 })).entries.map(entry => entry.id)).toEqual(['A']);
      expect(String(await (await leased(store)).mail.content.bytes())).toBe('the first\r\n');
    });

    test('a mail to be bounced is due at once, with its reply', async () => {
      const fate = { kind: 'bounce', reply: GONE.reply } as const;
      const store = await opened({ ...newMail('A'), fate });
      expect((await leased(store)).fate).toEqual(fate);
    });
  });

  describe(`${name}: lease`, () => {
    test('mail is leased once', async () => {
      const store = await opened(newMail('A'));
      expect(ids(await store.lease(request()))).toEqual(['A']);
      expect(await store.lease(request({ owner: 'two' }))).toEqual([]);
    });

    test('two who ask at the same time share the work', async () => {
      const store = await opened(...['A', 'B', 'C', 'D'].map(id => newMail(id)));
      const both = await Promise.all([
        store.lease(request({ limit: 2 })),
        store.lease(request({ limit: 4, owner: 'two' })),
      ]);
      expect(both.flatMap(ids).sort()).toEqual(['A', 'B', 'C', 'D']);
    });

    test('mail is not leased before its time, and no more than was asked for', async () => {
      const store = await opened(newMail('A'), newMail('B'), newMail('L', { receivedAt: after(1000) }));
      expect(ids(await store.lease(request({ limit: 1 })))).toEqual(['A']);
      expect(ids(await store.lease(request()))).toEqual(['B']);
      expect(ids(await store.lease(request({ now: after(1000) })))).toEqual(['L']);
    });

    test('the oldest mail of a destination comes first', async () => {
      const store = await opened(
        newMail('new', { receivedAt: after(5) }),
        newMail('old'),
        newMail('mid', { receivedAt: after(2) }),
      );
      expect(ids(await store.lease(request({ now: after(10) })))).toEqual(['old', 'mid', 'new']);
    });

    test('a destination with much mail does not keep another one waiting', async () => {
      const many = ['A', 'B', 'C', 'D'].map(id => newMail(id, { to: [`${id}@busy.example`] }));
      const store = await opened(...many, newMail('E', { to: ['bob@quiet.example'], receivedAt: after(1) }));
      expect(ids(await store.lease(request({ limit: 2, now: after(1) })))).toEqual(['A', 'E']);
    });

    test('a destination gets no more mails than it has room for', async () => {
      const mails = ['A', 'B', 'C'].map(id => newMail(id, { to: ['bob@busy.example'] }));
      const store = await opened(...mails, newMail('D', { to: ['bob@full.example'] }), newMail('E'));
      const room = { each: 2, but: new Map([['full.example', 0]]) };
      expect(ids(await store.lease(request({ room }))).sort()).toEqual(['A', 'B', 'E']);
    });

    test('recipients without room stay, the others of the same mail go', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@full.example', 'c@two.example'] }));
      const lease = await leased(store, { room: { each: 1, but: new Map([['full.example', 0]]) } });
      expect(indexes(lease)).toEqual([0, 2]);
      expect(indexes(await leased(store, { owner: 'two' }))).toEqual([1]);
    });

    const HALF_AN_HOUR = 30 * 60_000;
    const ranked = (id: string, priority: number, parts: MailParts = {}) =>
      newMail(id, { parameters: { priority }, ...parts });

    test('the higher priority goes first among what is due, at one destination', async () => {
      const store = await opened(ranked('usual', 0), ranked('low', -9), ranked('high', 9), ranked('mid', 4));
      expect(ids(await store.lease(request()))).toEqual(['high', 'mid', 'usual', 'low']);
    });

    test('and among destinations, which still take turns', async () => {
      const store = await opened(
        ranked('usual', 0, { to: ['a@one.example'] }),
        ranked('high', 1, { to: ['a@two.example'], receivedAt: after(1) }),
        ranked('higher', 2, { to: ['b@two.example'], receivedAt: after(1) }),
      );
      const now = after(1);
      expect(ids(await store.lease(request({ now, limit: 1 })))).toEqual(['higher']);
      expect(ids(await store.lease(request({ now })))).toEqual(['high', 'usual']);
      await store.giveBack('one');
      expect(ids(await store.lease(request({ now })))).toEqual(['higher', 'usual', 'high']);
    });

    test('a destination without room does not keep back one of lower priority', async () => {
      const store = await opened(
        ...['A', 'B', 'C'].map(id => ranked(id, 9, { to: [`${id}@full.example`] })),
        ranked('D', -9, { to: ['d@free.example'] }),
      );
      const room = { each: 5, but: new Map([['full.example', 0]]) };
      expect(ids(await store.lease(request({ limit: 1, room })))).toEqual(['D']);
    });

    test('no priority makes a mail due before its time', async () => {
      const store = await opened(ranked('usual', 0), ranked('later', 9, { receivedAt: after(1000) }));
      expect(ids(await store.lease(request()))).toEqual(['usual']);
      expect(await store.nextDue()).toEqual(after(1000));
    });

    test('half an hour of waiting weighs as much as a step of priority', async () => {
      const store = await opened(
        ranked('waited', 0),
        ranked('too late', 1, { receivedAt: after(HALF_AN_HOUR + 1) }),
        ranked('in time', 1, { receivedAt: after(HALF_AN_HOUR - 1) }),
      );
      const leases = await store.lease(request({ now: after(HALF_AN_HOUR + 1) }));
      expect(ids(leases)).toEqual(['in time', 'waited', 'too late']);
    });

    test('starvation: the lowest priority gets its turn though the highest never ends', async () => {
      const store = await opened(ranked('lowest', -9, { to: ['x@one.example'] }));
      const served: string[] = [];
      for (let turn = 1; !served.includes('lowest') && turn < 50; turn += 1) {
        const now = after(turn * HALF_AN_HOUR + 1);
        await store.commit([ranked(`H${turn}`, 9, { to: ['y@one.example'], receivedAt: now })]);
        for (const lease of await store.lease(request({ now, until: after(1e12), limit: 1 })))
          served.push(lease.mail.id);
      }
      expect(served).toHaveLength(18);
      expect(served.at(-1)).toBe('lowest');
    });

    test('recipients that come back have the priority of their mail again', async () => {
      const store = await opened(ranked('high', 5), ranked('usual', 0), ranked('held', 7));
      await store.hold('held', order());
      const leases = await store.lease(request());
      for (const lease of leases) await store.settle(lease, [again(0, 1000)], [], []);
      await store.release('held', order(1000));
      expect(ids(await store.lease(request({ now: after(1000) })))).toEqual(['held', 'high', 'usual']);
      await store.giveBack('one');
      await store.retry('usual', order(1001));
      expect(ids(await store.lease(request({ now: after(2000), until: after(3000) })))).toEqual([
        'held',
        'high',
        'usual',
      ]);
      expect(ids(await store.lease(request({ now: after(3000) })))).toEqual(['held', 'high', 'usual']);
    });

    test('a lease that has run out is given to the next who asks, with another fence', async () => {
      const store = await opened(newMail('A'));
      const first = await leased(store);
      expect(await store.lease(request({ now: after(59_999) }))).toEqual([]);
      const second = await leased(store, { owner: 'two', now: after(60_000), until: after(120_000) });
      expect(second.mail.id).toBe('A');
      expect(second.fence).not.toBe(first.fence);
    });

    test('a renewed lease goes on', async () => {
      const store = await opened(newMail('A'));
      const lease = await leased(store);
      await store.renew([lease], after(120_000));
      expect(await store.lease(request({ now: after(119_999) }))).toEqual([]);
      expect(await store.settle(lease, [done(0)], [], [])).toBe('settled');
    });

    test('a lease that is lost is not renewed', async () => {
      const store = await opened(newMail('A'));
      const lost = await leased(store);
      await leased(store, { owner: 'two', now: after(60_000), until: after(70_000) });
      await store.renew([lost], after(999_000));
      expect(await store.nextDue()).toEqual(after(70_000));
    });

    test('what is given back is there for the next, and does not count as an attempt', async () => {
      const store = await opened(newMail('A'), newMail('B', { to: ['c@two.example'] }));
      await leased(store, { limit: 1 });
      const other = await leased(store, { limit: 1, owner: 'two' });
      await store.giveBack('one');
      const [lease, ...more] = await store.lease(request());
      expect(more).toEqual([]);
      expect(lease?.mail.id).not.toBe(other.mail.id);
      expect(lease?.recipients[0]?.attempts).toBe(0);
    });
  });

  describe(`${name}: settle`, () => {
    test('a mail leaves with its last recipient', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@two.example'] }));
      const lease = await leased(store);
      expect(await store.settle(lease, [done(1)], [], [])).toBe('settled');
      expect((await store.find('A'))?.entry.recipients.map(one => one.state)).toEqual(['leased', 'done']);
      expect(await store.settle(lease, [{ index: 0, kind: 'done', outcome: GONE }], [], [])).toBe('settled');
      expect(await store.find('A')).toBeNull();
      expect(await store.nextDue()).toBeNull();
    });

    test('a deferred recipient comes back at its time, with what is known of it', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@two.example'] }));
      const lease = await leased(store);
      await store.settle(lease, [done(0), { ...again(1, 5000), delayNotified: true } as Settlement], [], []);
      expect(await store.lease(request({ now: after(4999) }))).toEqual([]);
      const second = await leased(store, { now: after(5000) });
      expect(second.recipients).toEqual([
        {
          index: 1,
          recipient: lease.mail.envelope.recipients[1],
          destination: 'two.example',
          attempts: 1,
          lastOutcome: BUSY,
          delayNotified: true,
        },
      ]);
    });

    test('a mail whose content is damaged waits for a person, with all who wait, and those who are leased are settled', async () => {
      const to = ['a@one.example', 'b@two.example', 'c@three.example', 'd@four.example'];
      const store = await opened(newMail('A', { to }));
      const first = await leased(store);
      await store.settle(first, [again(3, 1000)], [], []);
      expect(await store.settle(first, [damaged(0)], [], [])).toBe('settled');
      expect(await store.settle(first, [done(1)], [], [])).toBe('settled');
      expect(await store.settle(first, [damaged(2)], [], [])).toBe('settled');
      expect((await store.find('A'))?.entry).toMatchObject({
        hold: { by: 'mailframe', reason: 'its checksum is wrong' },
        recipients: [{ state: 'damaged' }, { state: 'done' }, { state: 'damaged' }, { state: 'damaged' }],
      });
      expect(await store.nextDue()).toBeNull();
      expect(await store.lease(request({ now: after(1e6) }))).toEqual([]);
      expect(await store.hold('A', order())).toMatchObject({ recipients: 3 });
      expect((await store.find('A'))?.entry.hold?.reason).toBe('its checksum is wrong');
      expect(await store.release('A', order())).toMatchObject({ recipients: 3 });
      expect(indexes(await leased(store, { now: after(1e6), until: after(2e6) }))).toEqual([0, 2, 3]);
    });

    test('the steps of attempts are added to the trace', async () => {
      const store = await opened(newMail('A'));
      const steps = [1, 2, 3].map(at => ({ ...STEP, at, hook: 'deliver' }));
      await store.settle(await leased(store), [again(0, 1)], steps.slice(0, 2), []);
      await store.settle(await leased(store, { now: after(1) }), [again(0, 2)], steps.slice(2), []);
      expect((await store.find('A'))?.trace).toEqual([STEP, ...steps]);
    });

    test('notifications are committed with the settlement', async () => {
      const store = await opened(newMail('A'));
      await store.settle(await leased(store), [done(0)], [], [newMail('N', { from: '<>' })]);
      expect(ids(await store.lease(request()))).toEqual(['N']);
    });

    test('a settlement whose notification cannot be committed is none', async () => {
      const store = await opened(newMail('A'), newMail('B', { receivedAt: after(1) }));
      const lease = await leased(store);
      await expect(store.settle(lease, [done(0)], [], [newMail('B')])).rejects.toThrow();
      expect((await store.find('A'))?.entry.recipients[0]).toMatchObject({ state: 'leased', attempts: 0 });
      expect(await store.settle(lease, [done(0)], [], [])).toBe('settled');
    });

    test('a late owner cannot settle what another one took over', async () => {
      const store = await opened(newMail('A'));
      const late = await leased(store);
      const taken = await leased(store, { owner: 'two', now: after(60_000), until: after(120_000) });
      expect(await store.settle(late, [done(0)], [STEP], [newMail('N')])).toBe('lost');
      expect(await store.find('N')).toBeNull();
      expect(await store.settle(taken, [done(0)], [], [])).toBe('settled');
      expect(await store.settle(taken, [done(0)], [], [])).toBe('lost');
    });

    test('a lease that ran out and that nobody took over can still be settled', async () => {
      const store = await opened(newMail('A'));
      const lease = await leased(store, { until: after(1) });
      expect(await store.settle(lease, [done(0)], [], [])).toBe('settled');
    });

    test('a settlement that is lost in part is lost as a whole', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@two.example'] }));
      const lease = await leased(store);
      await store.settle(lease, [done(0)], [], []);
      expect(await store.settle(lease, [done(0), done(1)], [], [])).toBe('lost');
      expect((await store.find('A'))?.entry.recipients[1]?.state).toBe('leased');
    });
  });

  describe(`${name}: nextDue`, () => {
    test('nothing waits: null', async () => {
      expect(await (await opened()).nextDue()).toBeNull();
    });

    test('the earliest of what waits, without the destinations that are excepted', async () => {
      const store = await opened(
        newMail('A', { to: ['a@one.example'] }),
        newMail('B', { to: ['b@two.example'], receivedAt: after(20) }),
      );
      expect(await store.nextDue()).toEqual(ARRIVAL);
      expect(await store.nextDue(['one.example'])).toEqual(after(20));
      expect(await store.nextDue(['one.example', 'two.example', 'three.example'])).toBeNull();
    });

    test('of all priorities, without all those of the destinations that are excepted', async () => {
      const to = ['a@one.example'];
      const store = await opened(
        newMail('A', { to, parameters: { priority: 3 } }),
        newMail('B', { to, parameters: { priority: -3 }, receivedAt: after(5) }),
        newMail('C', { to: ['c@two.example'], parameters: { priority: -3 }, receivedAt: after(20) }),
      );
      expect(await store.nextDue()).toEqual(ARRIVAL);
      expect(await store.nextDue(['one.example'])).toEqual(after(20));
      await store.remove('A', order());
      expect(await store.nextDue()).toEqual(after(5));
    });

    test('the end of a lease counts', async () => {
      const store = await opened(newMail('A'));
      await leased(store);
      expect(await store.nextDue()).toEqual(after(60_000));
    });

    test('follows every change', async () => {
      const store = await opened(newMail('A'));
      await store.settle(await leased(store), [again(0, 7000)], [], []);
      expect(await store.nextDue()).toEqual(after(7000));
      await store.retry('A', order(10));
      expect(await store.nextDue()).toEqual(after(10));
      await store.hold('A', order());
      expect(await store.nextDue()).toBeNull();
      await store.release('A', order(30));
      expect(await store.nextDue()).toEqual(after(30));
      await store.remove('A', order());
      expect(await store.nextDue()).toBeNull();
    });
  });

  describe(`${name}: control`, () => {
    test('a mail committed on hold is delivered only when it is released', async () => {
      const fate = { kind: 'hold', by: 'scanner', reason: 'suspicious' } as const;
      const store = await opened({ ...newMail('A'), fate });
      expect(await store.lease(request())).toEqual([]);
      expect((await store.find('A'))?.entry).toMatchObject({ hold: { by: 'scanner', reason: 'suspicious' } });
      expect(await store.release('A', order(5))).toEqual({ recipients: 1, leased: 0 });
      expect((await store.find('A'))?.entry.hold).toBeNull();
      expect((await leased(store, { now: after(5) })).fate).toEqual({ kind: 'deliver' });
    });

    test('a mail put on hold during an attempt is held after it', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@two.example'] }));
      const lease = await leased(store);
      expect(await store.hold('A', order())).toEqual({ recipients: 0, leased: 2 });
      await store.settle(lease, [again(0, 1)], [], []);
      await store.giveBack('one');
      expect((await store.find('A'))?.entry.recipients.map(one => one.state)).toEqual(['held', 'held']);
      expect(await store.lease(request({ now: after(10) }))).toEqual([]);
    });

    test('retry makes what waits due, and nothing else', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@two.example'] }));
      const lease = await leased(store);
      await store.settle(lease, [again(0, 90_000)], [], []);
      expect(await store.retry('A', order(3))).toEqual({ recipients: 1, leased: 1 });
      expect(indexes(await leased(store, { now: after(3) }))).toEqual([0]);
    });

    test('a mail that is removed is gone, and its owner finds out', async () => {
      const store = await opened(newMail('A'));
      const lease = await leased(store);
      expect(await store.remove('A', order())).toEqual({ recipients: 0, leased: 1 });
      expect(await store.settle(lease, [done(0)], [], [])).toBe('lost');
      expect(await store.lease(request({ now: after(60_000) }))).toEqual([]);
    });

    test('no action finds a mail that is not there', async () => {
      const store = await opened();
      expect(await store.find('A')).toBeNull();
      expect(await store.retry('A', order())).toBeNull();
      expect(await store.hold('A', order())).toBeNull();
      expect(await store.release('A', order())).toBeNull();
      expect(await store.remove('A', order())).toBeNull();
    });

    test('lists page by page, by queue id', async () => {
      const store = await opened(...['C', 'A', 'B'].map(id => newMail(id)));
      const first = await store.list({ after: null, limit: 2 });
      expect(first.entries.map(entry => entry.id)).toEqual(['A', 'B']);
      expect((await store.list({ after: first.next, limit: 2 })).entries.map(entry => entry.id)).toEqual(['C']);
      const mail = mailFor('A');
      expect(first.entries[0]).toEqual({
        id: 'A',
        receivedAt: ARRIVAL,
        size: mail.content.size,
        hold: null,
        bounce: null,
        envelope: mail.envelope,
        recipients: [
          {
            index: 0,
            recipient: mail.envelope.recipients[0],
            destination: 'example.test',
            attempts: 0,
            lastOutcome: null,
            delayNotified: false,
            state: 'waiting',
            nextAttempt: ARRIVAL,
            keptBack: null,
            expires: null,
          },
        ],
      });
    });
  });
}
