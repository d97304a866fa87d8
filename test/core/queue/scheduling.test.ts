/** Scheduling: no destination delays another, nothing is kept for ever, and what can go at once goes at once. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type DestinationRule } from '../../../core/mail/destination.ts';
import { deferredBy, deliveredTo } from '../../../core/mail/outcome.ts';
import { memoryStore } from '../../../core/queue/memory-store.ts';
import { all, type ChainScript } from './fake-chain.ts';
import { after, newMail } from './queued-mail.ts';
import { BUSY, gate, HOUR, MINUTE, POLICY, running } from './running-scheduler.ts';

const DEAD = deferredBy({ code: 451, status: '4.4.1', text: 'Cannot connect' }, null, null, 'destination');
const to = (domain: string, ...ids: readonly string[]) => ids.map(id => newMail(id, { to: `bob@${domain}` }));
const some = (count: number) => Array.from({ length: count }, (_, index) => `M${String(index).padStart(3, '0')}`);

/** Delivers to all but one domain, which does as it is told. */
function except(domain: string, deliver: NonNullable<ChainScript['deliver']>): NonNullable<ChainScript['deliver']> {
  return (delivery, transport) =>
    delivery.recipients[0]?.forwardPath.domain === domain
      ? deliver(delivery, transport)
      : all(deliveredTo('x'))(delivery);
}

describe('a destination that does not answer', () => {
  test('is left alone after three deliveries, and its mail waits without counting as tried', async () => {
    const { commit, chain, clock, states, log } = running({ deliver: except('dead.example', all(DEAD)) });
    for (const mail of to('dead.example', ...some(6))) await commit(mail);
    expect(chain.deliveries).toHaveLength(3);
    expect(log.of('left alone')).toMatchObject([{ fields: { destination: 'dead.example' } }]);
    expect(await states('M005')).toEqual(['waiting']);
    await clock.advance(30_000);
    expect(chain.deliveries).toHaveLength(3);
    await clock.advance(30_001);
    expect(chain.deliveries.length).toBeGreaterThan(3);
  });

  test('delays no other', async () => {
    const { commit, chain } = running({ deliver: except('dead.example', all(DEAD)) });
    for (const mail of to('dead.example', ...some(6))) await commit(mail);
    await commit(...to('good.example', 'X'));
    expect(chain.deliveries.at(-1)).toBe('here: X to bob@good.example (1)');
  });

  test('gets all of its mail once it answers again', async () => {
    let answers = false;
    const deliver = except('dead.example', delivery => all(answers ? deliveredTo('x') : DEAD)(delivery));
    const { commit, clock, store, log } = running({ deliver });
    for (const mail of to('dead.example', ...some(20))) await commit(mail);
    answers = true;
    await clock.advance(6 * MINUTE);
    expect((await store.list({ after: null, limit: 100 })).entries).toEqual([]);
    expect(log.of('reached again')).toMatchObject([{ fields: { destination: 'dead.example' } }]);
  });

  test('a recipient who is deferred closes nothing', async () => {
    const { commit, chain } = running({ deliver: all(BUSY) });
    for (const mail of to('busy.example', ...some(10))) await commit(mail);
    expect(chain.deliveries).toHaveLength(10);
  });
});

describe('destinations that hang', () => {
  test('however many they are, they leave room for those that answer', async () => {
    const { opened, open } = gate();
    const hang: ChainScript['deliver'] = async delivery => {
      if (delivery.recipients[0]?.forwardPath.domain !== 'good.example') await opened;
      return all(deliveredTo('x'))(delivery);
    };
    const { commit, chain, clock } = running({ deliver: hang, concurrency: 8 });
    await commit(...to('good.example', 'X'));
    for (let index = 0; index < 30; index++) await commit(...to(`${index}.slow.example`, `S${index}`));
    expect(chain.deliveries).toHaveLength(1 + 6);
    for (const mail of to('good.example', ...some(10))) await commit(mail);
    expect(chain.deliveries.filter(one => one.includes('good.example'))).toHaveLength(11);
    open();
    for (let turn = 0; turn < 10; turn++) await clock.advance(0);
    expect(chain.deliveries).toHaveLength(1 + 30 + 10);
  });
});

