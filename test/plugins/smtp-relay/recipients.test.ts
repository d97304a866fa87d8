/** More recipients than a transaction may have: who goes in which, and what each gets out of it. */
import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { inPieces, MX, relaying, relayingTo, sinkFor } from './relaying.ts';
import { greet, type ScriptedSession, scriptedHop } from './scripted-hop.ts';

const many = (count: number, domain: (at: number) => string = () => 'example.test') =>
  Array.from({ length: count }, (_, at) => `u${at}@${domain(at)}`);
const sizes = (mails: readonly { readonly recipients: readonly unknown[] }[]) =>
  mails.map(({ recipients }) => recipients.length);
const kinds = (outcomes: object) => [...new Set(Object.values(outcomes).map(({ kind }: { kind: string }) => kind))];

describe.each([
  { about: 'pipelined', extensions: ['PIPELINING'] },
  { about: 'step by step', extensions: [] },
])('$about:', ({ extensions }) => {
  test('a hundred go in one transaction, and the others in the next ones over the same session', async () => {
    const { outcomes, sink } = await relayingTo({ extensions });
    const all = await outcomes({ to: many(250) });
    expect(Object.keys(all)).toHaveLength(250);
    expect(kinds(all)).toEqual(['delivered']);
    expect(sizes(sink.mails)).toEqual([100, 100, 50]);
    expect(sink.mails.flatMap(({ recipients }) => recipients.map(({ path }) => path))).toEqual(
      many(250).map(address => `<${address}>`),
    );
    expect(sink.sessions).toBe(1);
  });

  test.each(['452 4.5.3 Too many recipients', '452 Too many', '552 Too many', '552 5.5.3 Too many'])(
    '%s, after some were accepted: the others follow at once',
    async tooMany => {
      const transactions: string[][] = [];
      const hop = await conversing(extensions, line => {
        if (line.startsWith('MAIL')) transactions.push([]);
        if (!line.startsWith('RCPT')) return null;
        const accepted = transactions.at(-1) ?? [];
        if (accepted.length === 2) return tooMany;
        accepted.push(line.slice('RCPT TO:'.length));
        return null;
      });
      expect(kinds(await hop.outcomes({ to: many(5) }))).toEqual(['delivered']);
      expect(transactions).toEqual([
        ['<u0@example.test>', '<u1@example.test>'],
        ['<u2@example.test>', '<u3@example.test>'],
        ['<u4@example.test>'],
      ]);
      expect(hop.network.attempts).toHaveLength(1);
    },
  );

  test('a next hop that takes few is not asked for more again and again', async () => {
    const { outcomes, sink } = await relayingTo({ extensions, recipients: 3 });
    expect(kinds(await outcomes({ to: many(8) }))).toEqual(['delivered']);
    expect(sizes(sink.mails)).toEqual([3, 3, 2]);
    // Eight, and the five that were too many the first time.
    expect(sink.commands.filter(line => line.startsWith('RCPT'))).toHaveLength(13);
  });

  test('452 for the first one is no want of room: it is tried again later', async () => {
    const rcpt = '452 4.5.3 Too many recipients';
    const { outcomes, sink } = await relayingTo({ extensions, faults: { rcpt } });
    expect(await outcomes({ to: many(2) })).toMatchObject({
      'u0@example.test': { kind: 'deferred', reply: { code: 452, status: '4.5.3' } },
      'u1@example.test': { kind: 'deferred', reply: { code: 452, status: '4.5.3' } },
    });
    expect(sink.commands.filter(line => line.startsWith('MAIL'))).toHaveLength(1);
  });

  test('one that is full for itself, in words that mean want of room, holds up nobody', async () => {
    const { outcomes, sink } = await relayingTo({ extensions, faults: { rcpt: { 'u1@example.test': '452 Full' } } });
    const all = await outcomes({ to: many(4) });
    expect(all['u1@example.test']).toMatchObject({ kind: 'deferred', diagnostic: '452 Full' });
    expect(kinds(Object.fromEntries(Object.entries(all).filter(([key]) => key !== 'u1@example.test')))).toEqual([
      'delivered',
    ]);
    expect(sink.mails.flatMap(({ recipients }) => recipients)).toHaveLength(3);
  });
});

test('so many go in one transaction as the configuration says', async () => {
  const { outcomes, sink } = await relayingTo({}, { recipients: 2 });
  await outcomes({ to: many(5) });
  expect(sizes(sink.mails)).toEqual([2, 2, 1]);
});

describe('LIMITS (RFC 9422)', () => {
  test('RCPTMAX: no more in a transaction than stated', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['PIPELINING', 'LIMITS RCPTMAX=3'] });
    await outcomes({ to: many(7) });
    expect(sizes(sink.mails)).toEqual([3, 3, 1]);
  });

  test('RCPTDOMAINMAX: no more domains in a transaction than stated', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['LIMITS RCPTDOMAINMAX=2'] });
    await outcomes({ to: many(6, at => `d${at >> 1}.test`) });
    expect(sizes(sink.mails)).toEqual([4, 2]);
  });

  test('MAILMAX: the others go over a session of their own', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['LIMITS MAILMAX=2 RCPTMAX=1'] });
    expect(kinds(await outcomes({ to: many(5) }))).toEqual(['delivered']);
    expect(sink.mails).toHaveLength(5);
    expect(sink.sessions).toBe(3);
  });

  test.each(['LIMITS', 'LIMITS RCPTMAX=0', 'LIMITS RCPTMAX=1000000', 'LIMITS RCPTMAX=x OTHER=1', 'LIMITS RCPTMAX'])(
    '%s states nothing',
    async extension => {
      const { outcomes, sink } = await relayingTo({ extensions: [extension] });
      await outcomes({ to: many(3) });
      expect(sizes(sink.mails)).toEqual([3]);
    },
  );
});

