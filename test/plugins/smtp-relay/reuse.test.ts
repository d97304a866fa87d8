/** Sessions that are kept for the next mail: for whom, for how long, how many, and what a session costs that is gone. */
import { describe, expect, test } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';
import { until } from '../../support/until.ts';
import { MX, REMOTE, relaying, relayingTo, sinkFor } from './relaying.ts';
import { greet, type ScriptedSession, scriptedHop } from './scripted-hop.ts';

const DELIVERED = { 'bob@example.test': { kind: 'delivered' } };
const MINUTE = 60_000;
const GOOD = selfSigned('mx.test', 'other.test');

/** What was said, without parameters. */
const verbs = (commands: readonly string[]) => commands.map(line => line.split(/[ :]/)[0]);

describe('a session that ended its transaction well', () => {
  test('serves the next mail, and nothing is said between them', async () => {
    const { outcomes, sink } = await relayingTo();
    for (let count = 0; count < 3; count += 1) expect(await outcomes()).toMatchObject(DELIVERED);
    expect(sink.sessions).toBe(1);
    expect(verbs(sink.commands)).toEqual(['EHLO', ...Array(3).fill(['MAIL', 'RCPT', 'DATA'])].flat());
  });

  test.each([
    { faults: { content: '554 5.7.1 Spam' }, about: 'the content was refused' },
    { faults: { mail: '550 5.7.1 Not from you' }, about: 'MAIL was refused' },
  ] as const)('counts as such where $about', async ({ faults }) => {
    const { outcomes, sink } = await relayingTo({ extensions: [] });
    sink.fail(faults);
    await outcomes();
    sink.fail({});
    expect(await outcomes()).toMatchObject(DELIVERED);
    expect(sink.sessions).toBe(1);
    expect(verbs(sink.commands)).not.toContain('RSET');
  });

  test('is said goodbye to after five idle seconds', async () => {
    const { outcomes, sink, clock } = await relayingTo();
    await outcomes();
    await clock.advance(4999);
    expect(await outcomes()).toMatchObject(DELIVERED);
    await clock.advance(4999);
    expect(sink.commands).not.toContain('QUIT');
    await clock.advance(1);
    await until(() => expect(sink.commands.at(-1)).toBe('QUIT'));
    expect(clock.sleepers).toBe(0);
    expect(await outcomes()).toMatchObject(DELIVERED);
    expect(sink.sessions).toBe(2);
  });

  test('has so many transactions, and no more', async () => {
    const { outcomes, sink } = await relayingTo({}, { reuse: { transactions: 2 } });
    for (let count = 0; count < 3; count += 1) expect(await outcomes()).toMatchObject(DELIVERED);
    expect(sink.sessions).toBe(2);
  });

  test('MAILMAX: has no more than the next hop states (RFC 9422)', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['LIMITS RCPTMAX=10 MAILMAX=2'] });
    for (let count = 0; count < 3; count += 1) expect(await outcomes()).toMatchObject(DELIVERED);
    expect(sink.sessions).toBe(2);
  });

  test('grows so old, and no older', async () => {
    const { outcomes, sink, clock } = await relayingTo({}, { reuse: { age: '1 min', idle: '2 min' } });
    await outcomes();
    await clock.advance(MINUTE - 1);
    await outcomes();
    await clock.advance(1);
    await outcomes();
    expect(await outcomes()).toMatchObject(DELIVERED);
    expect(sink.sessions).toBe(2);
  });

  test('is closed at once where sessions are not kept', async () => {
    const { outcomes, sink, clock } = await relayingTo({}, { reuse: 'off' });
    await outcomes();
    await outcomes();
    expect(sink.sessions).toBe(2);
    expect(clock.sleepers).toBe(0);
    await until(() => expect(sink.commands.filter(line => line === 'QUIT')).toHaveLength(2));
  });

  test('ends with the plugin, as on a reload', async () => {
    const { outcomes, sink, close, clock } = await relayingTo();
    await outcomes();
    await close();
    await until(() => expect(sink.commands.at(-1)).toBe('QUIT'));
    expect(clock.sleepers).toBe(0);
  });
});

