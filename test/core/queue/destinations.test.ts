/** Destinations: windows follow how deliveries go, and none takes what others need. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type DestinationPolicy } from '../../../core/mail/destination.ts';
import type { QueuedRecipient } from '../../../core/plugin/queue-control.ts';
import type { News } from '../../../core/queue/destination-state.ts';
import { Destinations, type DestinationsParts } from '../../../core/queue/destinations.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { ARRIVAL, mailFor } from './queued-mail.ts';

const MINUTE = 60_000;

function known(parts: Partial<DestinationsParts> & { readonly policy?: Partial<DestinationPolicy> } = {}) {
  const clock = new ManualClock(ARRIVAL);
  const policy = { ...DEFAULT_POLICY, ...parts.policy };
  const destinations = new Destinations({
    policyFor: () => policy,
    startingRoom: policy.concurrency.start,
    concurrency: 100,
    clock,
    random: seededRandom(1),
    ...parts,
  });
  const deliver = (name: string, ...news: readonly News[]) =>
    news.map(one => {
      destinations.begin([name]);
      return destinations.end(name, one).turn;
    });
  const roomAt = (name: string) => {
    const { each, but } = destinations.look(1).room;
    return but.get(name) ?? each;
  };
  return { clock, destinations, deliver, roomAt };
}

const leaseOf = (name: string) => ({
  owner: 'us',
  fence: 1,
  until: ARRIVAL,
  mail: mailFor('A'),
  recipients: [{ destination: name } as QueuedRecipient],
  fate: { kind: 'deliver' } as const,
});
/** A look finds no more. */
const nothingElse = (destinations: Destinations) => destinations.found(destinations.look(100), []);
const times = (count: number, news: News) => Array<News>(count).fill(news);

describe('the window', () => {
  test('begins small', () => {
    const { destinations, roomAt } = known();
    destinations.begin(['a.example']);
    expect(roomAt('a.example')).toBe(4);
    expect(roomAt('b.example')).toBe(5);
  });

  test('grows by one for each window that goes well, up to the most', () => {
    const { destinations, deliver, roomAt } = known();
    deliver('a.example', ...times(6, 'well'));
    destinations.begin(['a.example']);
    expect(roomAt('a.example')).toBe(5);
    deliver('a.example', ...times(1000, 'well'));
    expect(roomAt('a.example')).toBe(19);
  });

  test('shrinks by one for each delivery that finds nobody', () => {
    const { destinations, deliver, roomAt } = known();
    deliver('a.example', 'ill', 'ill');
    destinations.begin(['a.example']);
    expect(roomAt('a.example')).toBe(2);
  });

  test('is not changed by what says nothing about the destination', () => {
    const { destinations, deliver, roomAt } = known();
    deliver('a.example', ...times(50, 'unknown'));
    destinations.begin(['a.example']);
    expect(roomAt('a.example')).toBe(4);
  });
});

describe('a destination that does not answer', () => {
  test('is left alone after three deliveries in a row that found nobody', () => {
    const { destinations, deliver } = known();
    const [first, second, third] = deliver('a.example', 'ill', 'ill', 'ill');
    expect([first, second]).toEqual([null, null]);
    expect(third?.kind).toBe('left-alone');
    expect(destinations.admits(new Set(['a.example']))).toBe(false);
  });

  test('one that answers in between is not', () => {
    const { deliver } = known();
    expect(deliver('a.example', 'ill', 'ill', 'well', 'ill', 'ill')).toEqual([null, null, null, null, null]);
  });

  test('is left alone twice as long each time, less a little chance, and never longer than allowed', async () => {
    const { clock, deliver } = known();
    const waits: number[] = [];
    deliver('a.example', 'ill', 'ill');
    for (let round = 0; round < 8; round++) {
      const [turn] = deliver('a.example', 'ill');
      if (turn?.kind !== 'left-alone') throw new Error('it is not left alone');
      const wait = turn.until.getTime() - clock.now().getTime();
      waits.push(wait / MINUTE);
      await clock.advance(wait + 1);
    }
    for (const [round, wait] of waits.entries()) {
      const full = Math.min(2 ** round, 60);
      expect(wait).toBeLessThanOrEqual(full);
      expect(wait).toBeGreaterThanOrEqual(full * 0.75);
    }
  });

  test('deliveries that began before say nothing new', () => {
    const { destinations } = known();
    destinations.begin(['a.example', 'a.example', 'a.example', 'a.example', 'a.example']);
    const turns = times(5, 'ill').map(one => destinations.end('a.example', one).turn?.kind ?? null);
    expect(turns).toEqual([null, null, 'left-alone', null, null]);
  });

  test('is back with the first delivery that goes well, with a small window', () => {
    const { destinations, deliver, roomAt } = known();
    deliver('a.example', ...times(400, 'well'), 'ill', 'ill', 'ill');
    expect(deliver('a.example', 'well')).toEqual([{ kind: 'back' }]);
    destinations.begin(['a.example']);
    expect(roomAt('a.example')).toBe(4);
  });
});

