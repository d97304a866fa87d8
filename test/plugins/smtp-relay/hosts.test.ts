/** Host after host: which failures lead to the next one, and what is left when there is none. */
import { describe, expect, test } from 'vitest';
import { relaying, sinkFor } from './relaying.ts';

const hostAt = (name: string, ...addresses: readonly string[]) => ({ name, port: 25, addresses, preference: 0 });
const FIRST = hostAt('first.test', '192.0.2.1');
const SECOND = hostAt('second.test', '192.0.2.2');

describe('the next host is tried', () => {
  test.each(['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'])('after %s', async errno => {
    const sink = await sinkFor();
    const { outcomes, network, log } = await relaying(
      {},
      { hosts: { '192.0.2.1:25': errno, '192.0.2.2:25': sink.port } },
    );
    expect(await outcomes({ hosts: [FIRST, SECOND] })).toMatchObject({
      'bob@example.test': { kind: 'delivered', remote: 'second.test[192.0.2.2]:25' },
    });
    expect(network.attempts).toEqual(['192.0.2.1:25', '192.0.2.2:25']);
    expect(log.of('skipped')[0]?.fields).toMatchObject({ remote: 'first.test[192.0.2.1]:25' });
  });

  test.each([
    { connect: '421 4.3.2 Too busy' },
    { connect: '450 4.3.2 Later' },
    { connect: '554 5.3.2 No mail here' },
    { connect: 'drop' },
    { ehlo: '421 4.3.2 Closing' },
    { ehlo: 'drop' },
    { mail: '421 4.3.2 Closing' },
    { mail: 'drop' },
    { rcpt: '421 4.3.2 Closing' },
    { data: '421 4.3.2 Closing' },
    { data: 'drop' },
    { content: '421 4.3.2 Closing' },
  ] as const)('after %o', async faults => {
    const first = await sinkFor({ faults });
    const second = await sinkFor();
    const { outcomes } = await relaying({}, { hosts: { '192.0.2.1:25': first.port, '192.0.2.2:25': second.port } });
    expect(await outcomes({ hosts: [FIRST, SECOND] })).toMatchObject({
      'bob@example.test': { kind: 'delivered', remote: 'second.test[192.0.2.2]:25' },
    });
    expect(second.mails).toHaveLength(1);
  });

  test('and so is the next address of one host', async () => {
    const sink = await sinkFor();
    const { outcomes, network } = await relaying({}, { hosts: { '[2001:db8::1]:25': 'x', '192.0.2.2:25': sink.port } });
    const hosts = [hostAt('mx.test', '2001:db8::1', '192.0.2.2')];
    expect(await outcomes({ hosts })).toMatchObject({ 'bob@example.test': { remote: 'mx.test[192.0.2.2]:25' } });
    expect(network.attempts).toEqual(['2001:db8::1:25', '192.0.2.2:25']);
  });
});

describe('the next host is not tried', () => {
  test.each([
    { mail: '451 4.7.1 Greylisted' },
    { rcpt: '450 4.2.1 Not now' },
    { rcpt: '550 5.1.1 No such mailbox' },
    { content: '451 4.3.0 Busy' },
    { content: 'drop' },
  ] as const)('after %o', async faults => {
    const first = await sinkFor({ faults });
    const { outcomes, network } = await relaying({}, { hosts: { '192.0.2.1:25': first.port } });
    await outcomes({ hosts: [FIRST, SECOND] });
    expect(network.attempts).toEqual(['192.0.2.1:25']);
  });
});

describe('where no host is left', () => {
  test.each([
    { about: 'one cannot be reached', faults: [null], want: { kind: 'deferred', reply: { status: '4.4.1' } } },
    {
      about: 'one refuses everybody for now',
      faults: [{ connect: '450 4.3.2 Later' }],
      want: { kind: 'deferred', reply: { code: 450, status: '4.3.2' }, diagnostic: '450 4.3.2 Later' },
    },
    {
      about: 'one refuses everybody for good',
      faults: [{ connect: '554 5.7.1 Not you' }],
      want: { kind: 'bounced', reply: { code: 554, status: '5.7.1' }, diagnostic: '554 5.7.1 Not you' },
    },
    {
      about: 'one refuses for good and the other one may come back',
      faults: [null, { connect: '554 5.7.1 Not you' }],
      want: { kind: 'deferred', reply: { status: '4.4.1' } },
    },
    {
      about: 'one may come back and the other one refuses for good',
      faults: [{ connect: '554 5.7.1 Not you' }, null],
      want: { kind: 'deferred', reply: { status: '4.4.1' } },
    },
    {
      about: 'one hangs up before it greets',
      faults: [{ connect: 'drop' }],
      want: { kind: 'deferred', reply: { status: '4.4.2' } },
    },
  ] as const)('$about', async ({ faults, want }) => {
    const ports = await Promise.all(
      faults.map(async fault => (fault === null ? 'ECONNREFUSED' : (await sinkFor({ faults: fault })).port)),
    );
    const hosts = Object.fromEntries(ports.map((port, at) => [`192.0.2.${at + 1}:25`, port]));
    const { outcomes } = await relaying({}, { hosts });
    const route = faults.map((_, at) => hostAt(`h${at}.test`, `192.0.2.${at + 1}`));
    expect(await outcomes({ hosts: route })).toMatchObject({ 'bob@example.test': want });
  });
});

describe('a host without addresses', () => {
  test('is looked up', async () => {
    const sink = await sinkFor();
    const dns = { 'smarthost.test': { A: ['192.0.2.1'] } };
    const { outcomes } = await relaying({}, { dns, hosts: { '192.0.2.1:2525': sink.port } });
    expect(await outcomes({ hosts: ['smarthost.test:2525'] })).toMatchObject({
      'bob@example.test': { kind: 'delivered', remote: 'smarthost.test[192.0.2.1]:2525' },
    });
  });

  test('needs no look-up where its name is an address', async () => {
    const sink = await sinkFor();
    const { outcomes, resolver } = await relaying({}, { hosts: { '192.0.2.1:25': sink.port } });
    const host = { name: '192.0.2.1', port: 25, addresses: [], preference: 0 };
    expect(await outcomes({ hosts: [host] })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(resolver.queries).toEqual([]);
  });

  test.each([
    { about: 'does not exist', dns: {} },
    { about: 'cannot be asked about', dns: { 'smarthost.test': 'unavailable' } },
  ] as const)('that $about defers: nobody gets mail back for a mistake in the configuration', async ({ dns }) => {
    const { outcomes } = await relaying({}, { dns });
    expect(await outcomes({ hosts: ['smarthost.test'] })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { status: '4.4.3' } },
    });
  });
});

test('a route without hosts defers', async () => {
  const { outcomes } = await relaying({}, {});
  expect(await outcomes({ hosts: [] })).toMatchObject({
    'bob@example.test': { kind: 'deferred', reply: { status: '4.4.1' } },
  });
});