describe('a session whose transaction was left open', () => {
  test.each([
    { about: 'nobody was accepted', faults: { rcpt: '550 5.1.1 No such mailbox' } },
    { about: 'DATA was refused', faults: { data: '452 4.3.1 Full' } },
  ] as const)('begins the next one with RSET, where $about', async ({ faults }) => {
    for (const extensions of [[], ['PIPELINING']]) {
      const { outcomes, sink } = await relayingTo({ extensions });
      sink.fail(faults);
      await outcomes();
      sink.fail({});
      expect(await outcomes()).toMatchObject(DELIVERED);
      expect(await outcomes()).toMatchObject(DELIVERED);
      expect(sink.sessions).toBe(1);
      const [, ...second] = sink.commands.join('\n').split('\nRSET\n');
      expect(second.map(commands => verbs(commands.split('\n')))).toEqual([
        ['MAIL', 'RCPT', 'DATA', 'MAIL', 'RCPT', 'DATA'],
      ]);
    }
  });

  test('and that will not hear of RSET is left for a new one', async () => {
    const hop = await scripted([
      async session => {
        await greet(session);
        await answer(session, /MAIL .*\r\n$/, '250 OK');
        await answer(session, /RCPT .*\r\n$/, '550 5.1.1 No');
        await answer(session, /RSET\r\n$/, '502 What?');
        await session.closed;
        expect(session.received().match(/MAIL/g)).toHaveLength(1);
      },
      takeOne,
    ]);
    expect(await hop.outcomes()).toMatchObject({ 'bob@example.test': { kind: 'bounced' } });
    expect(await hop.outcomes()).toMatchObject(DELIVERED);
    await hop.over;
  });
});

describe('a kept session that is gone costs the next mail nothing', () => {
  test.each([
    { about: 'it was closed', end: (session: Scripted) => session.socket.end() },
    { about: 'it was reset', end: (session: Scripted) => session.socket.resetAndDestroy() },
    { about: '421', end: (session: Scripted) => session.say('421 4.4.2 Idle for too long\r\n') },
    { about: 'words that nobody has asked for', end: (session: Scripted) => session.say('250 OK\r\n') },
  ])('$about, while nothing was asked', async ({ end }) => {
    const ended = Promise.withResolvers<void>();
    const hop = await scripted([
      async session => {
        await takeOne(session);
        end(session);
        await session.closed;
        ended.resolve();
      },
      takeOne,
    ]);
    await hop.outcomes();
    await ended.promise;
    expect(await hop.outcomes()).toMatchObject(DELIVERED);
    expect(hop.log.of('skipped')).toEqual([]);
    expect(hop.network.attempts).toHaveLength(2);
    await hop.over;
  });

  test.each([
    { about: 'closed', end: (session: Scripted) => session.socket.end() },
    { about: 'reset', end: (session: Scripted) => session.socket.resetAndDestroy() },
    { about: '421', end: (session: Scripted) => session.say('421 4.4.2 Idle for too long\r\n') },
  ])('$about, when MAIL was asked: a new one is opened to the same address', async ({ end }) => {
    const hop = await scripted([
      async session => {
        await takeOne(session);
        await session.hear(/MAIL [^\r]*\r\n[^]*MAIL [^\r]*\r\n$/);
        end(session);
        await session.closed;
      },
      takeOne,
    ]);
    await hop.outcomes();
    expect(await hop.outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered', remote: REMOTE } });
    expect(hop.network.attempts).toEqual(['192.0.2.1:25', '192.0.2.1:25']);
    await hop.over;
  });

  test('all the others are not tried first: they may be gone too', async () => {
    const gone = async (session: Scripted) => {
      await takeOne(session);
      await session.hear(/MAIL [^\r]*\r\n[^]*MAIL [^\r]*\r\n$/);
      session.socket.end();
      await session.closed;
    };
    const kept = Promise.withResolvers<void>();
    const idle = async (session: Scripted) => {
      await takeOne(session);
      await session.closed;
      expect(session.received().match(/MAIL/g)).toHaveLength(1);
      kept.resolve();
    };
    const hop = await scripted([idle, gone, takeOne]);
    // The one that was opened last is taken first.
    const first = hop.outcomes();
    const second = hop.outcomes();
    await first;
    await second;
    await hop.outcomes();
    expect(hop.network.attempts).toHaveLength(3);
    await hop.close();
    await kept.promise;
  });

  test('one that is lost after MAIL was answered is a failure like any other', async () => {
    const hop = await scripted([
      async session => {
        await takeOne(session);
        await session.hear(/MAIL [^\r]*\r\n[^]*MAIL [^\r]*\r\n$/);
        session.say('250 OK\r\n');
        await session.hear(/RCPT [^\r]*\r\n[^]*RCPT [^\r]*\r\n$/);
        session.socket.end();
        await session.closed;
      },
    ]);
    await hop.outcomes();
    expect(await hop.outcomes()).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { status: '4.4.2' } },
    });
    expect(hop.network.attempts).toHaveLength(1);
  });

  test('a new session that is lost at MAIL is a failure too: nobody is tried for ever', async () => {
    const { outcomes, network } = await relayingTo({ faults: { mail: 'drop' } });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'deferred', reply: { status: '4.4.2' } } });
    expect(network.attempts).toHaveLength(1);
  });
});