describe('all together', () => {
  test('have no more deliveries than there may be', () => {
    const { destinations } = known({ concurrency: 4 });
    destinations.begin(['a', 'b', 'c', 'd']);
    expect(destinations.free).toEqual({ all: 0, strangers: 0 });
  });

  test('those that have not shown that they answer take three quarters, never all', () => {
    const { destinations, deliver } = known({ concurrency: 4 });
    deliver('good', 'well');
    destinations.begin(['a', 'b', 'c']);
    expect(destinations.free).toEqual({ all: 1, strangers: 0 });
    nothingElse(destinations);
    expect(destinations.admits(new Set(['d']))).toBe(false);
    expect(destinations.admits(new Set(['good']))).toBe(true);
    expect(destinations.nextKnown(10)).toEqual(['good']);
  });

  test('one that stops answering is a stranger again, with all that still runs', () => {
    const { destinations, deliver } = known({ concurrency: 8 });
    deliver('good', 'well');
    destinations.begin(['good', 'good', 'good']);
    expect(destinations.free.strangers).toBe(5);
    destinations.end('good', 'ill');
    expect(destinations.free).toEqual({ all: 6, strangers: 4 });
    destinations.end('good', 'well');
    expect(destinations.free).toEqual({ all: 7, strangers: 6 });
    destinations.end('good', 'well');
    expect(destinations.free).toEqual({ all: 8, strangers: 6 });
  });

  test('of many that are idle those are forgotten first that neither answer nor are left alone', () => {
    const { destinations, deliver } = known();
    nothingElse(destinations);
    deliver('good.example', 'well');
    deliver('dead.example', 'ill', 'ill', 'ill');
    for (let index = 0; index < 20_000; index++) deliver(`${index}.example`, 'ill');
    expect(destinations.nextKnown(10)).toEqual(['good.example']);
    expect(destinations.admits(new Set(['dead.example']))).toBe(false);
  });

  test('and then those that have been idle the longest', () => {
    const { destinations, deliver } = known();
    for (let index = 0; index < 10_000; index++) deliver(`${index}.example`, 'well');
    deliver('0.example', 'well');
    deliver('10000.example', 'well');
    const names = destinations.nextKnown(20_000);
    expect(names).toContain('0.example');
    expect(names).not.toContain('1.example');
    expect(names).toContain('9999.example');
  });
});