describe('many destinations that do not answer', () => {
  /** Before it starts, mail for so many of them waits. `trickle`: there is something else to do for so many seconds. */
  async function backlog(count: number, store = memoryStore()) {
    for (let index = 0; index < count; index++) await store.commit([newMail(`D${index}`, { to: `bob@${index}.dead` })]);
    const isDead = (domain: string | undefined) => domain?.endsWith('.dead') ?? false;
    const deliver: ChainScript['deliver'] = delivery =>
      all(isDead(delivery.recipients[0]?.forwardPath.domain) ? DEAD : deliveredTo('x'))(delivery);
    const gateway = running({ store, deliver, concurrency: 200 });
    await gateway.commit(...to('good.example', 'X'));
    const tried = () => gateway.chain.deliveries.filter(one => one.includes('.dead')).length;
    const trickle = async (seconds: number) => {
      for (let tenth = 0; tenth < seconds * 10; tenth++) {
        await gateway.commit(...to('good.example', `T${tenth}`));
        await gateway.clock.advance(100);
      }
    };
    return { ...gateway, tried, trickle };
  }

  test('are tried at a pace while new mail comes, and none is left out', async () => {
    const { tried, trickle } = await backlog(700);
    const before = tried();
    expect(before).toBeLessThan(300);
    await trickle(1);
    expect(tried() - before).toBeGreaterThanOrEqual(190);
    expect(tried() - before).toBeLessThanOrEqual(210);
    await trickle(3);
    expect(tried()).toBe(700);
  });

  test('are tried as fast as can be while none comes', async () => {
    const { tried, clock } = await backlog(700);
    await clock.advance(1100);
    for (let turn = 0; turn < 20; turn++) await clock.advance(0);
    expect(tried()).toBe(700);
  });

  test('keep new mail from nothing: for who answers it goes at once, without being read back', async () => {
    const { commit, store, chain, clock } = await backlog(700);
    await clock.advance(100);
    const lease = store.lease.bind(store);
    const leased: string[] = [];
    store.lease = async request => {
      const leases = await lease(request);
      leased.push(...leases.map(one => one.mail.id));
      return leases;
    };
    await commit(...to('good.example', 'NEW'));
    expect(chain.deliveries.at(-1)).toBe('here: NEW to bob@good.example (1)');
    expect(leased).not.toContain('NEW');
  });

  test('keep no stranger from its chance', async () => {
    const { commit, chain, trickle } = await backlog(700);
    await commit(...to('fresh.example', 'NEW'));
    await trickle(0.5);
    expect(chain.deliveries).toContain('here: NEW to bob@fresh.example (1)');
  });

  test('keep mail for who answers from nothing that comes due meanwhile', async () => {
    const { chain, trickle, store, clock } = await backlog(700);
    await trickle(0.3);
    await store.commit([newMail('LATER', { to: 'bob@good.example', receivedAt: clock.now() })]);
    await trickle(1.1);
    expect(chain.deliveries).toContain('here: LATER to bob@good.example (1)');
  });

  test('keep nobody who answers from all of its mail that waits', async () => {
    const store = memoryStore();
    const waits = (domain: string, minutes: number) =>
      store.commit([newMail(`${minutes} ${domain}`, { to: `bob@${domain}`, receivedAt: after(minutes * -MINUTE) })]);
    const good = Array.from({ length: 50 }, (_, index) => `${index}.good`);
    for (const domain of good) await Promise.all([waits(domain, 9), waits(domain, 1)]);
    for (let index = 0; index < 700; index++) await waits(`${index}.dead`, 5);
    const { trickle, chain } = await backlog(0, store);
    await trickle(0.5);
    expect(chain.deliveries.filter(one => one.includes('.good ('))).toHaveLength(100);
    expect(chain.deliveries.length).toBeLessThan(500);
  });
});

