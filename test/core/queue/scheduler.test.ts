/** The scheduler: what is due is attempted, what became of it is written down, and nothing is lost or done twice. */

import { describe, expect, test } from 'vitest';
import type { Routed } from '../../../core/chain/decision.ts';
import { contentOf } from '../../../core/mail/content.ts';
import { DEFAULT_POLICY } from '../../../core/mail/destination.ts';
import type { Recipient } from '../../../core/mail/envelope.ts';
import { Held, HeldContent } from '../../../core/mail/held-content.ts';
import { deliveredTo, type Outcome } from '../../../core/mail/outcome.ts';
import type { Delivery } from '../../../core/plugin/hooks.ts';
import { memoryStore } from '../../../core/queue/memory-store.ts';
import { aMailbox, aRecipient } from '../../../core/testing/builders.ts';
import { all, type ChainScript, routedTo } from './fake-chain.ts';
import { newMail, order } from './queued-mail.ts';
import { BUSY, GONE, gate, HOUR, MINUTE, running } from './running-scheduler.ts';

describe('delivering', () => {
  test('committed mail is delivered at once and leaves the queue', async () => {
    const { commit, chain, states, pins } = running();
    await commit(newMail('A'));
    expect(chain.deliveries).toEqual(['here: A to bob@example.test (1)']);
    expect(chain.told).toEqual(['delivered A bob@example.test (1)']);
    expect(await states('A')).toBeUndefined();
    expect(pins.held).toBe(0);
  });

  test('large content that is in memory too stays there until its delivery is written down, and no longer', async () => {
    let isGone = false;
    const octets = Buffer.from('Subject: large\r\n\r\nin memory\r\n');
    const held = new Held([octets], () => {
      isGone = true;
    });
    const content = new HeldContent(held, { ...contentOf(octets), file: '/spool/A' });
    const deliver = (delivery: Delivery) => {
      // The listener is done with it once it is committed.
      held.letGo();
      expect(isGone).toBe(false);
      return all(deliveredTo('x'))(delivery);
    };
    const { commit, states } = running({ deliver });
    await commit(newMail('A', { content }));
    expect(await states('A')).toBeUndefined();
    expect(isGone).toBe(true);
  });

  test('recipients that share a route share an attempt', async () => {
    const route = ({ forwardPath: { domain } }: Recipient) =>
      routedTo('internet', domain.startsWith('a') ? 'mx-a' : 'mx-b');
    const { commit, chain } = running({ route });
    await commit(newMail('A', { to: ['1@a1.example', '2@b.example', '3@a2.example'] }));
    expect(chain.deliveries.toSorted()).toEqual([
      'internet mx-a: A to 1@a1.example 3@a2.example (1)',
      'internet mx-b: A to 2@b.example (1)',
    ]);
  });

  test('hosts of one preference that were shuffled apart are still one route', async () => {
    let turn = 0;
    const route = () =>
      turn++ % 2 === 0 ? routedTo('internet', 'mx-a', 'mx-b') : routedTo('internet', 'mx-b', 'mx-a');
    const { commit, chain } = running({ route });
    await commit(newMail('A', { to: ['1@a.example', '2@a.example'] }));
    expect(chain.deliveries).toEqual(['internet mx-a mx-b: A to 1@a.example 2@a.example (1)']);
  });

  test('recipients that were deferred together are tried again together', async () => {
    const { commit, chain, clock } = running({ deliver: all(BUSY) });
    await commit(newMail('A', { to: ['1@a.example', '2@a.example', '3@a.example'] }));
    await clock.advance(5 * MINUTE);
    expect(chain.deliveries).toEqual([
      'here: A to 1@a.example 2@a.example 3@a.example (1)',
      'here: A to 1@a.example 2@a.example 3@a.example (2)',
    ]);
  });

  test('a recipient is not delivered twice because another one failed', async () => {
    const deliver = async ({ recipients, attempt }: { recipients: readonly Recipient[]; attempt: number }) =>
      new Map<Recipient, Outcome>(
        recipients.map(one => [one, one.forwardPath.localPart === 'bad' && attempt === 1 ? BUSY : deliveredTo('x')]),
      );
    const { commit, chain, clock } = running({ deliver });
    await commit(newMail('A', { to: ['good@example.test', 'bad@example.test'] }));
    await clock.advance(5 * MINUTE);
    expect(chain.deliveries).toEqual([
      'here: A to good@example.test bad@example.test (1)',
      'here: A to bad@example.test (2)',
    ]);
  });

  test('the trace of the attempt is kept with a mail that stays', async () => {
    const { commit, store } = running({ deliver: all(BUSY) });
    await commit(newMail('A'));
    expect((await store.find('A'))?.trace.map(step => step.hook)).toEqual(['rcpt', 'route', 'deliver', 'settle']);
  });

  test('recipients whose hosts demand different TLS share no attempt', async () => {
    const tls = { level: 'dane', measure: 'at-least', mode: 'enforce', names: [], tlsa: [], policy: null } as const;
    const route = ({ forwardPath }: Recipient): Routed => {
      const routed = routedTo('internet', 'mx.test');
      const hosts = routed.route.hosts.map(host => (forwardPath.localPart === 'ann' ? { ...host, tls } : host));
      return { ...routed, route: { ...routed.route, hosts } };
    };
    const { commit, chain } = running({ route });
    await commit(newMail('A', { to: ['ann@example.test', 'bob@example.test', 'cem@example.test'] }));
    expect(chain.deliveries).toEqual([
      'internet mx.test: A to ann@example.test (1)',
      'internet mx.test: A to bob@example.test cem@example.test (1)',
    ]);
  });

  test('a slow group keeps no other from being written down', async () => {
    const { opened, open } = gate();
    const deliver: ChainScript['deliver'] = async (delivery, transport) => {
      if (transport === 'slow') await opened;
      return all(deliveredTo('x'))(delivery);
    };
    const route = ({ forwardPath }: Recipient) => routedTo(forwardPath.localPart);
    const { commit, states, clock } = running({ deliver, route });
    await commit(newMail('A', { to: ['slow@example.test', 'quick@example.test'] }));
    expect(await states('A')).toEqual(['leased', 'done']);
    open();
    await clock.advance(0);
    expect(await states('A')).toBeUndefined();
  });

  test('mail whose recipients were refused late is bounced without an attempt', async () => {
    const { commit, chain, notifications, states } = running({ deliver: async () => new Map() });
    await commit({ ...newMail('A'), fate: { kind: 'bounce', reply: GONE.reply } });
    expect(chain.told[0]).toBe('bounced A bob@example.test (1)');
    expect(chain.deliveries.filter(one => one.includes(' A '))).toEqual([]);
    expect(await states('A')).toBeUndefined();
    expect(await notifications()).toHaveLength(1);
  });

  test('held mail waits until it is released', async () => {
    const { commit, chain, clock, store, scheduler } = running();
    await commit({ ...newMail('A'), fate: { kind: 'hold', by: 'scanner', reason: 'odd' } });
    await clock.advance(48 * HOUR);
    expect(chain.deliveries).toEqual([]);
    await store.release('A', { ...order(), now: clock.now() });
    scheduler.wake();
    await clock.advance(0);
    expect(chain.deliveries).toHaveLength(1);
  });
});

