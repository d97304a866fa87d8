/** What every queue store promises about claims, destinations that are kept back, and time that is over. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { deferredBy, deliveredTo } from '../../core/mail/outcome.ts';
import type { Lease, LeaseRequest, NewMail, Place, QueueStore } from '../../core/plugin/queue-store.ts';
import { ARRIVAL, after, newMail, order } from '../core/queue/queued-mail.ts';

const BUSY = deferredBy({ code: 451, status: '4.3.2', text: 'Busy' });
const STORED = deliveredTo('the mailbox bob');

function request(change: Partial<LeaseRequest> = {}): LeaseRequest {
  const room = { each: 100, but: new Map<string, number>() };
  return { owner: 'one', now: ARRIVAL, until: after(60_000), limit: 100, room, ...change };
}

const ids = (leases: readonly Lease[]) => leases.map(lease => lease.mail.id);

function placed(id: string, place: Partial<Place> = {}): NewMail {
  return { ...newMail(id), places: [{ destination: 'example.test', priority: 0, expires: null, ...place }] };
}

/** Runs the suite. `open` gives an empty store, which the suite closes. */
export function queuePlacesContract(name: string, open: () => Promise<QueueStore>): void {
  const opened = async (...mails: readonly NewMail[]) => {
    const store = await open();
    onTestFinished(() => store.close());
    if (mails.length > 0) await store.commit(mails);
    return store;
  };
  const claim = { owner: 'one', until: after(60_000) };

  describe(`${name}: claims`, () => {
    test('mail that is claimed is leased from the start, and nobody else is given it', async () => {
      const store = await opened();
      const [lease] = await store.commit([newMail('A', { to: ['a@one.example', 'b@two.example'] })], claim);
      expect(lease).toMatchObject({ ...claim, fate: { kind: 'deliver' }, mail: { id: 'A' } });
      expect(lease?.recipients.map(one => [one.index, one.destination, one.attempts])).toEqual([
        [0, 'one.example', 0],
        [1, 'two.example', 0],
      ]);
      expect(await store.lease(request())).toEqual([]);
      expect(await store.nextDue()).toEqual(claim.until);
    });

    test('a claim is settled like any lease', async () => {
      const store = await opened();
      const [lease] = await store.commit([newMail('A')], claim);
      if (lease === undefined) throw new Error('nothing was claimed');
      expect(await store.settle(lease, [{ index: 0, kind: 'done', outcome: STORED }], [], [])).toBe('settled');
      expect(await store.find('A')).toBeNull();
    });

    test('a claim that nobody settles runs out', async () => {
      const store = await opened();
      await store.commit([newMail('A')], claim);
      expect(ids(await store.lease(request({ owner: 'two', now: claim.until, until: after(120_000) })))).toEqual(['A']);
    });

    test('a claim is given back like any lease', async () => {
      const store = await opened();
      await store.commit([newMail('A')], claim);
      await store.giveBack('one');
      expect(ids(await store.lease(request({ owner: 'two' })))).toEqual(['A']);
    });

    test('mail that is held or to be bounced is not claimed', async () => {
      const store = await opened();
      const held = { ...newMail('A'), fate: { kind: 'hold', by: 'x', reason: 'y' } } as const;
      const reply = { code: 550, status: '5.7.1', text: 'No' } as const;
      const refused = { ...newMail('B'), fate: { kind: 'bounce', reply } } as const;
      expect(ids(await store.commit([held, refused, newMail('C')], claim))).toEqual(['C']);
      expect(ids(await store.lease(request()))).toEqual(['B']);
    });

    test('the content of a claim is there after the one that was committed is gone', async () => {
      const store = await opened();
      const octets = Buffer.alloc(300_000, 'x\r\n');
      let gone = false;
      const bytes = () => (gone ? Promise.reject(new Error('gone')) : Promise.resolve(octets));
      const stream = async function* () {
        yield await bytes();
      };
      const content = { size: octets.length, bytes, stream };
      const [lease] = await store.commit([newMail('A', { content })], claim);
      gone = true;
      expect((await lease?.mail.content.bytes())?.equals(octets)).toBe(true);
    });

    test('without a claim nothing is leased', async () => {
      const store = await opened();
      expect(await store.commit([newMail('A')])).toEqual([]);
      expect(ids(await store.lease(request()))).toEqual(['A']);
    });
  });

  describe(`${name}: places`, () => {
    test('mail waits for the destination and at the priority of its place', async () => {
      const store = await opened(placed('A'), placed('B', { destination: 'relay.example:25', priority: 3 }));
      const [first] = await store.lease(request({ limit: 1 }));
      expect(first?.mail.id).toBe('B');
      expect(first?.recipients[0]?.destination).toBe('relay.example:25');
      const room = { each: 0, but: new Map([['example.test', 1]]) };
      expect(ids(await store.lease(request({ room })))).toEqual(['A']);
    });

    test('a mail must have a place for each recipient', async () => {
      const store = await opened();
      await expect(store.commit([{ ...newMail('A'), places: [] }])).rejects.toThrow(RangeError);
    });

    test('a mail for many destinations is taken for as many as fit, and for the others later', async () => {
      const to = ['a@one.example', 'b@two.example', 'c@one.example', 'd@three.example'];
      const store = await opened(newMail('A', { to }));
      const taken = async () => (await store.lease(request({ limit: 2 })))[0]?.recipients.map(({ index }) => index);
      expect(await taken()).toEqual([0, 1, 2]);
      expect(await taken()).toEqual([3]);
    });

    test('some destinations alone can be asked for', async () => {
      const store = await opened(placed('A'), placed('B', { destination: 'b.example' }));
      expect(ids(await store.lease(request({ only: ['b.example', 'c.example'] })))).toEqual(['B']);
    });

    test('and then the other recipients of their mail stay', async () => {
      const store = await opened(newMail('A', { to: ['a@one.example', 'b@two.example'] }));
      const [lease] = await store.lease(request({ only: ['two.example'] }));
      expect(lease?.recipients.map(({ index }) => index)).toEqual([1]);
    });
  });

  describe(`${name}: back-off`, () => {
    test('a destination that is kept back is not due before that ends, and delays no other', async () => {
      const store = await opened(placed('A'), placed('B', { destination: 'b.example' }));
      await store.backOff('example.test', after(5000));
      expect(ids(await store.lease(request()))).toEqual(['B']);
      expect(await store.nextDue(['b.example'])).toEqual(after(5000));
      expect(ids(await store.lease(request({ now: after(5000) })))).toEqual(['A']);
    });

    test('mail that comes meanwhile waits as well, claimed or not', async () => {
      const store = await opened();
      await store.backOff('example.test', after(5000));
      await store.commit([placed('A')]);
      expect(await store.commit([placed('B')], claim)).toEqual([]);
      expect(await store.lease(request({ now: after(4999) }))).toEqual([]);
    });

    test('whoever asks by hand for a mail to be tried ends it', async () => {
      const store = await opened(placed('A'));
      await store.backOff('example.test', after(5000));
      expect(await store.retry('A', order(1))).toMatchObject({ recipients: 1 });
      expect(ids(await store.lease(request({ now: after(1) })))).toEqual(['A']);
    });

    test('it can be ended', async () => {
      const store = await opened(placed('A'));
      await store.backOff('example.test', after(5000));
      await store.backOff('example.test', null);
      expect(ids(await store.lease(request()))).toEqual(['A']);
    });
  });

  describe(`${name}: time that is over`, () => {
    const expires = after(1000);
    const over = { now: after(5000), expiredBefore: after(2000) };

    test('mail of a destination that is kept back is handed out to be given up', async () => {
      const store = await opened(placed('A', { expires }), placed('B'));
      await store.backOff('example.test', after(1e6));
      const [lease, ...others] = await store.lease(request(over));
      expect(lease).toMatchObject({ mail: { id: 'A' }, fate: { kind: 'expire' } });
      expect(others).toEqual([]);
    });

    test('and that of one without room', async () => {
      const store = await opened(placed('A', { expires }));
      const [lease] = await store.lease(request({ ...over, room: { each: 0, but: new Map() } }));
      expect(lease?.fate).toEqual({ kind: 'expire' });
    });

    test('where there is room it is tried once more', async () => {
      const store = await opened(placed('A', { expires }));
      const [lease] = await store.lease(request(over));
      expect(lease?.fate).toEqual({ kind: 'deliver' });
    });

    test('mail that is held does not expire: somebody has decided to keep it', async () => {
      const held = { ...placed('A', { expires }), fate: { kind: 'hold', by: 'x', reason: 'y' } } as const;
      const store = await opened(held);
      expect(await store.lease(request(over))).toEqual([]);
    });

    test('who was handed out untried may wait on, for another end', async () => {
      const store = await opened(placed('A', { expires }));
      await store.backOff('example.test', after(1e6));
      const [lease] = await store.lease(request(over));
      if (lease === undefined) throw new Error('its time is over');
      const again = { index: 0, kind: 'again', outcome: BUSY, nextAttempt: over.now, delayNotified: true } as const;
      await store.settle(lease, [{ ...again, expires: after(9000) }], [], []);
      expect(await store.lease(request(over))).toEqual([]);
      const [last] = await store.lease(request({ now: after(9002), expiredBefore: after(9001) }));
      expect(last).toMatchObject({
        fate: { kind: 'expire' },
        recipients: [{ delayNotified: true, lastOutcome: BUSY }],
      });
    });

    test('a deferral moves the end, or leaves it', async () => {
      const store = await opened(placed('A', { expires }), placed('B', { expires }));
      const again = { index: 0, kind: 'again', outcome: BUSY, nextAttempt: after(1e6), delayNotified: false } as const;
      const [first, second] = await store.lease(request());
      if (first === undefined || second === undefined) throw new Error('two are due');
      await store.settle(first, [{ ...again, expires: after(9000) }], [], []);
      await store.settle(second, [again], [], []);
      expect(ids(await store.lease(request(over)))).toEqual([second.mail.id]);
    });
  });
}
