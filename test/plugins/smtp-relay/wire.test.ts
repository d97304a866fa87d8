/** The octets between us and a next hop: what leaves, in which pieces, and what a next hop must not do to us. */

import { describe, expect, test } from 'vitest';
import type { Content } from '../../../core/index.ts';
import { contentOf } from '../../../core/index.ts';
import * as fc from '../../support/fast-check.ts';
import { inPieces, LINES, MX, relaying, relayingTo, sinkFor } from './relaying.ts';
import { greet, type ScriptedSession, scriptedHop } from './scripted-hop.ts';

const TWO = ['bob@example.test', 'carl@example.test'];

/** The relay to a next hop that follows a script. */
async function scripted(script: (session: ScriptedSession) => Promise<void>) {
  const hop = await scriptedHop(script);
  const relay = await relaying({}, { hosts: { '192.0.2.1:25': hop.port } });
  type Delivery = NonNullable<Parameters<typeof relay.outcomes>[0]>;
  return { ...relay, hop, outcomes: (delivery: Delivery = {}) => relay.outcomes({ hosts: [MX], ...delivery }) };
}

/** Answers MAIL and one RCPT with 250. */
async function takeEnvelope(session: ScriptedSession): Promise<void> {
  for (const end of [/MAIL .*\r\n$/, /RCPT .*\r\n$/]) {
    await session.hear(end);
    session.say('250 OK\r\n');
  }
}