describe('retrying', () => {
  test('a deferred recipient is tried again, each time after a longer wait', async () => {
    const { commit, chain, clock } = running({ deliver: all(BUSY) });
    await commit(newMail('A'));
    for (const want of [1, 2, 3]) {
      expect(chain.deliveries).toHaveLength(want);
      await clock.advance(5 * MINUTE * 2 ** (want - 1));
    }
    expect(chain.told).toContain('deferred A bob@example.test (3)');
  });

  test('expiry: what cannot be delivered in time is bounced, and the sender is told once', async () => {
    const { commit, chain, clock, notifications, states } = running({ deliver: ofOwn(BUSY) });
    await commit(newMail('A'));
    await clock.advance(25 * HOUR);
    expect(chain.told.filter(one => one.startsWith('bounced A'))).toHaveLength(1);
    expect(await states('A')).toBeUndefined();
    expect(await notifications()).toHaveLength(1);
  });

  test('expiry holds for recipients that have no route', async () => {
    const route = ({ forwardPath }: Recipient) =>
      forwardPath.domain === 'example.test'
        ? ({ kind: 'unroutable', outcome: BUSY, because: [] } as const)
        : routedTo('here');
    const { commit, chain, clock, states } = running({ route });
    await commit(newMail('A'));
    await clock.advance(25 * HOUR);
    expect(chain.told.filter(one => one.startsWith('bounced A'))).toHaveLength(1);
    expect(await states('A')).toBeUndefined();
  });

  test('expiry holds for mail that was on hold all the time', async () => {
    const { commit, chain, clock, store, scheduler } = running({ deliver: ofOwn(BUSY) });
    await commit({ ...newMail('A'), fate: { kind: 'hold', by: 'scanner', reason: 'odd' } });
    await clock.advance(48 * HOUR);
    await store.release('A', { ...order(), now: clock.now() });
    scheduler.wake();
    await clock.advance(0);
    expect(chain.told).toContain('bounced A bob@example.test (1)');
  });

  test('a delay is told once, when the policy says so', async () => {
    const { commit, clock, notifications } = running({ deliver: ofOwn(BUSY), policy: { warnAfter: HOUR } });
    await commit(newMail('A'));
    await clock.advance(50 * MINUTE);
    expect(await notifications()).toHaveLength(0);
    await clock.advance(10 * HOUR);
    expect(await notifications()).toHaveLength(1);
  });

  test('a delay is told when its time has come, not at the next attempt after that', async () => {
    const { commit, clock, notifications, chain } = running({ deliver: ofOwn(BUSY), policy: { warnAfter: 4 * HOUR } });
    await commit(newMail('A'));
    await clock.advance(4 * HOUR - 1);
    expect(await notifications()).toHaveLength(0);
    await clock.advance(1);
    expect(await notifications()).toHaveLength(1);
    const attempts = chain.told.filter(one => one.startsWith('deferred A')).length;
    await clock.advance(2 * HOUR);
    expect(chain.told.filter(one => one.startsWith('deferred A'))).toHaveLength(attempts);
  });
});

