/** Content by BDAT (RFC 3030): octet for octet, in chunks, and never where it could be read as commands. */

import { describe, expect, test } from 'vitest';
import { type Content, contentOf } from '../../../core/index.ts';
import type { SinkSettings } from '../../../core/testing.ts';
import { selfSigned } from '../../support/certificate.ts';
import * as fc from '../../support/fast-check.ts';
import { until } from '../../support/until.ts';
import { inPieces, LINES, MX, REMOTE, relaying, relayingTo, sinkFor } from './relaying.ts';
import { greet, type ScriptedSession, scriptedHop } from './scripted-hop.ts';

const CHUNKING = { chunking: 'offered' };
const ALONE = ['CHUNKING', '8BITMIME'];
const PIPELINED = ['PIPELINING', ...ALONE];
const MIB = 1024 * 1024;
const TWO = ['bob@example.test', 'carl@example.test'];

const chunking = (settings: SinkSettings = {}) => relayingTo({ extensions: PIPELINED, ...settings }, CHUNKING);

/** The relay to a next hop that follows a script. */
async function scripted(script: (session: ScriptedSession) => Promise<void>) {
  const hop = await scriptedHop(script);
  const relay = await relaying(CHUNKING, { hosts: { '192.0.2.1:25': hop.port } });
  type Delivery = NonNullable<Parameters<typeof relay.outcomes>[0]>;
  return { ...relay, hop, outcomes: (delivery: Delivery = {}) => relay.outcomes({ hosts: [MX], ...delivery }) };
}

/** Answers MAIL and RCPT, which come together, with 250. */
async function takeEnvelope(session: ScriptedSession): Promise<void> {
  await greet(session, PIPELINED);
  await session.hear(/RCPT .*\r\n$/);
  session.say('250 OK\r\n250 OK\r\n');
}

function piecemeal(pieces: Iterable<Buffer>, size: number): Content {
  return {
    size,
    bytes: () => Promise.reject(new Error('nobody should want it all at once')),
    async *stream() {
      yield* pieces;
    },
  };
}

const many = (count: number, piece: Buffer) => Array.from({ length: count }, () => piece);

describe('content goes by DATA', () => {
  test.each([
    { about: 'unless the operator wants it otherwise', extensions: PIPELINED, options: {} },
    { about: 'where CHUNKING is not offered', extensions: ['PIPELINING'], options: CHUNKING },
  ])('$about', async ({ extensions, options }) => {
    const { outcomes, sink } = await relayingTo({ extensions }, options);
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(sink.mails).toMatchObject([{ chunks: null }]);
    expect(sink.commands.join('\n')).not.toContain('BDAT');
  });
});