describe('between two transactions', () => {
  test('the end of the attempt: who was delivered is reported so, and not delivered again', async () => {
    const { outcomes, sink } = await relayingTo({}, { recipients: 2 });
    const attempt = new AbortController();
    sink.fail({ rcpt: { 'u2@example.test': 'silent' } });
    const running = outcomes({ to: many(4), signal: attempt.signal });
    await until(() => expect(sink.commands.join('\n')).toContain('u2@'));
    attempt.abort(new Error('too late'));
    expect(await running).toMatchObject({
      'u0@example.test': { kind: 'delivered' },
      'u1@example.test': { kind: 'delivered' },
      'u2@example.test': { kind: 'deferred', reply: { text: 'Connection lost: the attempt was ended' } },
      'u3@example.test': { kind: 'deferred' },
    });
  });

  test('content that cannot be read any more: who was delivered is reported so, and the others are tried again', async () => {
    const { outcomes, sink, log } = await relayingTo({}, { recipients: 2 });
    const good = inPieces([]);
    let passes = 0;
    const content = {
      ...good,
      stream() {
        passes += 1;
        if (passes > 1) throw Object.assign(new Error('EIO: the spool file is broken'), { code: 'EIO' });
        return good.stream();
      },
    };
    expect(await outcomes({ to: many(4), content })).toMatchObject({
      'u0@example.test': { kind: 'delivered' },
      'u1@example.test': { kind: 'delivered' },
      'u2@example.test': { kind: 'deferred', concerns: 'recipient' },
      'u3@example.test': { kind: 'deferred', concerns: 'recipient' },
    });
    expect(sink.mails).toHaveLength(1);
    expect(log.of('failed')).toHaveLength(1);
  });

  test('the end of the attempt, before MAIL is answered: it was the attempt that ended, and no session is opened', async () => {
    const { outcomes, sink, network } = await relayingTo();
    await outcomes();
    sink.fail({ mail: 'silent' });
    const attempt = new AbortController();
    const running = outcomes({ signal: attempt.signal });
    await until(() => expect(sink.commands.filter(line => line.startsWith('MAIL'))).toHaveLength(2));
    attempt.abort(new Error('too late'));
    expect(await running).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { text: 'Connection lost: the attempt was ended' } },
    });
    expect(network.attempts).toHaveLength(1);
  });

  test('the end of the session: the others go over a new one to the same address', async () => {
    const sessions: string[] = [];
    let mails = 0;
    const hop = await conversing([], (line, session) => {
      if (line.startsWith('RCPT')) sessions.push(`${hop.network.attempts.length} ${line}`);
      if (line.startsWith('MAIL')) mails += 1;
      if (line.startsWith('MAIL') && mails === 2) session.socket.end();
      return line.startsWith('MAIL') && mails === 2 ? '' : null;
    });
    expect(kinds(await hop.outcomes({ to: many(150) }))).toEqual(['delivered']);
    expect(sessions).toEqual(many(150).map((address, at) => `${at < 100 ? 1 : 2} RCPT TO:<${address}>`));
  });

  test('a refusal of the content holds for those who were in that transaction', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: [], recipients: 2 }, {});
    sink.fail({ content: '554 5.7.1 Spam' });
    expect(kinds(await outcomes({ to: many(4) }))).toEqual(['bounced']);
    expect(sink.commands.filter(line => line === 'DATA')).toHaveLength(2);
  });

  test('another host does not get those who were answered', async () => {
    const first = await sinkFor({ faults: { rcpt: { 'u2@example.test': 'drop' } } });
    const second = await sinkFor();
    const hosts = { '192.0.2.1:25': first.port, '192.0.2.2:25': second.port };
    const { outcomes } = await relaying({ recipients: 2 }, { hosts });
    const route = [{ ...MX, addresses: ['192.0.2.1', '192.0.2.2'] }];
    expect(await outcomes({ to: many(4), hosts: route })).toMatchObject({
      'u0@example.test': { kind: 'delivered', remote: 'mx.test[192.0.2.1]:25' },
      'u2@example.test': { kind: 'deferred', reply: { status: '4.4.2' } },
    });
    expect(second.mails).toEqual([]);
  });
});

/**
 * The relay to a next hop that agrees to everything, but where `replyTo` says something else: `''` is nothing at all. It is
 * not asked about content.
 */
async function conversing(
  extensions: readonly string[],
  replyTo: (line: string, session: ScriptedSession) => string | null,
) {
  const hop = await scriptedHop(async session => {
    await greet(session, extensions);
    let at = session.received().length;
    for (let isContent = false; ; ) {
      const end = session.received().indexOf(isContent ? '\r\n.\r\n' : '\r\n', at);
      if (end === -1) {
        await session.more();
        continue;
      }
      const line = session.received().slice(at, end);
      at = end + (isContent ? 5 : 2);
      const reply: string = (isContent ? null : replyTo(line, session)) ?? (line === 'DATA' ? '354 Go on' : '250 OK');
      isContent = reply.startsWith('354');
      if (reply !== '') session.say(`${reply}\r\n`);
    }
  });
  const relay = await relaying({}, { hosts: { '192.0.2.1:25': hop.port } });
  type Delivery = NonNullable<Parameters<typeof relay.outcomes>[0]>;
  return { ...relay, outcomes: (delivery: Delivery) => relay.outcomes({ hosts: [MX], ...delivery }) };
}