describe('the pace of those that do not answer', () => {
  const attempts = ({ destinations }: Pick<ReturnType<typeof known>, 'destinations'>, news: News) => {
    let count = 0;
    for (; count < 1000 && destinations.free.strangers > 0; count++) {
      destinations.begin([`${count}.example`]);
      destinations.end(`${count}.example`, news);
    }
    return count;
  };

  test('bounds how many are tried in a while, as long as there is other work', async () => {
    const all = known();
    all.destinations.newMail();
    expect(attempts(all, 'ill')).toBe(50);
    expect(all.destinations.free.all).toBe(100);
    expect(all.destinations.untilAllowed()).toBe(50);
    await all.clock.advance(50);
    expect(attempts(all, 'ill')).toBe(10);
    await all.clock.advance(150);
    expect(attempts(all, 'ill')).toBe(30);
  });

  test('is slower where a look into the queue takes long, within bounds', async () => {
    const { clock, destinations } = known();
    const looksThatTake = async (milliseconds: number) => {
      for (let count = 0; count < 50; count++) {
        const look = destinations.look(10);
        await clock.advance(milliseconds);
        destinations.found(look, []);
      }
      destinations.newMail();
      attempts({ destinations }, 'ill');
      await clock.advance(Math.ceil(destinations.untilAllowed()));
      attempts({ destinations }, 'ill');
      return Math.ceil(destinations.untilAllowed() / 10) * 10;
    };
    expect(await looksThatTake(10)).toBe(200);
    expect(await looksThatTake(1000)).toBe(500);
    expect(await looksThatTake(1)).toBe(50);
  });

  test('deliveries to those that answer are other work', async () => {
    const all = known();
    all.deliver('good.example', 'well', 'well');
    expect(attempts(all, 'ill')).toBe(50);
  });

  test('costs those nothing that turn out to answer', () => {
    const all = known();
    all.destinations.newMail();
    expect(attempts(all, 'well')).toBe(1000);
  });

  test('there is none while nothing else is to be done', async () => {
    const all = known();
    expect(attempts(all, 'ill')).toBe(1000);
    all.destinations.newMail();
    await all.clock.advance(1000);
    expect(attempts(all, 'ill')).toBe(1000);
  });

  test('what was looked for without it makes no debt', async () => {
    const { clock, destinations } = known();
    const names = Array.from({ length: 75 }, (_, index) => `${index}.example`);
    const look = destinations.look(destinations.free.strangers);
    destinations.newMail();
    destinations.found(look, names.map(leaseOf));
    for (const name of names) destinations.end(name, 'ill');
    expect(destinations.free.strangers).toBe(0);
    await clock.advance(50);
    expect(destinations.free.strangers).toBe(10);
  });
});

describe('a back-off that somebody has ended', () => {
  const leftAlone = async () => {
    const all = known();
    nothingElse(all.destinations);
    all.deliver('a.example', 'ill', 'ill', 'ill');
    await all.clock.advance(1);
    return all;
  };

  test('shows in mail that the store gives out', async () => {
    const { clock, destinations } = await leftAlone();
    destinations.isKeptBack('a.example');
    await clock.advance(1);
    destinations.found(destinations.look(10), [leaseOf('a.example')]);
    destinations.end('a.example', 'unknown');
    expect(destinations.admits(new Set(['a.example']))).toBe(true);
  });

  test('and in none that was asked for before the store knew of it', async () => {
    const { clock, destinations } = await leftAlone();
    const look = destinations.look(10);
    await clock.advance(1);
    destinations.isKeptBack('a.example');
    await clock.advance(1);
    destinations.found(look, [leaseOf('a.example')]);
    destinations.end('a.example', 'unknown');
    expect(destinations.admits(new Set(['a.example']))).toBe(false);
  });
});