describe('a destination that somebody wants tried again', () => {
  const flushed = async (dead: () => boolean) => {
    const deliver = except('dead.example', delivery => all(dead() ? DEAD : deliveredTo('x'))(delivery));
    const gateway = running({ deliver });
    for (const mail of to('dead.example', ...some(20))) await gateway.commit(mail);
    await gateway.clock.advance(1);
    return gateway;
  };

  test('is left alone again at once where it still does not answer', async () => {
    const { store, chain, clock, log } = await flushed(() => true);
    await store.flush({ destination: 'dead.example', now: clock.now(), after: null });
    await clock.advance(2000);
    expect(log.of('left alone')).toHaveLength(2);
    expect(chain.deliveries.length).toBeLessThanOrEqual(3 + 5);
  });

  test('gets all of its mail, and new mail at once, where it does', async () => {
    let isDead = true;
    const { store, chain, clock, commit, log } = await flushed(() => isDead);
    isDead = false;
    await store.flush({ destination: 'dead.example', now: clock.now(), after: null });
    await clock.advance(2000);
    expect(log.of('reached again')).toHaveLength(1);
    await commit(...to('dead.example', 'NEW'));
    expect(chain.deliveries.at(-1)).toBe('here: NEW to bob@dead.example (1)');
  });
});

describe('time that is over', () => {
  test('mail of a destination that is left alone comes back when its time is over', async () => {
    const destinations = [{ ...DEFAULT_POLICY, match: [], backOff: { first: 48 * HOUR, longest: 48 * HOUR } }];
    const settings = { deliver: all(DEAD), destinations, policy: { giveUpAfter: 2 * HOUR } };
    const { commit, chain, clock, notifications } = running(settings);
    for (const mail of to('dead.example', ...some(4))) await commit(mail);
    await clock.advance(2 * HOUR + 11 * MINUTE);
    const bounced = chain.told.filter(one => one.startsWith('bounced'));
    expect(new Set(bounced.map(one => one.split(' ')[1]))).toEqual(new Set(some(4)));
    expect(await notifications()).toHaveLength(4);
  });

  test('the notification says what kept it', async () => {
    const store = memoryStore();
    const { commit, clock, notifications } = running({ store, deliver: all(DEAD), policy: { giveUpAfter: HOUR } });
    await store.backOff('example.test', new Date('2099-01-01'));
    await commit(newMail('A'));
    await clock.advance(HOUR + 11 * MINUTE);
    const [id = ''] = await notifications();
    const text = (await (await store.find(id))?.mail?.content.bytes())?.toString() ?? '';
    expect(text).toContain('example.test could not be tried');
    expect(text).toContain('Status: 5.4.7');
  });
});

describe('the warning that mail is late', () => {
  const destinations = [{ ...DEFAULT_POLICY, match: [], backOff: { first: 48 * HOUR, longest: 48 * HOUR } }];

  test('comes for all mail of a destination that is left alone, tried or not, and comes once', async () => {
    const settings = { deliver: all(DEAD), destinations, policy: { warnAfter: 4 * HOUR } };
    const { commit, chain, clock, log, notifications } = running(settings);
    for (const mail of to('dead.example', ...some(6))) await commit(mail);
    await clock.advance(4 * HOUR - 1);
    expect(await notifications()).toHaveLength(0);
    await clock.advance(11 * MINUTE);
    expect(log.of('notified').map(({ fields }) => fields.queueId)).toEqual(expect.arrayContaining(some(6)));
    await clock.advance(10 * HOUR);
    expect(log.of('notified')).toHaveLength(6);
    expect(chain.deliveries.filter(one => one.includes('dead.example'))).toHaveLength(3);
  });

  test('keeps no mail from its turn once the destination answers', async () => {
    let answers = false;
    const deliver = except('dead.example', delivery => all(answers ? deliveredTo('x') : DEAD)(delivery));
    const backOff = { first: 5 * HOUR, longest: 5 * HOUR };
    const settings = {
      deliver,
      destinations: [{ ...DEFAULT_POLICY, match: [], backOff }],
      policy: { warnAfter: HOUR },
    };
    const { commit, clock, states } = running(settings);
    for (const mail of to('dead.example', ...some(6))) await commit(mail);
    answers = true;
    await clock.advance(5 * HOUR + 11 * MINUTE);
    expect(await Promise.all(some(6).map(states))).toEqual(some(6).map(() => undefined));
  });

  test('says what kept it', async () => {
    const store = memoryStore();
    const { commit, clock, notifications } = running({ store, deliver: all(DEAD), policy: { warnAfter: HOUR } });
    await store.backOff('example.test', new Date('2099-01-01'));
    await commit(newMail('A'));
    await clock.advance(HOUR + 11 * MINUTE);
    const [id = ''] = await notifications();
    const text = (await (await store.find(id))?.mail?.content.bytes())?.toString() ?? '';
    expect(text).toContain('example.test could not be tried');
    expect(text).toContain('Action: delayed');
    expect(text).toContain('Status: 4.4.5');
  });
});