describe('content goes by BDAT', () => {
  test.each([
    { about: 'pipelined', extensions: PIPELINED },
    { about: 'step by step', extensions: ALONE },
  ])('$about: in one chunk where it is small, and no dot is doubled', async ({ extensions }) => {
    const { outcomes, sink } = await relayingTo({ extensions }, CHUNKING);
    const content = contentOf('Subject: x\r\n\r\n.\r\n..\r\n.dot\r\n\xfc\r\n.\r\nQUIT\r\n');
    expect(await outcomes({ to: TWO, content })).toMatchObject({
      'bob@example.test': { kind: 'delivered', remote: REMOTE, text: '250 2.0.0 Taken as sink-1' },
      'carl@example.test': { kind: 'delivered' },
    });
    expect(sink.mails).toMatchObject([{ content: await content.bytes(), chunks: [content.size] }]);
    expect(sink.commands).toContain(`BDAT ${content.size} LAST`);
    expect(sink.commands).not.toContain('DATA');
  });

  test('over TLS too', async () => {
    const { outcomes, sink } = await chunking({ tls: selfSigned('mx.test') });
    expect(await outcomes({ content: piecemeal(many(40, LINES), 40 * LINES.length) })).toMatchObject({
      'bob@example.test': { kind: 'delivered' },
    });
    expect(sink.mails).toMatchObject([{ tls: true }]);
    expect(sink.mails[0]?.content.equals(Buffer.concat(many(40, LINES)))).toBe(true);
  });

  test('any lines in any pieces arrive as the same octets, and a last line without an end stays without', async () => {
    const { outcomes, sink } = await chunking();
    const line = fc
      .array(fc.constantFrom('.', 'From', ' ', 'BDAT 3 LAST', 'ü', '\t', '..'), { maxLength: 6 })
      .map(parts => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), async (lines, cut) => {
        const octets = Buffer.from(lines.join('\r\n'));
        const pieces = Array.from({ length: Math.ceil(octets.length / cut) }, (_, at) =>
          octets.subarray(at * cut, (at + 1) * cut),
        );
        for (const content of [contentOf(octets), inPieces(pieces)]) {
          expect(await outcomes({ content })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
          const sent = 'counted' in content ? Buffer.concat([LINES, octets]) : octets;
          expect(sink.mails.at(-1)?.content.equals(sent)).toBe(true);
          expect(sink.mails.at(-1)?.chunks).toEqual([sent.length]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('large content goes in chunks of a mebibyte', async () => {
    const { outcomes, sink } = await chunking();
    await outcomes({ content: piecemeal(many(40, LINES), 40 * LINES.length) });
    expect(sink.mails[0]?.chunks).toEqual([MIB, MIB, 40 * LINES.length - 2 * MIB]);
    expect(sink.mails[0]?.content.equals(Buffer.concat(many(40, LINES)))).toBe(true);
    expect(sink.commands.filter(command => command.endsWith(' LAST'))).toHaveLength(1);
  });

  test('large content is never held in memory as a whole: it is read as fast as the next hop takes it', async () => {
    let read = 0;
    const content: Content = {
      size: 500 * LINES.length,
      bytes: () => Promise.reject(new Error('nobody should want it all at once')),
      async *stream() {
        for (; read < 500; read += 1) yield LINES;
      },
    };
    let whileItSlept = Number.POSITIVE_INFINITY;
    const { outcomes, hop } = await scripted(async session => {
      await takeEnvelope(session);
      await session.hear(/BDAT \d+\r\n/);
      session.socket.pause();
      // The buffers of the system fill up; then no more pieces are asked for.
      for (let still = 0, before = 0; still < 500; await new Promise(resolve => setImmediate(resolve))) {
        still = read === before ? still + 1 : 0;
        before = read;
      }
      whileItSlept = read;
      session.socket.destroy();
    });
    await outcomes({ content });
    await hop.over;
    expect(whileItSlept).toBeLessThan(40);
  });
});

describe('smuggling: content is not read as commands', () => {
  test('no octet of it leaves before somebody was accepted', async () => {
    const { outcomes, hop } = await scripted(async session => {
      await greet(session, PIPELINED);
      await session.hear(/RCPT .*carl.*\r\n$/);
      session.say('250 OK\r\n550 5.1.1 No\r\n550 5.1.1 No\r\n');
      session.socket.end();
      await new Promise(resolve => session.socket.once('close', resolve));
      expect(session.received()).not.toMatch(/BDAT|Subject/);
    });
    expect(await outcomes({ to: TWO })).toMatchObject({ 'carl@example.test': { kind: 'bounced' } });
    await hop.over;
  });

  test('nor where MAIL was refused', async () => {
    const { outcomes, sink, close } = await chunking({ faults: { mail: '550 5.7.1 Not from you' } });
    expect(await outcomes({ to: TWO })).toMatchObject({ 'bob@example.test': { reply: { status: '5.7.1' } } });
    await close();
    await until(() => expect(sink.commands.at(-1)).toBe('QUIT'));
    expect(sink.commands.join('\n')).not.toContain('BDAT');
  });

  test('a reply before the end of a chunk ends the session: nothing fills the chunk up', async () => {
    const { outcomes, hop } = await scripted(async session => {
      await takeEnvelope(session);
      await session.hear(/BDAT \d+\r\nx/);
      session.say('552 5.3.4 Too much\r\n');
      await new Promise(resolve => session.socket.once('close', resolve));
      expect(session.received()).not.toMatch(/QUIT|LAST/);
    });
    const piece = Buffer.alloc(64 * MIB, 'x\r\n');
    expect(await outcomes({ content: piecemeal([piece, LINES], piece.length + LINES.length) })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 552, status: '5.3.4' } },
    });
    await hop.over;
  });
});

describe('a recipient is delivered by nothing but a 2yz to the last chunk', () => {
  const large = () => piecemeal(many(20, LINES), 20 * LINES.length);

  test.each([
    { faults: { content: '554 5.7.1 Spam' }, want: { kind: 'bounced', reply: { code: 554, status: '5.7.1' } } },
    { faults: { content: '451 4.3.0 Busy' }, want: { kind: 'deferred', reply: { code: 451, status: '4.3.0' } } },
    { faults: { chunk: '552 5.3.4 Too much' }, want: { kind: 'bounced', reply: { code: 552, status: '5.3.4' } } },
    { faults: { chunk: '452 4.3.1 Full' }, want: { kind: 'deferred', reply: { code: 452, status: '4.3.1' } } },
    { faults: { chunk: '421 4.3.2 Closing' }, want: { kind: 'deferred', reply: { status: '4.4.2' } } },
    { faults: { chunk: '502 5.5.1 What?' }, want: { kind: 'deferred', reply: { code: 451, status: '4.5.0' } } },
    { faults: { content: '500 5.5.2 What?' }, want: { kind: 'deferred', reply: { code: 451, status: '4.5.0' } } },
  ] as const)('$faults: $want, for all who were not refused before', async ({ faults, want }) => {
    const rcpt = { 'carl@example.test': '550 5.1.1 No such mailbox' } as const;
    const { outcomes, sink } = await chunking({ faults: { rcpt, ...faults } });
    expect(await outcomes({ to: TWO, content: large() })).toMatchObject({
      'bob@example.test': want,
      'carl@example.test': { kind: 'bounced', reply: { status: '5.1.1' } },
    });
    expect(sink.mails).toEqual([]);
    if ('chunk' in faults) expect(sink.commands.join('\n')).not.toContain('LAST');
  });

  test('not by a 354 to it', async () => {
    const { outcomes, hop } = await scripted(async session => {
      await takeEnvelope(session);
      await session.hear(/BDAT \d+ LAST\r\n[^]*last\r\n$/);
      session.say('354 Go on\r\n');
    });
    expect(await outcomes({ content: contentOf('Subject: x\r\n\r\nlast\r\n') })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { code: 451 } },
    });
    await hop.over;
  });

  test('the connection lost after it: nobody knows who has the mail; it is sent again, and the log says so', async () => {
    const { outcomes, log, network } = await chunking({ faults: { content: 'drop' } });
    const hosts = [MX, { ...MX, name: 'other.test', addresses: ['192.0.2.2'] }];
    expect(await outcomes({ hosts })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { code: 451, status: '4.4.2' }, remote: REMOTE, diagnostic: null },
    });
    expect(network.attempts).toEqual(['192.0.2.1:25']);
    expect(log.of('lost')[0]).toMatchObject({ level: 'warn', fields: { remote: REMOTE, outcome: /unknown/ } });
  });

  test('the connection lost before it: the next host gets the mail', async () => {
    const broken = await sinkFor({ extensions: PIPELINED, faults: { chunk: 'drop' } });
    const good = await sinkFor({ extensions: [] });
    const hosts = { '192.0.2.1:25': broken.port, '192.0.2.2:25': good.port };
    const { outcomes, log } = await relaying(CHUNKING, { hosts });
    expect(
      await outcomes({ content: large(), hosts: [{ ...MX, addresses: ['192.0.2.1', '192.0.2.2'] }] }),
    ).toMatchObject({ 'bob@example.test': { kind: 'delivered', remote: 'mx.test[192.0.2.2]:25' } });
    expect(good.mails[0]?.content).toHaveLength(20 * LINES.length);
    expect(log.of('lost')).toEqual([]);
  });

  test('pieces that all lie in the same place in memory are not collected: by BDAT and by DATA the mail is the same', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => Buffer.from(`${index}\r\n`.padStart(1000, 'x').repeat(50)));
    const place = Buffer.alloc(64 * 1024);
    const content: Content = {
      size: 40 * 50_000,
      bytes: () => Promise.reject(new Error('not asked for')),
      async *stream() {
        yield* lines;
      },
      async *fleeting() {
        for (const piece of lines) yield place.subarray(0, piece.copy(place));
      },
    };
    const [byBdat, byData] = [await chunking(), await relayingTo()];
    for (const { outcomes, sink } of [byBdat, byData]) {
      expect(await outcomes({ content })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
      expect(sink.mails[0]?.content.equals(Buffer.concat(lines))).toBe(true);
    }
  });

  test('content that cannot be read to its end never arrives as a whole mail', async () => {
    const { outcomes, sink } = await chunking();
    const broken: Content = {
      size: 40 * LINES.length,
      bytes: () => Promise.reject(new Error('not asked for')),
      async *stream() {
        yield* many(30, LINES);
        throw Object.assign(new Error('EIO: the spool file is broken'), { code: 'EIO' });
      },
    };
    await expect(outcomes({ content: broken })).rejects.toThrow('the spool file is broken');
    expect(sink.mails).toEqual([]);
    expect(sink.commands.filter(command => command.startsWith('BDAT'))).toEqual([`BDAT ${MIB}`]);
  });
});

test.each([
  { at: 'a chunk', faults: { chunk: 'silent' }, minutes: 5, doubts: 0 },
  { at: 'the last chunk', faults: { content: 'silent' }, minutes: 10, doubts: 1 },
] as const)('silence after $at ends after $minutes minutes', async ({ faults, minutes, doubts }) => {
  const { outcomes, clock, log, sink } = await chunking({ faults });
  const attempt = outcomes({ content: piecemeal(many(20, LINES), 20 * LINES.length) });
  await until(() => expect(sink.commands.filter(line => line.startsWith('BDAT'))).toHaveLength(1 + doubts));
  for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve));
  await clock.advance(minutes * 60_000 - 1);
  expect(clock.sleepers).toBe(1);
  await clock.advance(1);
  expect(await attempt).toMatchObject({ 'bob@example.test': { kind: 'deferred', reply: { status: '4.4.2' } } });
  expect(log.of('lost')).toHaveLength(doubts);
});
