import { describe, expect, test } from 'vitest';
import type { Resolver } from '../../../core/plugin/ports.ts';
import { ClientNames } from '../../../core/smtp/client-names.ts';
import { type FakeZones, fakeResolver } from '../../../core/testing/fake-resolver.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';

const ADDRESS = '192.0.2.1';
const ZONES: FakeZones = { [ADDRESS]: { PTR: ['client.test'] }, 'client.test': { A: [ADDRESS] } };
const MINUTE = 60_000;

function setup(zones: FakeZones = ZONES, changes: Partial<Resolver> = {}) {
  const clock = new ManualClock();
  const resolver = fakeResolver(zones);
  const log = recordingLog();
  const names = new ClientNames({ resolver: { ...resolver, ...changes }, clock, log });
  /** The name that a session has when it goes on. */
  const come = async (address = ADDRESS) => {
    let name: string | null = null;
    const wait = names.find(address, found => {
      name = found;
    });
    await wait;
    return { name, waited: wait !== undefined };
  };
  return { clock, resolver, log, names, come };
}

/** A resolver that has not answered yet. */
function slow() {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Resolver['reverse']>>>();
  let asked = 0;
  const reverse = () => {
    asked += 1;
    return promise;
  };
  return { reverse, answer: resolve, asked: () => asked };
}

test('a client is looked up the first time, and known the next time without waiting', async () => {
  const { come, resolver } = setup();
  expect(await come()).toEqual({ name: 'client.test', waited: true });
  const { length } = resolver.queries;
  expect(await come()).toEqual({ name: 'client.test', waited: false });
  expect(resolver.queries).toHaveLength(length);
});

test('that a client has no name is kept as well', async () => {
  const { come, resolver } = setup({});
  expect(await come()).toEqual({ name: null, waited: true });
  expect(await come()).toEqual({ name: null, waited: false });
  expect(resolver.queries).toHaveLength(1);
});

test('those who come together share one look-up', async () => {
  const { come, resolver } = setup();
  const all = await Promise.all([come(), come(), come()]);
  expect(all.map(({ name }) => name)).toEqual(['client.test', 'client.test', 'client.test']);
  expect(resolver.queries.filter(query => query.includes('192.0.2.1') || query.includes('1.2.0.192'))).toHaveLength(1);
});

test('after a minute it is asked for again, while the old name is still used', async () => {
  const zones: Record<string, FakeZones[string]> = { ...ZONES };
  const { come, clock, resolver } = setup(zones);
  await come();
  await clock.advance(MINUTE);
  const before = resolver.queries.length;
  expect(await come()).toEqual({ name: 'client.test', waited: false });
  await clock.advance(0);
  expect(resolver.queries.length).toBeGreaterThan(before);
});

describe('where DNS does not answer', () => {
  test('nobody waits longer than a moment, and who comes after it does not wait at all', async () => {
    const { reverse, asked } = slow();
    const { come, clock } = setup({}, { reverse });
    const first = come();
    await clock.advance(300);
    expect(await first).toEqual({ name: null, waited: true });
    const second = await come();
    expect(second.name).toBe(null);
    expect(asked()).toBe(1);
  });

  test('a session hears of its name however late', async () => {
    const { reverse, answer } = slow();
    const { names, clock } = setup(ZONES, { reverse });
    const heard: string[] = [];
    const wait = names.find(ADDRESS, name => heard.push(name));
    await clock.advance(300);
    await wait;
    expect(heard).toEqual([]);
    answer({ kind: 'found', records: ['client.test'] });
    await clock.advance(0);
    expect(heard).toEqual(['client.test']);
  });

  test('a name that was known stays known', async () => {
    let down = false;
    const resolver = fakeResolver(ZONES);
    const { come, clock } = setup(ZONES, {
      reverse: address =>
        down ? Promise.resolve({ kind: 'unavailable', cause: 'SERVFAIL' }) : resolver.reverse(address),
    });
    await come();
    down = true;
    await clock.advance(MINUTE);
    await come();
    await clock.advance(0);
    expect(await come()).toEqual({ name: 'client.test', waited: false });
  });

  test('it is asked again soon', async () => {
    const { come, clock, resolver } = setup({ [ADDRESS]: 'unavailable' });
    await come();
    await clock.advance(5000);
    await come();
    await clock.advance(0);
    expect(resolver.queries).toHaveLength(2);
  });
});

test('a resolver that breaks is a line of the log, and a client without a name', async () => {
  const { come, log } = setup({}, { reverse: () => Promise.reject(new Error('no sockets left')) });
  expect(await come()).toEqual({ name: null, waited: true });
  expect(log.lines[0]?.fields).toMatchObject({ cause: 'no sockets left' });
});

test('denial of service: memory does not grow with the addresses of strangers', async () => {
  const { come, resolver } = setup({});
  await come();
  for (let index = 0; index < 10_000; index += 1) await come(`2001:db8::${index.toString(16)}`);
  const before = resolver.queries.length;
  await come();
  expect(resolver.queries.length).toBe(before + 1);
});