describe('retry by route', () => {
  const quick = { ...POLICY, first: MINUTE, giveUpAfter: HOUR };
  const place = (domain: string) => ({ destination: domain, retry: domain === 'quick.example' ? quick : null });

  test('each recipient is tried again as its route says', async () => {
    const { commit, chain, clock } = running({ deliver: all(BUSY), place });
    await commit(newMail('A', { to: ['bob@quick.example', 'bob@slow.example'] }));
    await clock.advance(MINUTE);
    expect(chain.deliveries.map(one => one.slice(-3)).sort()).toEqual(['(1)', '(2)']);
    expect(chain.deliveries.at(-1)).toBe('here: A to bob@quick.example (2)');
  });

  test('and given up as its route says', async () => {
    const { commit, chain, clock, states } = running({ deliver: all(BUSY), place });
    await commit(newMail('A', { to: ['bob@quick.example', 'bob@slow.example'] }));
    await clock.advance(HOUR);
    expect(await states('A')).toEqual(['done', 'waiting']);
    expect(chain.told.filter(one => one.startsWith('bounced'))).toHaveLength(1);
  });
});

describe('mail that finds nobody waiting', () => {
  test('is delivered without being read back from the queue', async () => {
    const store = memoryStore();
    const lease = store.lease.bind(store);
    const leased: number[] = [];
    store.lease = async request => {
      const leases = await lease(request);
      leased.push(leases.length);
      return leases;
    };
    const { commit, chain, clock } = running({ store });
    await clock.advance(0);
    for (const mail of to('a.example', ...some(50))) await commit(mail);
    expect(chain.deliveries).toHaveLength(50);
    expect(leased.every(count => count === 0)).toBe(true);
  });

  test('does not overtake what waits for the same destination', async () => {
    const { opened, open } = gate();
    const deliver = except('a.example', async delivery => {
      await opened;
      return all(deliveredTo('x'))(delivery);
    });
    const destinations = [{ ...DEFAULT_POLICY, match: [], concurrency: { start: 1, most: 1 } }];
    const { commit, chain, clock } = running({ deliver, destinations });
    for (const mail of to('a.example', 'A', 'B', 'C')) await commit(mail);
    open();
    for (let turn = 0; turn < 5; turn++) await clock.advance(0);
    expect(chain.deliveries.map(one => one.slice(6, 7))).toEqual(['A', 'B', 'C']);
  });

  test('takes no room at its destination while it is committed, and none beyond the room that there is', async () => {
    const store = memoryStore();
    const working = store.commit.bind(store);
    const disk = gate();
    let isSlow = false;
    store.commit = async (...mails) => {
      if (isSlow) await disk.opened;
      return working(...mails);
    };
    const next = gate();
    let at = 0;
    let most = 0;
    const deliver: ChainScript['deliver'] = async delivery => {
      at += 1;
      most = Math.max(most, at);
      await next.opened;
      at -= 1;
      return all(deliveredTo('x'))(delivery);
    };
    const leased: number[] = [];
    const lease = store.lease.bind(store);
    store.lease = async request => {
      const leases = await lease(request);
      leased.push(leases.length);
      return leases;
    };
    const destinations = [{ ...DEFAULT_POLICY, match: [], concurrency: { start: 2, most: 4 } }];
    const { commit, scheduler, chain, clock } = running({ store, deliver, destinations });
    await clock.advance(0);
    isSlow = true;
    const committed = to('a.example', ...some(4)).map(mail => scheduler.commit([mail]));
    disk.open();
    await Promise.all(committed);
    await clock.advance(0);
    expect(chain.deliveries).toHaveLength(2);
    next.open();
    for (let turn = 0; turn < 5; turn++) await clock.advance(0);
    expect(chain.deliveries.map(one => one.slice(6, 10))).toEqual(some(4));
    await commit(...to('a.example', 'X'));
    expect(chain.deliveries).toHaveLength(5);
    expect(most).toBe(2);
    expect(leased.every(count => count === 0)).toBe(true);
  });

  test('is given back to the queue where its destination is left alone before its turn comes', async () => {
    const next = gate();
    const deliver: ChainScript['deliver'] = async delivery => {
      await next.opened;
      return all(DEAD)(delivery);
    };
    const destinations = [{ ...DEFAULT_POLICY, match: [], concurrency: { start: 3, most: 8 } }];
    const { commit, chain, clock, states } = running({ deliver, destinations });
    await clock.advance(0);
    for (const mail of to('dead.example', ...some(8))) await commit(mail);
    expect(await states('M007')).toEqual(['leased']);
    next.open();
    for (let turn = 0; turn < 5; turn++) await clock.advance(0);
    expect(chain.deliveries).toHaveLength(3);
    expect(await states('M007')).toEqual(['waiting']);
    await clock.advance(MINUTE);
    expect(chain.deliveries[3]).toBe('here: M003 to bob@dead.example (1)');
  });

  test('keeps its lease while it waits for its turn, and is given back when the gateway stops', async () => {
    const next = gate();
    const deliver: ChainScript['deliver'] = async delivery => {
      await next.opened;
      return all(deliveredTo('x'))(delivery);
    };
    const destinations = [{ ...DEFAULT_POLICY, match: [], concurrency: { start: 1, most: 2 } }];
    const { commit, chain, clock, states, scheduler } = running({ deliver, destinations });
    await clock.advance(0);
    for (const mail of to('a.example', 'A', 'B')) await commit(mail);
    await clock.advance(2 * HOUR);
    expect(await states('B')).toEqual(['leased']);
    const stopped = scheduler.stop();
    next.open();
    await clock.advance(0);
    await stopped;
    expect(chain.deliveries).toHaveLength(1);
    expect(await states('B')).toEqual(['waiting']);
  });

  test('stays in the queue where the commit fails, and takes no room for ever', async () => {
    const store = memoryStore();
    const working = store.commit.bind(store);
    const { commit, chain, clock } = running({ store, concurrency: 4 });
    await clock.advance(0);
    store.commit = () => Promise.reject(new Error('disk full'));
    for (const id of some(10)) await expect(commit(newMail(id))).rejects.toThrow('disk full');
    store.commit = working;
    for (const id of some(10)) await commit(newMail(id));
    expect(chain.deliveries).toHaveLength(10);
  });
});

