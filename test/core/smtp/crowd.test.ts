import { expect, test } from 'vitest';
import type { CrowdLimits, Limits } from '../../../core/mail/limits.ts';
import { clientOf, networkOf } from '../../../core/smtp/client-network.ts';
import { Crowd, type Visit } from '../../../core/smtp/crowd.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { LIMITS } from './gateway.ts';

const NONE: CrowdLimits = { connections: null, newConnections: null, mails: null, recipients: null };

function crowd(changes: Partial<Limits>) {
  const clock = new ManualClock();
  return { clock, crowd: new Crowd({ ...LIMITS, ...changes }, clock) };
}

function admitted(entered: ReturnType<Crowd['enter']>): Visit {
  if (entered.kind === 'crowded') throw new Error(entered.because);
  return entered;
}

test.for([
  { address: '192.0.2.7', client: '192.0.2.7', network: '192.0.2.0/24' },
  { address: '2001:db8:1:2:3:4:5:6', client: '2001:db8:1:2::/64', network: '2001:db8:1::/48' },
  { address: '2001:db8::1', client: '2001:db8:0:0::/64', network: '2001:db8:0::/48' },
  { address: '::1', client: '0:0:0:0::/64', network: '0:0:0::/48' },
  { address: 'fe80::', client: 'fe80:0:0:0::/64', network: 'fe80:0:0::/48' },
])('$address is one of $client and of $network', ({ address, client, network }) => {
  expect([clientOf(address), networkOf(address)]).toEqual([client, network]);
});

test('a client has so many sessions at a time, and room again when one ends', () => {
  const its = crowd({ perClient: { ...NONE, connections: 2 } });
  const first = admitted(its.crowd.enter('192.0.2.1'));
  admitted(its.crowd.enter('192.0.2.1'));
  expect(its.crowd.enter('192.0.2.1')).toEqual({
    kind: 'crowded',
    because: 'too many connections of 192.0.2.1',
    news: true,
  });
  admitted(its.crowd.enter('192.0.2.2'));
  first.leave();
  first.leave();
  admitted(its.crowd.enter('192.0.2.1'));
  expect(its.crowd.enter('192.0.2.1').kind).toBe('crowded');
});

test('addresses of one IPv6 customer are one client', () => {
  const its = crowd({ perClient: { ...NONE, connections: 1 } });
  admitted(its.crowd.enter('2001:db8::1'));
  expect(its.crowd.enter('2001:db8::2').kind).toBe('crowded');
  admitted(its.crowd.enter('2001:db8:0:1::1'));
});

test('a botnet in one network is limited as a network', () => {
  const its = crowd({ perNetwork: { ...NONE, connections: 3 } });
  for (const host of [1, 2, 3]) admitted(its.crowd.enter(`192.0.2.${host}`));
  expect(its.crowd.enter('192.0.2.4').kind).toBe('crowded');
  admitted(its.crowd.enter('192.0.3.4'));
});

test('sessions that come and go are counted by the window, and a window slides', async () => {
  const its = crowd({ perClient: { ...NONE, newConnections: 10 }, window: 60_000 });
  await its.clock.advance(59_000);
  for (let begun = 0; begun < 10; begun += 1) admitted(its.crowd.enter('192.0.2.1')).leave();
  expect(its.crowd.enter('192.0.2.1')).toMatchObject({ because: '192.0.2.1 connects too often' });
  // The turn of a minute alone gives no second helping: a sixtieth of the window gives a tenth of ten.
  await its.clock.advance(2000);
  admitted(its.crowd.enter('192.0.2.1')).leave();
  expect(its.crowd.enter('192.0.2.1').kind).toBe('crowded');
  await its.clock.advance(30_000);
  admitted(its.crowd.enter('192.0.2.1')).leave();
  await its.clock.advance(120_000);
  for (let begun = 0; begun < 10; begun += 1) admitted(its.crowd.enter('192.0.2.1')).leave();
});

test('mails and recipients are counted for the client and its network', () => {
  const its = crowd({ perClient: { ...NONE, mails: 2 }, perNetwork: { ...NONE, recipients: 3 } });
  const [one, other] = [admitted(its.crowd.enter('192.0.2.1')), admitted(its.crowd.enter('192.0.2.2'))];
  expect([one.count('mails'), one.count('mails'), one.count('mails')]).toEqual([null, null, 'client']);
  expect(other.count('mails')).toBeNull();
  expect([one.count('recipients'), one.count('recipients'), other.count('recipients')]).toEqual([null, null, null]);
  expect(other.count('recipients')).toBe('network');
});

test('whoever is exempt is never too many', () => {
  const its = crowd({ perClient: { ...NONE, connections: 1, mails: 0 }, exempt: ['192.0.2.0/24'] });
  for (let begun = 0; begun < 5; begun += 1) expect(admitted(its.crowd.enter('192.0.2.1')).count('mails')).toBeNull();
});

test('the log hears once in a window of a client that is sent away', async () => {
  const its = crowd({ perClient: { ...NONE, connections: 0 }, window: 60_000 });
  expect(its.crowd.enter('192.0.2.1')).toMatchObject({ news: true });
  expect(its.crowd.enter('192.0.2.1')).toMatchObject({ news: false });
  await its.clock.advance(60_000);
  expect(its.crowd.enter('192.0.2.1')).toMatchObject({ news: true });
});

test('a session becomes that of another client: one place is free again, and another is taken', () => {
  const its = crowd({ perClient: { ...NONE, connections: 1 }, exempt: ['127.0.0.1'] });
  const visit = admitted(its.crowd.enter('127.0.0.1'));
  expect(visit.become('192.0.2.1')).toBeNull();
  expect(its.crowd.enter('192.0.2.1').kind).toBe('crowded');
  expect(visit.become('192.0.2.2')).toBeNull();
  admitted(its.crowd.enter('192.0.2.1'));
  expect(visit.become('192.0.2.1')).toMatchObject({ because: 'too many connections of 192.0.2.1' });
  // It had left the one before it was refused, and is of nobody now.
  admitted(its.crowd.enter('192.0.2.2'));
  visit.leave();
  expect(its.crowd.enter('192.0.2.1').kind).toBe('crowded');
});

test("a session that is over becomes nobody else's", () => {
  const its = crowd({ perClient: { ...NONE, connections: 1 } });
  const visit = admitted(its.crowd.enter('192.0.2.1'));
  visit.leave();
  expect(visit.become('192.0.2.2')).toBeNull();
  admitted(its.crowd.enter('192.0.2.2'));
});
