/** What every queue store promises to people: looking, filtering, acting on mail and on destinations, and the past. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAddressPattern } from '../../core/mail/address-pattern.ts';
import type { AddressPattern } from '../../core/mail/condition.ts';
import { bouncedBy, deferredBy, deliveredTo } from '../../core/mail/outcome.ts';
import type { QueueFilter } from '../../core/plugin/queue-control.ts';
import type { Lease, LeaseRequest, NewMail, QueueStore, Settlement } from '../../core/plugin/queue-store.ts';
import { aRecipient } from '../../core/testing/builders.ts';
import { ARRIVAL, after, newMail, order, STEP } from '../core/queue/queued-mail.ts';

const BUSY = deferredBy({ code: 451, status: '4.3.2', text: 'Busy' }, 'mx.example[192.0.2.9]:25', '451 "Come" back');
const STORED = deliveredTo('the mailbox bob');
const RETURN = { code: 554, status: '5.3.0', text: 'Returned' } as const;

function request(change: Partial<LeaseRequest> = {}): LeaseRequest {
  const room = { each: 100, but: new Map<string, number>() };
  return { owner: 'one', now: ARRIVAL, until: after(60_000), limit: 100, room, ...change };
}

function pattern(text: string): AddressPattern {
  const found = parseAddressPattern(text);
  if (found === null) throw new Error(`${text} is no pattern`);
  return found;
}

function again(index: number, milliseconds: number) {
  const nextAttempt = after(milliseconds);
  return { index, kind: 'again', outcome: BUSY, nextAttempt, delayNotified: false } as const satisfies Settlement;
}

function done(index: number): Settlement {
  return { index, kind: 'done', outcome: STORED };
}

const ids = (leases: readonly Lease[]) => leases.map(lease => lease.mail.id);

/** Runs the suite. `open` gives an empty store, which the suite closes. */
export function queueControlContract(name: string, open: () => Promise<QueueStore>): void {
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
  const states = async (store: QueueStore, id: string) =>
    (await store.find(id))?.entry.recipients.map(({ state }) => state);

  describe(`${name}: filters`, () => {
    const filled = async () => {
      const aliased = aRecipient('team@inside.example', {
        original: { localPart: 'staff', domain: 'example.test' },
        via: ['staff (aliases:3)'],
      });
      const store = await opened(
        newMail('A', { to: ['bob@one.example', 'eve@two.example'] }),
        newMail('B', { from: '<>', to: [aliased], receivedAt: after(1000) }),
        {
          ...newMail('C', { from: '<ann@sub.sender.example>' }),
          fate: { kind: 'hold', by: 'scanner', reason: 'Odd 50%' },
        },
      );
      const [lease] = await store.lease(request({ room: { each: 0, but: new Map([['one.example', 1]]) } }));
      if (lease !== undefined) await store.settle(lease, [again(0, 300_000)], [], []);
      return store;
    };
    const cases: readonly (readonly [string, QueueFilter, readonly string[]])[] = [
      ['no filter', {}, ['A', 'B', 'C']],
      ['a sender', { sender: pattern('ann@sender.example') }, ['A']],
      ['the domain of a sender', { sender: pattern('@sender.example') }, ['A']],
      ['subdomains', { sender: pattern('@.sender.example') }, ['C']],
      ['the null reverse-path', { sender: pattern('<>') }, ['B']],
      ['any sender', { sender: pattern('*') }, ['A', 'B', 'C']],
      ['a recipient', { recipient: pattern('eve@two.example') }, ['A']],
      ['a recipient before its alias', { recipient: pattern('staff@example.test') }, ['B']],
      ['a sender is no recipient', { recipient: pattern('@sender.example') }, []],
      ['a destination', { destination: 'one.example' }, ['A']],
      ['a state', { states: ['held'] }, ['C']],
      ['one of several states', { states: ['held', 'waiting'] }, ['A', 'B', 'C']],
      ['older', { receivedBefore: after(1000) }, ['A', 'C']],
      ['younger', { receivedAfter: ARRIVAL }, ['B']],
      ['what a remote said, without regard to case', { reason: '451 "come" BACK' }, ['A']],
      ['the reply across its fields', { reason: '451 4.3.2 busy' }, ['A']],
      ['the remote', { reason: 'mx.example[192' }, ['A']],
      ['no name of a field', { reason: 'diagnostic' }, []],
      ['the reason of a hold, with a sign of patterns', { reason: 'odd 50%' }, ['C']],
      ['a sign of patterns stands for itself', { reason: 'o_d' }, []],
      ['all of one recipient', { recipient: pattern('bob@one.example'), states: ['leased'] }, []],
      ['and so it is of another', { recipient: pattern('eve@two.example'), states: ['waiting'] }, ['A']],
    ];
    test.for(cases)('%s', async ([, filter, want]) => {
      const store = await filled();
      const { entries, next } = await store.list({ after: null, limit: 10, filter });
      expect(entries.map(({ id }) => id)).toEqual(want);
      expect(next).toBeNull();
    });

    test('a mailbox is found under its domain', async () => {
      const place = { destination: 'bob@example.test', priority: 0, expires: null };
      const store = await opened({ ...newMail('A'), places: [place] }, newMail('B', { to: ['x@other.example'] }));
      const { entries } = await store.list({ after: null, limit: 10, filter: { destination: 'example.test' } });
      expect(entries.map(({ id }) => id)).toEqual(['A']);
    });

    test('what is said of recipients must hold of one and the same', async () => {
      const store = await opened(newMail('A', { to: ['bob@one.example', 'eve@two.example'] }));
      await store.lease(request({ room: { each: 0, but: new Map([['one.example', 1]]) } }));
      const found = async (who: string) =>
        (await store.list({ after: null, limit: 1, filter: { recipient: pattern(who), states: ['leased'] } })).entries;
      expect(await found('bob@one.example')).toHaveLength(1);
      expect(await found('eve@two.example')).toHaveLength(0);
    });

    test('goes on where a page ended', async () => {
      const store = await opened(...['A', 'B', 'C', 'D'].map(id => newMail(id, { from: `<${id}@x.example>` })));
      const filter = { receivedBefore: after(1) };
      const first = await store.list({ after: null, limit: 3, filter });
      expect(first.entries.map(({ id }) => id)).toEqual(['A', 'B', 'C']);
      const second = await store.list({ after: first.next, limit: 3, filter });
      expect(second.entries.map(({ id }) => id)).toEqual(['D']);
      expect(second.next).toBeNull();
    });
  });

  describe(`${name}: orders`, () => {
    test('every order leaves its step in the trace: who, what, why', async () => {
      const store = await opened(newMail('A'));
      await store.retry('A', order(1));
      await store.hold('A', order(2));
      await store.release('A', order(3));
      await store.bounce('A', RETURN, order(4));
      const [first, ...orders] = (await store.find('A'))?.trace ?? [];
      expect(first).toEqual(STEP);
      expect(orders.map(({ answer }) => answer)).toEqual(['retry', 'hold', 'release', 'bounce']);
      expect(orders[1]).toMatchObject({ at: after(2).getTime(), hook: 'order', asked: 'by eve', detail: 'looks odd' });
    });

    test('of whom an attempt is being made is told apart', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@two.example'] }));
      await store.lease(request({ room: { each: 0, but: new Map([['one.example', 1]]) } }));
      expect(await store.retry('A', order())).toEqual({ recipients: 1, leased: 1 });
      expect(await store.hold('A', order())).toEqual({ recipients: 1, leased: 1 });
      expect(await states(store, 'A')).toEqual(['leased', 'held']);
      expect(await store.release('A', order())).toEqual({ recipients: 1, leased: 1 });
      expect(await store.remove('A', order())).toEqual({ recipients: 1, leased: 1 });
    });
  });

  describe(`${name}: bounce`, () => {
    test('mail that waits is due at once, to be returned', async () => {
      const store = await opened(newMail('A'));
      await store.settle(await leased(store), [again(0, 300_000)], [], []);
      expect(await store.bounce('A', RETURN, order(5))).toEqual({ recipients: 1, leased: 0 });
      expect((await store.find('A'))?.entry).toMatchObject({ bounce: RETURN });
      expect((await leased(store, { now: after(5) })).fate).toEqual({ kind: 'bounce', reply: RETURN });
    });

    test('held mail too', async () => {
      const store = await opened({ ...newMail('A'), fate: { kind: 'hold', by: 'scanner', reason: 'odd' } });
      expect(await store.bounce('A', RETURN, order())).toEqual({ recipients: 1, leased: 0 });
      expect((await store.find('A'))?.entry.hold).toBeNull();
      expect((await leased(store)).fate).toEqual({ kind: 'bounce', reply: RETURN });
    });

    test('nothing that keeps a destination back keeps it', async () => {
      const store = await opened(newMail('A'));
      await store.suspend('example.test', order());
      await store.bounce('A', RETURN, order());
      const none = { each: 0, but: new Map<string, number>() };
      const lease = await leased(store, { room: none, expiredBefore: ARRIVAL });
      expect(lease).toMatchObject({ mail: { id: 'A' }, fate: { kind: 'bounce', reply: RETURN } });
    });

    test('an attempt that is being made may still deliver it; should it come back, it is returned at once', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@one.example'] }));
      const lease = await leased(store);
      expect(await store.bounce('A', RETURN, order(5))).toEqual({ recipients: 0, leased: 2 });
      expect(await store.settle(lease, [done(0), { ...again(1, 300_000), expires: after(1e6) }], [], [])).toBe(
        'settled',
      );
      expect(await states(store, 'A')).toEqual(['done', 'waiting']);
      const next = await leased(store, { now: after(6) });
      expect(next.fate).toEqual({ kind: 'bounce', reply: RETURN });
      expect(next.recipients.map(({ index }) => index)).toEqual([1]);
    });
  });

  describe(`${name}: flush`, () => {
    const mails = () => [
      newMail('A', { to: ['a@one.example'] }),
      newMail('B', { to: ['b@two.example'] }),
      { ...newMail('C'), places: [{ destination: 'bob@one.example', priority: 3, expires: null }] },
    ];
    const deferred = async () => {
      const store = await opened(...mails());
      for (const lease of await store.lease(request())) await store.settle(lease, [again(0, 300_000)], [], []);
      await store.backOff('one.example', after(600_000));
      return store;
    };
    const flush = async (store: QueueStore, destination: string | null) => {
      let recipients = 0;
      for (let next: string | null = null; ; ) {
        const flushed = await store.flush({ destination, now: after(10), after: next });
        recipients += flushed.recipients;
        next = flushed.next;
        if (next === null) return recipients;
      }
    };

    test('what waits for a destination is due, back-off or not, and nothing else', async () => {
      const store = await deferred();
      expect(await flush(store, 'two.example')).toBe(1);
      expect(ids(await store.lease(request({ now: after(10) })))).toEqual(['B']);
      expect(await flush(store, 'one.example')).toBe(2);
      expect(ids(await store.lease(request({ now: after(10) }))).sort()).toEqual(['A', 'C']);
    });

    test('everything', async () => {
      const store = await deferred();
      expect(await flush(store, null)).toBe(3);
      expect(ids(await store.lease(request({ now: after(10) }))).sort()).toEqual(['A', 'B', 'C']);
      expect(await flush(store, null)).toBe(0);
    });

    test('a great many', async () => {
      const many = Array.from({ length: 2500 }, (_, index) => `u${index}@d${index % 700}.example`);
      const store = await opened(
        newMail('A', { to: many }),
        newMail('B', { to: ['x@d0.example'], parameters: { priority: 2 } }),
      );
      const room = { each: 3000, but: new Map<string, number>() };
      for (const lease of await store.lease(request({ room, limit: 10_000 }))) {
        await store.settle(
          lease,
          lease.recipients.map(({ index }) => again(index, 300_000)),
          [],
          [],
        );
      }
      expect(await flush(store, null)).toBe(2501);
      expect(await store.nextDue()).toEqual(after(10));
    });

    test('a suspended destination stays suspended', async () => {
      const store = await deferred();
      await store.suspend('two.example', order());
      expect(await flush(store, null)).toBe(3);
      expect(ids(await store.lease(request({ now: after(10) }))).sort()).toEqual(['A', 'C']);
    });
  });

  describe(`${name}: suspension`, () => {
    test('nothing is tried, what comes meanwhile waits, others go on', async () => {
      const store = await opened(newMail('A'), newMail('B', { to: ['b@other.example'] }));
      expect(await store.suspend('example.test', order())).toBe(1);
      await store.commit([newMail('C')]);
      expect(ids(await store.lease(request({ now: after(1e9) })))).toEqual(['B']);
      expect(await store.nextDue(['other.example'])).toEqual(after(60_000));
      expect(await store.resume('example.test')).toBe(2);
      expect(ids(await store.lease(request()))).toEqual(['A', 'C']);
    });

    test('mail for it is not claimed when it is committed', async () => {
      const store = await opened();
      await store.suspend('example.test', order());
      const claim = { owner: 'one', until: after(60_000) };
      expect(ids(await store.commit([newMail('A'), newMail('B', { to: ['b@other.example'] })], claim))).toEqual(['B']);
      await store.resume('example.test');
      expect(ids(await store.lease(request()))).toEqual(['A']);
    });

    test('nor is mail for one that is left alone', async () => {
      const store = await opened();
      await store.backOff('example.test', after(5000));
      expect(await store.commit([newMail('A')], { owner: 'one', until: after(60_000) })).toEqual([]);
      expect(ids(await store.lease(request({ now: after(5000) })))).toEqual(['A']);
    });

    test('that of a domain concerns its mailboxes, and no domain below it', async () => {
      const place = (destination: string) => ({ destination, priority: 0, expires: null });
      const store = await opened(
        { ...newMail('A'), places: [place('bob@example.test')] },
        { ...newMail('B'), places: [place('sub.example.test')] },
        { ...newMail('C'), places: [place('other@example.example')] },
      );
      expect(await store.suspend('example.test', order())).toBe(1);
      expect(ids(await store.lease(request())).sort()).toEqual(['B', 'C']);
    });

    test('a listing tells what keeps a recipient back', async () => {
      const to = ['a@one.example', 'b@two.example', 'c@three.example'];
      const store = await opened(newMail('A', { to }));
      await store.suspend('one.example', order());
      await store.backOff('two.example', after(5000));
      expect((await store.find('A'))?.entry.recipients.map(({ keptBack }) => keptBack)).toEqual([
        { kind: 'suspended' },
        { kind: 'left-alone', until: after(5000) },
        null,
      ]);
    });

    test('it is told, with who and why and since when, until it ends', async () => {
      const store = await opened();
      await store.suspend('example.test', order());
      await store.suspend('a.example', { by: 'ann', reason: 'they asked', now: after(7) });
      await store.suspend('example.test', order(9));
      expect(await store.suspensions()).toEqual([
        { destination: 'a.example', by: 'ann', reason: 'they asked', since: after(7) },
        { destination: 'example.test', by: 'eve', reason: 'looks odd', since: after(9) },
      ]);
      expect(await store.resume('example.test')).toBe(0);
      expect(await store.resume('example.test')).toBeNull();
      expect(await store.suspensions()).toHaveLength(1);
    });
  });

  describe(`${name}: statistics`, () => {
    test('count recipients and octets by state and destination', async () => {
      const store = await opened(
        newMail('A', { to: ['a@one.example', 'b@one.example', 'c@two.example'] }),
        { ...newMail('B', { receivedAt: after(50) }), fate: { kind: 'hold', by: 'x', reason: 'y' } },
        { ...newMail('C'), places: [{ destination: 'bob@three.example', priority: 2, expires: null }] },
      );
      const only = { each: 0, but: new Map([['one.example', 1]]) };
      await store.settle(await leased(store, { room: only }), [done(0), again(1, 300_000)], [], []);
      await store.lease(request({ room: { each: 0, but: new Map([['two.example', 1]]) } }));
      await store.backOff('one.example', after(600_000));
      await store.suspend('three.example', order());
      const { size } = newMail('A').mail.content;
      const none = { waiting: 0, due: 0, leased: 0, held: 0, damaged: 0, notBefore: null, suspended: null };
      const one = { recipients: 1, octets: size, oldest: ARRIVAL };
      const { top, ...all } = await store.statistics({ now: after(1000), top: 10 });
      expect(all).toEqual({
        mails: 3,
        oldest: ARRIVAL,
        states: {
          waiting: { recipients: 2, octets: 2 * size },
          leased: { recipients: 1, octets: size },
          held: { recipients: 1, octets: size },
          damaged: { recipients: 0, octets: 0 },
          done: { recipients: 1, octets: size },
        },
        destinations: 4,
      });
      expect(new Map(top.map(({ destination, ...rest }) => [destination, rest]))).toEqual(
        new Map([
          ['one.example', { ...none, ...one, waiting: 1, nextAttempt: after(300_000), notBefore: after(600_000) }],
          ['two.example', { ...none, ...one, leased: 1, nextAttempt: null }],
          ['example.test', { ...none, ...one, held: 1, nextAttempt: null, oldest: after(50) }],
          [
            'bob@three.example',
            {
              ...none,
              ...one,
              waiting: 1,
              due: 1,
              nextAttempt: ARRIVAL,
              suspended: { destination: 'three.example', by: 'eve', reason: 'looks odd', since: ARRIVAL },
            },
          ],
        ]),
      );
    });

    test('the largest destinations come first, and no more than are asked for', async () => {
      const store = await opened(newMail('A', { to: ['a@few.example', 'b@many.example', 'c@many.example'] }));
      const { top, destinations } = await store.statistics({ now: ARRIVAL, top: 1 });
      expect(top).toMatchObject([{ destination: 'many.example', recipients: 2 }]);
      expect(destinations).toBe(2);
    });

    test('of an empty queue', async () => {
      const store = await opened();
      expect(await store.statistics({ now: ARRIVAL, top: 10 })).toMatchObject({ mails: 0, oldest: null, top: [] });
    });
  });

  describe(`${name}: the past`, () => {
    test('a mail that was delivered is found with its whole life', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@two.example'], facts: { pgp: 'good' } }));
      const steps = ['first', 'second'].map(asked => ({ ...STEP, asked }));
      const one = { each: 0, but: new Map([['one.example', 1]]) };
      const lease = await leased(store, { room: one });
      await store.settle(lease, [done(0)], steps.slice(0, 1), []);
      expect(await store.past('A')).toBeNull();
      const gone = bouncedBy({ code: 550, status: '5.1.1', text: 'No' }, null, '550 "no"\u2028');
      await store.settle(await leased(store), [{ index: 1, kind: 'done', outcome: gone }], steps.slice(1), []);
      expect(await store.find('A')).toBeNull();
      const past = await store.past('A');
      expect(past).toMatchObject({ removed: null, facts: { pgp: 'good' }, session: { listener: 'inbound' } });
      expect(past?.trace.map(({ asked }) => asked)).toEqual([STEP.asked, 'first', 'second']);
      expect(past?.entry).toMatchObject({ id: 'A', receivedAt: ARRIVAL, size: lease.mail.content.size, hold: null });
      expect(past?.entry.recipients).toMatchObject([
        { index: 0, destination: 'one.example', attempts: 1, lastOutcome: STORED, state: 'done', nextAttempt: null },
        { index: 1, destination: 'two.example', attempts: 1, lastOutcome: gone, state: 'done' },
      ]);
    });

    test('a mail that was removed is found with who did it and why', async () => {
      const store = await opened(newMail('A'));
      await store.settle(await leased(store), [again(0, 1000)], [], []);
      await store.remove('A', order(5));
      const past = await store.past('A');
      expect(past).toMatchObject({ removed: { by: 'eve', reason: 'looks odd' } });
      expect(past?.entry.recipients).toMatchObject([{ attempts: 1, lastOutcome: BUSY }]);
      expect(past?.trace.at(-1)).toMatchObject({ hook: 'order', answer: 'remove' });
    });

    test('nothing is known of a mail that never was, nor of one that is still there', async () => {
      const store = await opened(newMail('A'));
      expect(await store.past('A')).toBeNull();
      expect(await store.past('B')).toBeNull();
    });
  });
}