test('a rate is kept', async () => {
  const destinations = [{ ...DEFAULT_POLICY, match: [], rate: { count: 6, per: MINUTE } }];
  const { commit, chain, clock } = running({ destinations });
  for (const mail of to('a.example', ...some(8))) await commit(mail);
  expect(chain.deliveries).toHaveLength(1);
  await clock.advance(MINUTE + 10);
  expect(chain.deliveries).toHaveLength(7);
  await clock.advance(10_000);
  expect(chain.deliveries).toHaveLength(8);
});

test('who sends little does not stand behind who sends much', async () => {
  const { opened, open } = gate();
  const deliver: ChainScript['deliver'] = async delivery => {
    await opened;
    return all(deliveredTo('x'))(delivery);
  };
  const destinations = [{ ...DEFAULT_POLICY, match: [], concurrency: { start: 1, most: 1 } }];
  const { commit, chain, clock } = running({ deliver, destinations });
  for (const id of some(200)) await commit(newMail(id, { from: '<news@big.example>' }));
  await commit(newMail('X', { from: '<ann@small.example>' }));
  open();
  for (let turn = 0; turn < 300; turn++) await clock.advance(0);
  const order = chain.deliveries.map(one => one.split(' ')[1]);
  expect(order).toHaveLength(201);
  // Those that came before the sender was known for much are not overtaken.
  expect(order.indexOf('X')).toBeLessThan(70);
});