describe('notifications', () => {
  test('several recipients that fail together are reported together', async () => {
    const { commit, notifications } = running({ deliver: ofOwn(GONE) });
    await commit(newMail('A', { to: ['a@example.test', 'b@example.test', 'c@example.test'] }));
    expect(await notifications()).toHaveLength(1);
  });

  test('backscatter: mail from the null reverse-path that bounces tells nobody', async () => {
    const { commit, chain, store } = running({ deliver: all(GONE) });
    await commit(newMail('A', { from: '<>' }));
    expect(chain.told).toEqual(['bounced A bob@example.test (1)']);
    expect((await store.list({ after: null, limit: 10 })).entries).toEqual([]);
  });

  test('the owner of a list that is an alias hears of it: a notification goes where its recipient leads', async () => {
    const rcpt = ({ via, ...one }: Recipient) => [
      {
        ...one,
        forwardPath: aMailbox('carl@example.test'),
        via: [...via, 'owner-staff (aliases:2)'],
        owner: aMailbox('x@y.test'),
      },
    ];
    const { commit, chain, store } = running({ deliver: ofOwn(GONE), rcpt });
    await commit(newMail('A', { from: '<owner-staff@example.test>' }));
    expect(chain.deliveries[1]).toMatch(/^here: \w{18} to carl@example\.test/);
    const [left] = (await store.list({ after: null, limit: 1 })).entries;
    expect(left?.recipients.map(({ recipient }) => recipient)).toMatchObject([
      { original: aMailbox('owner-staff@example.test'), via: ['owner-staff (aliases:2)'] },
    ]);
    expect(left?.recipients[0]?.recipient.owner).toBeUndefined();
  });

  test('a notification that bounces makes no second one', async () => {
    const { commit, chain, store } = running({ deliver: all(GONE) });
    await commit(newMail('A'));
    expect(chain.deliveries).toEqual([
      'here: A to bob@example.test (1)',
      expect.stringMatching(/^here: \w{18} to ann@sender\.example/),
    ]);
    expect((await store.list({ after: null, limit: 10 })).entries).toEqual([]);
  });

  test('a notification that bounces is an error in the log, with its id and that of the mail it was about', async () => {
    const { commit, log } = running({ deliver: all(GONE) });
    await commit(newMail('A'));
    const [notified] = log.of('notified');
    expect(notified?.fields).toMatchObject({ queueId: 'A', notification: expect.stringMatching(/^\w{18}$/) });
    const lines = log.of('given up').map(({ level, fields }) => ({ level, ...fields }));
    expect(lines).toEqual([
      {
        level: 'error',
        queueId: notified?.fields.notification,
        about: 'A',
        recipient: 'ann@sender.example',
        told: 'nobody: it is a notification',
      },
    ]);
  });

  test('a double bounce is told to whoever looks after it, and if that bounces, to nobody: it ends', async () => {
    const postmaster = { localPart: 'postmaster', domain: 'example.test' };
    const { commit, clock, chain, log, states } = running({ deliver: all(GONE), doubleBounce: postmaster });
    await commit(newMail('A'));
    for (let turn = 0; turn < 10; turn += 1) await clock.advance(MINUTE);
    expect(chain.deliveries.map(one => /to (\S+)/.exec(one)?.[1])).toEqual([
      'bob@example.test',
      'ann@sender.example',
      'postmaster@example.test',
    ]);
    expect(log.of('given up').map(({ fields }) => fields.told)).toEqual([
      'postmaster@example.test',
      'nobody: it is a notification',
    ]);
    expect(await states('A')).toBeUndefined();
  });

  test('other mail from the null reverse-path that bounces is in the log too', async () => {
    const { commit, log } = running({ deliver: all(GONE) });
    await commit(newMail('A', { from: '<>', facts: { about: 'B' } }));
    expect(log.of('given up').map(({ level, fields }) => ({ level, ...fields }))).toEqual([
      { level: 'warn', queueId: 'A', recipient: 'bob@example.test', told: 'nobody: it came from <>' },
    ]);
  });

  test('an alias that leads to several is reported as expanded once, whatever becomes of them', async () => {
    const behind = (address: string, notify: Recipient['dsn']['notify']) =>
      aRecipient(address, {
        original: aMailbox('staff@example.test'),
        via: ['staff'],
        dsn: { notify, originalRecipient: null },
      });
    const deliver = async ({ mail, recipients }: Delivery) =>
      new Map<Recipient, Outcome>(recipients.map(one => [one, mail.id === 'A' ? deliveredTo('x') : BUSY]));
    const { commit, clock, log } = running({ deliver });
    await commit(newMail('A', { to: [behind('bob@example.test', ['success']), behind('eve@example.test', 'never')] }));
    await clock.advance(HOUR);
    expect(log.of('notified')).toHaveLength(1);
  });

  test('NOTIFY=NEVER is heeded', async () => {
    const silent = aRecipient('bob@example.test', { dsn: { notify: 'never', originalRecipient: null } });
    const { commit, store } = running({ deliver: all(GONE) });
    await commit(newMail('A', { to: [silent] }));
    expect((await store.list({ after: null, limit: 10 })).entries).toEqual([]);
  });
});