describe('content', () => {
  const line = fc
    .array(fc.constantFrom('.', 'From', ' ', 'x', '\x7f', 'ü', '\t', 'a.b', '..'), { maxLength: 6 })
    .map(parts => parts.join(''));

  test('with CRLF line ends arrives as the same octets, however it is cut into pieces', async () => {
    const { outcomes, sink } = await relayingTo();
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (lines, cut) => {
          const octets = Buffer.from(lines.map(one => `${one}\r\n`).join(''));
          const pieces = Array.from({ length: Math.ceil(octets.length / cut) }, (_, at) =>
            octets.subarray(at * cut, (at + 1) * cut),
          );
          for (const content of [contentOf(octets), inPieces(pieces)]) {
            expect(await outcomes({ content })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
            const sent = 'counted' in content ? Buffer.concat([LINES, octets]) : octets;
            expect(sink.mails.at(-1)?.content.equals(sent)).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('is delivered by nothing but a 2yz after the final dot: a 354 there defers', async () => {
    const { outcomes, hop } = await scripted(async session => {
      await greet(session);
      await takeEnvelope(session);
      await session.hear('DATA\r\n');
      session.say('354 Go on\r\n');
      await session.hear('\r\n.\r\n');
      session.say('354 Go on\r\n');
    });
    expect(await outcomes({ content: contentOf('Subject: x\r\n\r\nx\r\n') })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { code: 451 } },
    });
    await hop.over;
  });

  test('is not sent where DATA is answered by anything but 3yz', async () => {
    const { outcomes, hop } = await scripted(async session => {
      await greet(session);
      for (const end of [/MAIL .*\r\n$/, /RCPT .*\r\n$/, 'DATA\r\n']) {
        await session.hear(end);
        session.say('250 OK\r\n');
      }
      await session.hear(/QUIT\r\n$/);
      expect(session.received()).not.toContain('Subject');
      session.say('221 Bye\r\n');
    });
    expect(await outcomes({ content: contentOf('Subject: x\r\n\r\nx\r\n') })).toMatchObject({
      'bob@example.test': { kind: 'deferred' },
    });
    await hop.over;
  });

  test('without a line end at its end gets one', async () => {
    const { outcomes, sink } = await relayingTo();
    await outcomes({ content: contentOf('Subject: x\r\n\r\nlast') });
    expect(sink.mails[0]?.content.toString()).toBe('Subject: x\r\n\r\nlast\r\n');
  });

  test('that is large is never held in memory: it is read as fast as the next hop takes it', async () => {
    const many = 500;
    const content = inPieces(Array.from({ length: many - 1 }, () => LINES));
    let whileItSlept = Number.POSITIVE_INFINITY;
    const { outcomes, hop } = await scripted(async session => {
      await greet(session, ['8BITMIME']);
      await takeEnvelope(session);
      await session.hear('DATA\r\n');
      session.socket.pause();
      session.say('354 Go on\r\n');
      // The buffers of the system fill up; then no more pieces are asked for.
      for (let still = 0, before = 0; still < 500; await new Promise(resolve => setImmediate(resolve))) {
        still = content.counted() === before && before > 0 ? still + 1 : 0;
        before = content.counted();
      }
      whileItSlept = content.counted();
      session.socket.resume();
      await session.swallow('\r\n.\r\n');
      session.say('250 OK\r\n');
    });
    expect(await outcomes({ content })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    await hop.over;
    expect(whileItSlept).toBeLessThan(many / 2);
    expect(content.counted()).toBe(many);
  });

  test('that cannot be read to its end never arrives as a whole mail', async () => {
    const { outcomes, sink } = await relayingTo();
    const broken: Content = {
      size: 200_000,
      bytes: () => Promise.reject(new Error('not asked for')),
      async *stream() {
        yield Buffer.from('Subject: x\r\n\r\nhalf of it\r\n');
        throw Object.assign(new Error('EIO: the spool file is broken'), { code: 'EIO' });
      },
    };
    await expect(outcomes({ content: broken })).rejects.toThrow('the spool file is broken');
    expect(sink.mails).toEqual([]);
  });
});

describe('commands', () => {
  test('leave in one segment where PIPELINING is offered', async () => {
    const { outcomes, hop } = await scripted(async session => {
      await greet(session, ['PIPELINING']);
      await session.hear('DATA\r\n');
      expect(session.segments.at(-1)).toBe(
        'MAIL FROM:<ann@example.test>\r\nRCPT TO:<bob@example.test>\r\nRCPT TO:<carl@example.test>\r\nDATA\r\n',
      );
      session.say('250 OK\r\n250 OK\r\n250 OK\r\n354 Go on\r\n');
      await session.hear('\r\n.\r\n');
      session.say('250 OK\r\n');
    });
    expect(await outcomes({ to: TWO })).toMatchObject({ 'carl@example.test': { kind: 'delivered' } });
    await hop.over;
  });

  test('wait for each other where it is not', async () => {
    const { outcomes, hop } = await scripted(async session => {
      await greet(session);
      for (const [command, reply] of [
        ['MAIL FROM:<ann@example.test>\r\n', '250 OK\r\n'],
        ['RCPT TO:<bob@example.test>\r\n', '250 OK\r\n'],
        ['RCPT TO:<carl@example.test>\r\n', '250 OK\r\n'],
        ['DATA\r\n', '354 Go on\r\n'],
      ] as const) {
        await session.hear(command);
        expect(session.segments.at(-1)).toBe(command);
        session.say(reply);
      }
      await session.hear('\r\n.\r\n');
      session.say('250 OK\r\n');
    });
    expect(await outcomes({ to: TWO })).toMatchObject({ 'carl@example.test': { kind: 'delivered' } });
    await hop.over;
  });

  test('never hold a line end of somebody else: a command for each line of an address would be an attack', async () => {
    const { outcomes, sink } = await relayingTo();
    const to = { forwardPath: { localPart: 'x>\r\nRCPT TO:<evil', domain: 'example.test' } };
    const recipient = { ...to, original: to.forwardPath, via: [], dsn: { notify: null, originalRecipient: null } };
    await expect(outcomes({ to: recipient })).rejects.toThrow(RangeError);
    expect(sink.commands.join('\n')).not.toContain('evil');
  });
});

describe('a next hop that', () => {
  test('says 354 although it accepted nobody gets no content', async () => {
    const { outcomes, hop } = await scripted(async session => {
      await greet(session, ['PIPELINING']);
      await session.hear('DATA\r\n');
      session.say('250 OK\r\n550 5.1.1 No\r\n550 5.1.1 No\r\n354 Go on\r\n');
      await new Promise(resolve => session.socket.once('close', resolve));
      expect(session.received().endsWith('DATA\r\n')).toBe(true);
    });
    expect(await outcomes({ to: TWO })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { status: '5.1.1' } },
      'carl@example.test': { kind: 'bounced', reply: { status: '5.1.1' } },
    });
    await hop.over;
  });

  test('replies before the end of the content is believed, and gets no more of it', async () => {
    const content = inPieces(Array.from({ length: 1024 }, () => LINES));
    const { outcomes, hop } = await scripted(async session => {
      await greet(session, ['PIPELINING', '8BITMIME']);
      await session.hear('DATA\r\n');
      session.say('250 OK\r\n250 OK\r\n354 Go on\r\n');
      await session.hear(/xx/);
      session.say('552 5.3.4 Too much\r\n');
      await new Promise(resolve => session.socket.once('close', resolve));
      expect(session.received()).not.toContain('\r\n.\r\n');
    });
    expect(await outcomes({ content })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 552 } },
    });
    await hop.over;
  });

  test('takes the mail before its end has taken nothing: 250 there delivers to nobody', async () => {
    const content = inPieces(Array.from({ length: 1024 }, () => LINES));
    const { outcomes, hop } = await scripted(async session => {
      await greet(session, ['PIPELINING', '8BITMIME']);
      await session.hear('DATA\r\n');
      session.say('250 OK\r\n250 OK\r\n354 Go on\r\n');
      await session.hear(/xx/);
      session.say('250 2.0.0 Taken\r\n');
      await new Promise(resolve => session.socket.once('close', resolve));
      expect(session.received()).not.toContain('\r\n.\r\n');
    });
    expect(await outcomes({ content })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { status: '4.5.0' }, diagnostic: '250 2.0.0 Taken' },
    });
    await hop.over;
  });

  test('answers what nobody has asked is left, and no answer of it is taken for one to the content', async () => {
    const { outcomes, hop } = await scripted(async session => {
      await greet(session, ['PIPELINING']);
      await session.hear('DATA\r\n');
      session.say('250 OK\r\n250 OK\r\n354 Go on\r\n250 2.0.0 Taken\r\n');
      await new Promise(resolve => session.socket.once('close', resolve));
      expect(session.received().endsWith('DATA\r\n')).toBe(true);
    });
    expect(await outcomes()).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { status: '4.4.2' }, diagnostic: '250 2.0.0 Taken' },
    });
    await hop.over;
  });

  test('breaks off in the middle of the content has taken nothing: the next one gets the mail', async () => {
    const content = inPieces(Array.from({ length: 128 }, () => LINES));
    const sink = await sinkFor({ extensions: [] });
    const hop = await scriptedHop(async session => {
      await greet(session, ['PIPELINING']);
      await session.hear('DATA\r\n');
      session.say('250 OK\r\n250 OK\r\n354 Go on\r\n');
      await session.hear(/xx/);
      session.socket.resetAndDestroy();
    });
    const { outcomes, log } = await relaying({}, { hosts: { '192.0.2.1:25': hop.port, '192.0.2.2:25': sink.port } });
    const hosts = [{ ...MX, addresses: ['192.0.2.1', '192.0.2.2'] }];
    expect(await outcomes({ content, hosts })).toMatchObject({
      'bob@example.test': { kind: 'delivered', remote: 'mx.test[192.0.2.2]:25' },
    });
    expect(log.of('lost')).toEqual([]);
  });

  test('speaks in fragments and long replies is understood', async () => {
    const { outcomes, hop } = await scripted(async session => {
      for (const part of ['2', '20-hop.test', '\r', '\n220 ESMTP\r\n']) {
        session.say(part);
        await new Promise(resolve => setImmediate(resolve));
      }
      await session.hear(/EHLO .*\r\n$/);
      session.say('250-hop.test\r\n250-size\r\n250-Pipelining\r\n250 DSN\r\n');
      await session.hear('DATA\r\n');
      session.say('250-2.1.0 a\r\n250 2.1.0 b\r\n250 OK\r\n354 Go on\r\n');
      await session.hear('\r\n.\r\n');
      session.say('250-2.0.0 Thank you\r\n250 2.0.0 queued as 1\r\n');
    });
    expect(await outcomes()).toMatchObject({
      'bob@example.test': {
        kind: 'delivered',
        disposition: 'passed-on',
        text: '250-2.0.0 Thank you 250 2.0.0 queued as 1',
      },
    });
    await hop.over;
  });

  test.each([
    {
      about: 'does not speak SMTP',
      greeting: 'HTTP/1.1 400 Bad Request\r\n\r\n',
      want: { reply: { status: '4.5.0' } },
    },
    {
      about: 'never ends its reply',
      greeting: `220-${'x'.repeat(100)}\r\n`.repeat(1000),
      want: { reply: { status: '4.4.2' } },
    },
    { about: 'never ends its line', greeting: '2'.repeat(100_000), want: { reply: { status: '4.4.2' } } },
  ])('$about is left', async ({ greeting, want }) => {
    const { outcomes } = await scripted(async session => {
      session.say(greeting);
      await new Promise(resolve => session.socket.once('close', resolve));
    });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'deferred', ...want } });
  });
});