test('bulk mail stands behind personal mail', async () => {
  const { opened, open } = gate();
  const deliver: ChainScript['deliver'] = async delivery => {
    await opened;
    return all(deliveredTo('x'))(delivery);
  };
  const destinations = [{ ...DEFAULT_POLICY, match: [], concurrency: { start: 1, most: 1 } }];
  const { commit, chain, clock } = running({ deliver, destinations });
  await commit(newMail('A'));
  await commit({ ...newMail('B', { from: '<list@one.example>' }), nature: 'bulk' });
  await commit(newMail('C', { from: '<ann@two.example>' }));
  open();
  for (let turn = 0; turn < 5; turn++) await clock.advance(0);
  expect(chain.deliveries.map(one => one.split(' ')[1])).toEqual(['A', 'C', 'B']);
});

describe('where mail comes faster than it leaves', () => {
  /** A destination that has answered once, and now takes one mail at a time, when the test says so. */
  async function congested(rest: Partial<DestinationRule> = {}) {
    const gates: (() => void)[] = [];
    let isOpen = true;
    const deliver: ChainScript['deliver'] = async delivery => {
      if (!isOpen) await new Promise<void>(resolve => gates.push(resolve));
      return all(deliveredTo('x'))(delivery);
    };
    const destinations = [{ ...DEFAULT_POLICY, match: [], concurrency: { start: 1, most: 1 }, ...rest }];
    const made = running({ deliver, destinations, concurrency: 200 });
    await made.commit(newMail('first'));
    isOpen = false;
    // One is under way, and twenty have their room.
    for (const id of some(21)) await made.commit(newMail(id));
    const leave = async (count: number) => {
      for (let turn = 0; turn < count; turn += 1) {
        gates.splice(0, 1)[0]?.();
        for (let settled = 0; settled < 5; settled += 1) await made.clock.advance(0);
      }
    };
    return { ...made, leave };
  }

  test('whoever brings it stands back until two have left, and it goes straight through', async () => {
    const { scheduler, leave, store, clock } = await congested();
    let taken = false;
    void scheduler.commit([newMail('X')]).then(() => {
      taken = true;
    });
    await clock.advance(0);
    await leave(1);
    expect(taken).toBe(false);
    await leave(1);
    expect(taken).toBe(true);
    const states = (await store.find('X'))?.entry.recipients.map(({ state }) => state);
    expect(states).toEqual(['leased']);
  });

  test('nobody stands back for long: it waits in the queue then', async () => {
    const { commit, clock, states, scheduler } = await congested();
    const taken = scheduler.commit([newMail('X')]);
    await clock.advance(25);
    await taken;
    expect(await states('X')).toEqual(['waiting']);
    const next = commit(newMail('Y'));
    await clock.advance(25);
    await next;
    expect(await states('Y')).toEqual(['waiting']);
  });

  test('nobody stands back for a rate that is used up', async () => {
    const { commit, states } = await congested({ rate: { count: 3, per: MINUTE } });
    await commit(newMail('X'));
    expect(await states('X')).toEqual(['waiting']);
  });
});