describe('what breaks', () => {
  test.for<readonly [string, ChainScript]>([
    [
      'a chain that throws at route',
      {
        route: () => {
          throw new Error('broken');
        },
      },
    ],
    ['a chain that throws at deliver', { deliver: () => Promise.reject(new Error('broken')) }],
    ['a recipient that is missing from the report', { deliver: async () => new Map() }],
  ])('%s: the recipient is deferred', async ([, script]) => {
    const { commit, chain, states, pins } = running(script);
    await commit(newMail('A'));
    expect(chain.told).toEqual(['deferred A bob@example.test (1)']);
    expect(await states('A')).toEqual(['waiting']);
    expect(pins.held).toBe(0);
  });

  test('a settlement that cannot be stored is tried again, and the mail is not delivered twice', async () => {
    const store = memoryStore();
    const settle = store.settle.bind(store);
    let failures = 2;
    store.settle = async (...all) => {
      if (failures-- > 0) throw new Error('disk full');
      return settle(...all);
    };
    const { commit, chain, clock, states, log } = running({ store });
    await commit(newMail('A'));
    expect(await states('A')).toEqual(['leased']);
    await clock.advance(MINUTE);
    expect(await states('A')).toBeUndefined();
    expect(chain.deliveries).toHaveLength(1);
    expect(log.of('failed')).toHaveLength(2);
  });

  test('a store that fails is asked again later, and not in a circle', async () => {
    const store = memoryStore();
    const lease = store.lease.bind(store);
    let asked = 0;
    store.lease = async request => {
      asked += 1;
      if (asked < 4) throw new Error('locked');
      return lease(request);
    };
    const { commit, chain, clock } = running({ store });
    await commit(newMail('A'));
    expect(asked).toBe(1);
    await clock.advance(MINUTE);
    expect(chain.deliveries).toHaveLength(1);
  });

  test('a settlement that comes too late is lost, and nobody is told', async () => {
    const { opened, open } = gate();
    const deliver: ChainScript['deliver'] = async delivery => {
      await opened;
      return all(deliveredTo('x'))(delivery);
    };
    const { commit, chain, store, clock, log } = running({ deliver });
    await commit(newMail('A'));
    await store.remove('A', order());
    open();
    await clock.advance(0);
    expect(chain.told).toEqual([]);
    expect(log.of('lost')).toHaveLength(1);
  });
});

