/** LMTP (RFC 2033): LHLO, and after the content a reply for each recipient that was accepted. */
import { describe, expect, test } from 'vitest';
import { aRecipient, type SinkSettings } from '../../../core/testing.ts';
import { selfSigned } from '../../support/certificate.ts';
import { inPieces, MX, REMOTE, relaying, relayingTo } from './relaying.ts';
import { type ScriptedSession, scriptedHop } from './scripted-hop.ts';

const THREE = ['bob@example.test', 'carl@example.test', 'dan@example.test'];
const LMTP = { protocol: 'lmtp' };
const LOCAL = ['PIPELINING', '8BITMIME', 'ENHANCEDSTATUSCODES'];

const store = (settings: SinkSettings = {}, options: object = {}) =>
  relayingTo({ protocol: 'lmtp', extensions: LOCAL, ...settings }, { ...LMTP, ...options });

describe('a mailbox store', () => {
  test('is greeted with LHLO, and its delivery is final', async () => {
    const { outcomes, sink } = await store();
    expect(await outcomes({ to: THREE })).toMatchObject(
      Object.fromEntries(THREE.map(address => [address, { kind: 'delivered', disposition: 'final', remote: REMOTE }])),
    );
    expect(sink.commands[0]).toBe('LHLO mx.example.test');
    expect(sink.mails[0]?.recipients).toHaveLength(3);
  });

  test('that offers DSN answers for it itself', async () => {
    const { outcomes } = await store({ extensions: [...LOCAL, 'DSN'] });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered', disposition: 'passed-on' } });
  });

  test('is kept for the next mail', async () => {
    const { outcomes, sink } = await store();
    await outcomes({ to: THREE });
    expect(await outcomes({ to: THREE })).toMatchObject({ 'dan@example.test': { kind: 'delivered' } });
    expect(sink.sessions).toBe(1);
  });

  test('is spoken to over TLS, with LHLO before and after', async () => {
    const certificate = selfSigned('mx.test');
    const { outcomes, sink } = await store({ tls: certificate }, { tls: 'required' });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(sink.mails[0]?.tls).toBe(true);
    expect(sink.commands.filter(line => line.startsWith('LHLO'))).toHaveLength(2);
  });

  test('that does not speak LMTP is a mistake in the configuration, and returns nobody’s mail', async () => {
    const { outcomes, sink } = await relayingTo({}, LMTP);
    expect(await outcomes()).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { status: '4.5.0' }, concerns: 'destination' },
    });
    expect(sink.commands.join('\n')).not.toContain('HELO');
  });
});

describe.each([
  { about: 'by DATA', extensions: LOCAL, options: {} },
  { about: 'step by step', extensions: [], options: {} },
  { about: 'by BDAT', extensions: [...LOCAL, 'CHUNKING'], options: { chunking: 'offered' } },
])('after the content, $about,', ({ extensions, options }) => {
  const content = { 'bob@example.test': '552 5.2.2 Mailbox full', 'dan@example.test': '450 4.2.0 Locked' } as const;

  test.each([
    { about: 'small', mail: {} },
    { about: 'large', mail: { content: inPieces([]) } },
  ])('each recipient has its own reply ($about content)', async ({ mail }) => {
    const { outcomes, sink } = await store({ extensions, faults: { content } }, options);
    expect(await outcomes({ to: THREE, ...mail })).toMatchObject({
      'bob@example.test': {
        kind: 'bounced',
        reply: { code: 552, status: '5.2.2' },
        diagnostic: '552 5.2.2 Mailbox full',
      },
      'carl@example.test': { kind: 'delivered' },
      'dan@example.test': { kind: 'deferred', diagnostic: '450 4.2.0 Locked', concerns: 'recipient' },
    });
    expect(sink.mails.map(({ recipients }) => recipients.map(({ path }) => path))).toEqual([['<carl@example.test>']]);
  });

  test('who was refused before has none', async () => {
    const rcpt = { 'carl@example.test': '550 5.1.1 No such mailbox' } as const;
    const { outcomes } = await store({ extensions, faults: { rcpt, content } }, options);
    expect(await outcomes({ to: THREE })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { status: '5.2.2' } },
      'carl@example.test': { kind: 'bounced', reply: { status: '5.1.1' } },
      'dan@example.test': { kind: 'deferred', reply: { status: '4.2.0' } },
    });
  });

  test('the connection lost between the replies: who was answered keeps it, the others are in doubt', async () => {
    const faults = { content: { 'carl@example.test': 'drop' } } as const;
    const { outcomes, log } = await store({ extensions, faults }, options);
    expect(await outcomes({ to: THREE })).toMatchObject({
      'bob@example.test': { kind: 'delivered' },
      'carl@example.test': { kind: 'deferred', reply: { status: '4.4.2' } },
      'dan@example.test': { kind: 'deferred', reply: { status: '4.4.2' } },
    });
    expect(log.of('lost').map(({ fields }) => fields.recipients)).toEqual([2]);
  });
});

test('the same mailbox twice has two replies, in the order of RCPT', async () => {
  const hop = await scriptedHop(async session => {
    await greetLmtp(session);
    await session.hear(/DATA\r\n$/);
    session.say('250 OK\r\n250 OK\r\n250 OK\r\n354 Go on\r\n');
    await session.hear('\r\n.\r\n');
    session.say('250 2.0.0 first\r\n');
    await new Promise(resolve => setImmediate(resolve));
    session.say('450 4.2.0 second\r\n');
  });
  const { outcomes } = await relaying(LMTP, { hosts: { '192.0.2.1:25': hop.port } });
  const twice = [aRecipient('bob@example.test'), aRecipient('bob@example.test', { via: ['staff (aliases:3)'] })];
  // By address the later one stands: the first one was delivered.
  expect(await outcomes({ hosts: [MX], to: twice })).toMatchObject({
    'bob@example.test': { kind: 'deferred', diagnostic: '450 4.2.0 second' },
  });
  await hop.over;
});

test('421 for one recipient ends the session: the others are in doubt, for they got the content too', async () => {
  const hop = await scriptedHop(async session => {
    await greetLmtp(session);
    await session.hear(/DATA\r\n$/);
    session.say('250 OK\r\n250 OK\r\n250 OK\r\n250 OK\r\n354 Go on\r\n');
    await session.hear('\r\n.\r\n');
    session.say('250 2.0.0 first\r\n421 4.3.2 Closing\r\n');
  });
  const { outcomes, log } = await relaying(LMTP, { hosts: { '192.0.2.1:25': hop.port } });
  expect(await outcomes({ hosts: [MX], to: THREE })).toMatchObject({
    'bob@example.test': { kind: 'delivered' },
    'carl@example.test': { kind: 'deferred', diagnostic: '421 4.3.2 Closing' },
    'dan@example.test': { kind: 'deferred', reply: { text: expect.stringContaining('may have arrived') as string } },
  });
  expect(log.of('lost')).toHaveLength(1);
});

async function greetLmtp(session: ScriptedSession): Promise<void> {
  session.say('220 hop.test LMTP\r\n');
  await session.hear(/LHLO .*\r\n$/);
  session.say('250-hop.test\r\n250 PIPELINING\r\n');
}