describe('a session serves only what asks for the same', () => {
  test('stripping attack: one without TLS never serves a mail that requires it', async () => {
    const sink = await sinkFor({ extensions: ['REQUIRETLS', '8BITMIME'] });
    const { outcomes } = await relaying({}, { hosts: { '192.0.2.1:25': sink.port } });
    expect(await outcomes({ hosts: [MX] })).toMatchObject(DELIVERED);
    const required = await outcomes({ hosts: [MX], parameters: { requireTls: true } });
    expect(required).toMatchObject({ 'bob@example.test': { kind: 'bounced', reply: { status: '5.7.10' } } });
    expect(sink.mails).toHaveLength(1);
    expect(sink.sessions).toBe(2);
  });

  test('REQUIRETLS has sessions of its own, and keeps them', async () => {
    const sink = await sinkFor({ tls: GOOD, extensions: ['REQUIRETLS', '8BITMIME'] });
    const settings = { hosts: { '192.0.2.1:25': sink.port }, files: { 'ca.pem': GOOD.cert } };
    const { outcomes } = await relaying({ authorities: 'ca.pem' }, settings);
    const required = { hosts: [MX], parameters: { requireTls: true } };
    for (const delivery of [{ hosts: [MX] }, required, required, { hosts: [MX] }]) {
      expect(await outcomes(delivery)).toMatchObject(DELIVERED);
    }
    expect(sink.sessions).toBe(2);
    expect(sink.mails.map(({ parameters }) => parameters.includes('REQUIRETLS'))).toEqual([false, true, true, false]);
  });

  test('TLS-Required: No: the session that was opened for it serves no other mail', async () => {
    const sink = await sinkFor({ tls: GOOD });
    const settings = { hosts: { '192.0.2.1:25': sink.port }, files: { 'ca.pem': GOOD.cert } };
    const { outcomes } = await relaying({ tls: 'verified', authorities: 'ca.pem' }, settings);
    await outcomes({ hosts: [MX], content: 'TLS-Required: No\nSubject: x\n\nx\n' });
    await outcomes({ hosts: [MX] });
    expect(sink.sessions).toBe(2);
  });

  test('a certificate for one name says nothing of another one at the same address', async () => {
    const sink = await sinkFor({ tls: GOOD });
    const settings = { hosts: { '192.0.2.1:25': sink.port }, files: { 'ca.pem': GOOD.cert } };
    const { outcomes } = await relaying({ tls: 'verified', authorities: 'ca.pem' }, settings);
    for (const name of ['mx.test', 'other.test', 'mx.test']) {
      expect(await outcomes({ hosts: [{ ...MX, name }] })).toMatchObject(DELIVERED);
    }
    expect(sink.sessions).toBe(2);
  });

  test('another port is another next hop', async () => {
    const [one, other] = [await sinkFor(), await sinkFor()];
    const { outcomes } = await relaying({}, { hosts: { '192.0.2.1:25': one.port, '192.0.2.1:26': other.port } });
    for (const port of [25, 26, 25]) await outcomes({ hosts: [{ ...MX, port }] });
    expect([one.mails.length, other.mails.length]).toEqual([2, 1]);
  });
});