describe('concurrency', () => {
  test('no more deliveries run than are allowed, to strangers three quarters of them, and to one destination few', async () => {
    const { opened, open } = gate();
    const deliver: ChainScript['deliver'] = async delivery => {
      await opened;
      return all(deliveredTo('x'))(delivery);
    };
    const destinations = [{ ...DEFAULT_POLICY, match: [], concurrency: { start: 2, most: 2 } }];
    const { commit, chain, clock } = running({ deliver, concurrency: 5, destinations });
    const slow = ['A', 'B', 'C', 'D', 'E', 'F'].map(id => newMail(id, { to: 'bob@slow.example' }));
    await commit(...slow);
    expect(chain.deliveries).toHaveLength(2);
    await commit(...['X', 'Y', 'Z'].map(id => newMail(id, { to: `bob@${id}.example` })));
    expect(chain.deliveries.slice(2)).toEqual(['here: X to bob@x.example (1)', 'here: Y to bob@y.example (1)']);
    open();
    await clock.advance(0);
    await clock.advance(0);
    expect(chain.deliveries).toHaveLength(9);
  });

  test('a mail to many destinations does not break the limit', async () => {
    const { opened, open } = gate();
    const deliver: ChainScript['deliver'] = async delivery => {
      await opened;
      return all(deliveredTo('x'))(delivery);
    };
    const route = ({ forwardPath }: Recipient) => routedTo('internet', forwardPath.domain);
    const { commit, chain, clock } = running({ deliver, route, concurrency: 4 });
    await commit(newMail('A', { to: ['a@1.example', 'a@2.example', 'a@3.example', 'a@4.example', 'a@5.example'] }));
    expect(chain.deliveries).toHaveLength(3);
    open();
    await clock.advance(0);
    await clock.advance(0);
    expect(chain.deliveries).toHaveLength(5);
  });

  test('a long attempt keeps its lease', async () => {
    const { opened, open } = gate();
    const deliver: ChainScript['deliver'] = async delivery => {
      await opened;
      return all(deliveredTo('x'))(delivery);
    };
    const { commit, chain, clock, states } = running({ deliver });
    await commit(newMail('A'));
    await clock.advance(3 * HOUR);
    expect(chain.deliveries).toHaveLength(1);
    open();
    await clock.advance(0);
    expect(await states('A')).toBeUndefined();
  });
});

describe('resting', () => {
  test('an idle scheduler looks seldom', async () => {
    const store = memoryStore();
    const lease = store.lease.bind(store);
    let asked = 0;
    store.lease = request => {
      asked += 1;
      return lease(request);
    };
    const { clock } = running({ store });
    await clock.advance(HOUR);
    expect(asked).toBeLessThanOrEqual(HOUR / 1000 + 1);
  });

  test('what another process put into the queue is seen without a wake', async () => {
    const { store, chain, clock } = running();
    await clock.advance(0);
    await store.commit([newMail('A')]);
    await clock.advance(10_000);
    expect(chain.deliveries).toHaveLength(1);
  });
});

describe('stopping', () => {
  test('stop waits for the attempts that run, and takes no more', async () => {
    const { opened, open } = gate();
    const deliver: ChainScript['deliver'] = async delivery => {
      await opened;
      return all(deliveredTo('x'))(delivery);
    };
    const { commit, chain, scheduler, store, clock, states } = running({ deliver });
    await commit(newMail('A'));
    let stopped = false;
    const stopping = scheduler.stop().then(() => {
      stopped = true;
    });
    await store.commit([newMail('B')]);
    await clock.advance(1000);
    expect(stopped).toBe(false);
    open();
    await stopping;
    expect(await states('A')).toBeUndefined();
    expect(await states('B')).toEqual(['waiting']);
    expect(chain.deliveries).toHaveLength(1);
  });

  test('an attempt that never ends is left behind, and its mail is given back', async () => {
    const { commit, scheduler, clock, states } = running({ deliver: () => new Promise(() => {}) });
    await commit(newMail('A'));
    const stopping = scheduler.stop();
    await clock.advance(30_000);
    await stopping;
    expect(await states('A')).toEqual(['waiting']);
  });
});

/** An outcome for the mails of the test; notifications about them are deferred for ever, so that they can be counted. */
function ofOwn(outcome: Outcome): NonNullable<ChainScript['deliver']> {
  return delivery => all(delivery.mail.envelope.reversePath === null ? BUSY : outcome)(delivery);
}