describe('new mail goes at once', () => {
  test('not before anybody has looked what waits', () => {
    const { destinations } = known();
    expect(destinations.admits(new Set(['a.example']))).toBe(false);
    nothingElse(destinations);
    expect(destinations.admits(new Set(['a.example']))).toBe(true);
  });

  test('not past mail that waits for the same destination', () => {
    const { destinations } = known();
    nothingElse(destinations);
    destinations.fellBehind(['a.example']);
    expect(destinations.admits(new Set(['a.example']))).toBe(false);
    expect(destinations.admits(new Set(['b.example']))).toBe(true);
  });

  test('not where a destination was full when it was last looked', () => {
    const { destinations } = known({ policy: { concurrency: { start: 1, most: 1 } } });
    destinations.begin(['a.example']);
    nothingElse(destinations);
    expect(destinations.end('a.example', 'well').wakes).toBe(true);
    expect(destinations.admits(new Set(['a.example']))).toBe(false);
    nothingElse(destinations);
    expect(destinations.admits(new Set(['a.example']))).toBe(true);
  });

  test('and only where there is, or soon will be, room at all of its destinations', () => {
    const { destinations } = known({ policy: { concurrency: { start: 1, most: 2 } } });
    const both = new Set(['a.example', 'b.example']);
    nothingElse(destinations);
    destinations.begin(['a.example']);
    destinations.reserve(['a.example']);
    expect(destinations.admits(both)).toBe(true);
    expect(destinations.turnOf(both)).toBe('wait');
    for (let more = 1; more < 20; more++) destinations.reserve(['a.example']);
    expect(destinations.admits(both)).toBe(false);
    destinations.unreserve(['a.example']);
    expect(destinations.admits(both)).toBe(true);
    destinations.end('a.example', 'well');
    expect(destinations.turnOf(both)).toBe('begin');
  });

  test('what is reserved is not given to mail that waits in the queue', () => {
    const { destinations } = known({ policy: { concurrency: { start: 2, most: 2 } } });
    destinations.reserve(['a.example']);
    expect(destinations.look(1).room.but.get('a.example')).toBe(1);
    destinations.unreserve(['a.example']);
    expect(destinations.look(1).room.but.has('a.example')).toBe(false);
  });
});

describe('a rate', () => {
  const policy = { rate: { count: 60, per: MINUTE } };

  test('lets one go each time that it allows', async () => {
    const { clock, destinations, deliver, roomAt } = known({ policy });
    deliver('a.example', 'well');
    expect(roomAt('a.example')).toBe(0);
    expect(destinations.full()).toEqual(['a.example']);
    expect(destinations.untilAllowed()).toBe(1000);
    await clock.advance(1000);
    expect(roomAt('a.example')).toBe(1);
    expect(destinations.untilAllowed()).toBe(Infinity);
  });

  test('saves up what a second brings, and no more', async () => {
    const { clock, destinations, roomAt } = known({ policy: { rate: { count: 3, per: 1000 } } });
    destinations.begin(['a.example', 'a.example', 'a.example']);
    expect(roomAt('a.example')).toBe(0);
    await clock.advance(MINUTE);
    destinations.end('a.example', 'well');
    destinations.end('a.example', 'well');
    expect(roomAt('a.example')).toBe(3);
  });
});

describe('other bounds', () => {
  const bounds = (most: number, concurrency: number, rate: DestinationPolicy['rate'] = null) => ({
    policyFor: () => ({ ...DEFAULT_POLICY, concurrency: { start: 2, most }, rate }),
    startingRoom: 2,
    concurrency,
  });

  test('hold at once: for all together, for those that are known, and for those that are not', () => {
    const { destinations, deliver, roomAt } = known();
    deliver('a.example', ...times(200, 'well'));
    destinations.begin(['a.example']);
    expect([destinations.free.all, roomAt('a.example'), roomAt('b.example')]).toEqual([99, 19, 5]);
    destinations.change(bounds(3, 10));
    expect([destinations.free.all, roomAt('a.example'), roomAt('b.example')]).toEqual([9, 2, 2]);
  });

  test('end nothing that runs beyond them', () => {
    const { destinations } = known();
    destinations.begin(['a.example', 'b.example', 'c.example']);
    destinations.change(bounds(1, 1));
    expect(destinations.free.all).toBe(0);
    destinations.end('a.example', 'well');
    destinations.end('b.example', 'well');
    expect(destinations.free.all).toBe(0);
    destinations.end('c.example', 'well');
    expect(destinations.free.all).toBe(1);
  });

  test('leave alone still who is left alone', () => {
    const { destinations, deliver, roomAt } = known();
    deliver('a.example', ...times(3, 'ill'));
    destinations.change(bounds(50, 100));
    destinations.reserve(['a.example']);
    expect(roomAt('a.example')).toBe(0);
  });

  test('begin a rate, and end it', () => {
    const { destinations, deliver } = known();
    destinations.change(bounds(20, 100, { count: 1, per: MINUTE }));
    deliver('a.example', 'well');
    expect(destinations.full()).toEqual(['a.example']);
    destinations.change(bounds(20, 100));
    expect(destinations.full()).toEqual([]);
  });
});