describe('connections to one address', () => {
  test('are no more than the limit, and whoever waits gets the session that comes free', async () => {
    const { outcomes, sink } = await relayingTo({}, { connections: 2 });
    const all = await Promise.all(Array.from({ length: 10 }, () => outcomes()));
    expect(all.every(found => found['bob@example.test']?.kind === 'delivered')).toBe(true);
    expect(sink.sessions).toBe(2);
    expect(sink.mails).toHaveLength(10);
  });

  test('are no more than the limit where sessions are not kept', async () => {
    const open = { now: 0, most: 0 };
    const hop = await scripted(
      Array.from({ length: 6 }, () => async (session: Scripted) => {
        open.now += 1;
        open.most = Math.max(open.most, open.now);
        await takeOne(session);
        await session.hear('QUIT\r\n');
        open.now -= 1;
        session.socket.end();
      }),
      { reuse: 'off', connections: 2 },
    );
    await Promise.all(Array.from({ length: 6 }, () => hop.outcomes()));
    await hop.over;
    expect(open.most).toBe(2);
  });

  test('make room for another mail: one that is idle and cannot serve it is closed', async () => {
    const sink = await sinkFor({ tls: GOOD });
    const settings = { hosts: { '192.0.2.1:25': sink.port }, files: { 'ca.pem': GOOD.cert } };
    const { outcomes } = await relaying({ tls: 'verified', authorities: 'ca.pem', connections: 1 }, settings);
    for (const name of ['mx.test', 'other.test', 'mx.test']) {
      expect(await outcomes({ hosts: [{ ...MX, name }] })).toMatchObject(DELIVERED);
    }
    expect(sink.sessions).toBe(3);
  });

  test('waiting for one ends with the attempt, and concerns the destination', async () => {
    const { outcomes, sink } = await relayingTo({ faults: { content: 'silent' } }, { connections: 1 });
    const holder = new AbortController();
    const held = outcomes({ signal: holder.signal });
    await until(() => expect(sink.commands.at(-1)).toBe('DATA'));
    const waiter = new AbortController();
    const waiting = outcomes({ signal: waiter.signal });
    await new Promise(resolve => setImmediate(resolve));
    waiter.abort(new Error('too late'));
    expect(await waiting).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { status: '4.4.1' }, concerns: 'destination' },
    });
    holder.abort(new Error('too late'));
    await held;
    sink.fail({});
    expect(await outcomes()).toMatchObject(DELIVERED);
    expect(sink.sessions).toBe(2);
  });

  test('that fail make room for those who wait', async () => {
    const { outcomes, network } = await relayingTo({ faults: { connect: 'drop' } }, { connections: 1 });
    const all = await Promise.all([outcomes(), outcomes(), outcomes()]);
    expect(all.map(found => found['bob@example.test']?.kind)).toEqual(['deferred', 'deferred', 'deferred']);
    expect(network.attempts).toHaveLength(3);
  });
});

test.each([
  { options: { reuse: 'on' }, want: /reuse/ },
  { options: { reuse: { idle: 5 } }, want: /reuse/ },
  { options: { reuse: { transactions: 0 } }, want: /reuse/ },
  { options: { connections: 0 }, want: /connections/ },
])('$options is refused', async ({ options, want }) => {
  await expect(relaying(options, {})).rejects.toThrow(want);
});

interface Scripted extends ScriptedSession {
  readonly closed: Promise<unknown>;
}

/** The relay to a next hop whose sessions follow one script each, in the order in which they begin. */
async function scripted(scripts: readonly ((session: Scripted) => Promise<void>)[], options: object = {}) {
  const rest = scripts.values();
  const played: Promise<void>[] = [];
  const hop = await scriptedHop(session => {
    const script = rest.next().value;
    if (script === undefined) throw new Error('one session too many');
    const closed = new Promise(resolve => session.socket.once('close', resolve));
    const playing = script({ ...session, closed });
    played.push(playing);
    return playing;
  });
  const relay = await relaying(options, { hosts: { '192.0.2.1:25': hop.port } });
  const outcomes = () => relay.outcomes({ hosts: [MX] });
  return {
    ...relay,
    outcomes,
    get over() {
      return Promise.all(played);
    },
  };
}

async function answer(session: ScriptedSession, command: RegExp, reply: string): Promise<void> {
  await session.hear(command);
  session.say(`${reply}\r\n`);
}

/** Takes one mail, and leaves the session open. */
async function takeOne(session: ScriptedSession): Promise<void> {
  await greet(session);
  await answer(session, /MAIL .*\r\n$/, '250 OK');
  await answer(session, /RCPT .*\r\n$/, '250 OK');
  await answer(session, /DATA\r\n$/, '354 Go on');
  await answer(session, /\r\n\.\r\n$/, '250 OK');
}
