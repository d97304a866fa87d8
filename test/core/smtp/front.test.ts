import { describe, expect, test } from 'vitest';
import { note } from '../../../core/mail/verdict.ts';
import type { Resolver } from '../../../core/plugin/ports.ts';
import { fakeResolver } from '../../../core/testing/fake-resolver.ts';
import { selfSigned } from '../../support/certificate.ts';
import { link } from '../chain/chain-of.ts';
import { type GatewaySetting, gateway } from './gateway.ts';
import { NEVER_A_VALUE } from './never-a-value.ts';
import { mounted } from './plugins.ts';
import type { RawClient } from './raw-client.ts';

const LOOPBACK = ['127.0.0.0/8'];
const ALL = { proxy: [], xclient: LOOPBACK, xforward: LOOPBACK };
const GREETING = '220 mx.example.test ESMTP';
const FORWARDED = 'NAME=client.test ADDR=203.0.113.7 PORT=40000 PROTO=ESMTP HELO=there.test IDENT=Q42 SOURCE=REMOTE';

function trusting(setting: GatewaySetting = {}) {
  return gateway({ links: mounted('our-domains'), ...setting, options: { trust: ALL, ...setting.options } });
}

/** Sends a mail from MAIL on. */
async function mail(client: RawClient): Promise<string> {
  await client.command('MAIL FROM:<ann@client.test>');
  await client.command('RCPT TO:<bob@example.test>');
  await client.command('DATA');
  return client.command('Subject: hello\r\n\r\n.');
}

/** DNS that knows the name of loopback, and says it when it is told to. */
function lateDns() {
  const dns = fakeResolver({ '127.0.0.1': { PTR: ['localhost'] }, localhost: { A: ['127.0.0.1'] } });
  const late = Promise.withResolvers<void>();
  const resolver: Resolver = {
    ...dns,
    async addresses(name) {
      await late.promise;
      return dns.addresses(name);
    },
  };
  return {
    resolver,
    /** Resolves when whoever asked has heard it. */
    async answer() {
      late.resolve();
      await new Promise(resolve => setImmediate(resolve));
    },
  };
}

type Gateway = Awaited<ReturnType<typeof gateway>>;

const sessions = ({ committed }: Gateway) => committed.flat().map(one => one.mail.session);
const contentOf = async ({ committed }: Gateway) => String(await committed[0]?.[0]?.mail.content.bytes());
const accepted = ({ log }: Gateway) => log.of('accepted').map(({ fields }) => fields);

describe('a client that XCLIENT introduces', () => {
  test('stands in the session, the trace field and the log, as if it had connected', async () => {
    const its = await trusting();
    const peer = await its.greeted();
    await peer.command('EHLO front.test');
    const told =
      'NAME=client.test ADDR=203.0.113.7 PORT=40000 HELO=there.test PROTO=ESMTP LOGIN=ann DESTADDR=192.0.2.1';
    expect(await peer.command(`XCLIENT ${told}`)).toBe(GREETING);
    expect(await mail(peer)).toMatch(/^250 /);
    expect(sessions(its)).toMatchObject([
      {
        client: { address: '203.0.113.7', port: 40_000, name: 'client.test' },
        greeting: { verb: 'EHLO', domain: 'there.test' },
        user: 'ann',
        forwarded: null,
      },
    ]);
    expect(await contentOf(its)).toMatch(
      /^Received: from there\.test \(client\.test \[203\.0\.113\.7\]\)\r\n\tby mx\.example\.test with ESMTPA id/,
    );
    expect(accepted(its)).toMatchObject([{ client: '203.0.113.7' }]);
    expect(its.log.of('introduced').map(({ level, fields }) => ({ level, ...fields }))).toMatchObject([
      { level: 'info', by: '127.0.0.1', client: '203.0.113.7', name: 'client.test', user: 'ann' },
    ]);
  });

  test('has the name that DNS gives where none is told', async () => {
    const its = await trusting({
      zones: { '203.0.113.7': { PTR: ['client.test'] }, 'client.test': { A: ['203.0.113.7'] } },
    });
    const peer = await its.greeted();
    await peer.command('XCLIENT NAME=another.test');
    await peer.command('XCLIENT ADDR=203.0.113.7');
    await peer.command('HELO there.test');
    await mail(peer);
    expect(sessions(its)).toMatchObject([{ client: { address: '203.0.113.7', name: 'client.test' } }]);
  });

  test('has no name where it is told that there is none, whatever DNS says', async () => {
    const its = await trusting({
      zones: { '203.0.113.7': { PTR: ['client.test'] }, 'client.test': { A: ['203.0.113.7'] } },
    });
    const peer = await its.greeted();
    await peer.command('XCLIENT ADDR=203.0.113.7 NAME=[UNAVAILABLE]');
    await peer.command('HELO there.test');
    await mail(peer);
    expect(sessions(its)).toMatchObject([{ client: { address: '203.0.113.7', name: null } }]);
  });

  test.each([
    { told: 'ADDR=203.0.113.7', name: null },
    { told: 'NAME=client.test', name: 'client.test' },
    { told: 'PORT=1', name: 'localhost' },
  ])('never gets the name of another, however late DNS gives that: $told', async ({ told, name }) => {
    const dns = lateDns();
    const its = await trusting({ resolver: dns.resolver });
    const peer = await its.greeted();
    await peer.command(`XCLIENT ${told}`);
    await dns.answer();
    await peer.command('HELO there.test');
    await mail(peer);
    expect(sessions(its)[0]?.client.name).toBe(name);
  });

  test('has an address that nobody has where it is not known: never that of the peer, with its rights', async () => {
    const local = link('relay-for-local', {
      rcpt: ({ session: { client } }) => (client.address === '127.0.0.1' ? { kind: 'accept' } : undefined),
    });
    const its = await trusting({ links: [local] });
    const peer = await its.greeted();
    await peer.command('XCLIENT ADDR=[UNAVAILABLE]');
    await peer.command('HELO there.test');
    await peer.command('MAIL FROM:<ann@client.test>');
    expect(await peer.command('RCPT TO:<bob@elsewhere.test>')).toMatch(/^550 5\.7\.1 /);
    expect(its.log.of('refused')[0]?.fields).toMatchObject({ client: '0.0.0.0' });
  });

  test('has none of the facts and none of the trace of the one before', async () => {
    const notes = link('notes', {
      connect: ({ session: { client } }) => note({ [`from-${client.address}`]: true }),
      helo: ({ greeting: { domain } }) => note({ [`helo-${domain}`]: true }),
    });
    const its = await trusting({ links: [notes, ...mounted('our-domains')] });
    const peer = await its.greeted();
    await peer.command('HELO front.test');
    await peer.command('XCLIENT ADDR=203.0.113.7');
    await peer.command('HELO there.test');
    await mail(peer);
    const [taken] = its.committed.flat();
    expect(taken?.mail.facts).toEqual({ 'from-203.0.113.7': true, 'helo-there.test': true });
    const asked = taken?.trace.filter(({ plugin }) => plugin === 'notes').map(({ hook, asked }) => `${hook} ${asked}`);
    expect(asked).toEqual(['connect 203.0.113.7', 'helo HELO there.test']);
  });

  test('may be followed by another, though its address be no longer listed', async () => {
    const its = await trusting();
    const peer = await its.greeted();
    for (const address of ['203.0.113.7', '203.0.113.8']) {
      expect(await peer.command(`XCLIENT ADDR=${address}`)).toBe(GREETING);
      await peer.command('HELO there.test');
      await mail(peer);
    }
    expect(sessions(its).map(({ client }) => client.address)).toEqual(['203.0.113.7', '203.0.113.8']);
  });
});

describe("threat: STARTTLS injection. When TLS begins the session is the peer's own again", () => {
  const { cert, key } = selfSigned('mx.example.test');
  const tls = { mode: 'starttls', cert, key, minVersion: 'TLSv1.2' } as const;

  test('by name', async () => {
    const dns = lateDns();
    const its = await trusting({ options: { tls }, resolver: dns.resolver });
    const peer = await its.greeted();
    await peer.command('XCLIENT ADDR=203.0.113.7');
    await peer.command('STARTTLS');
    await peer.startTls();
    await dns.answer();
    await peer.command('HELO front.test');
    await mail(peer);
    expect(sessions(its)[0]?.client).toEqual({ address: '127.0.0.1', port: peer.localPort, name: 'localhost' });
  });

  test('in the crowd', async () => {
    const perClient = { connections: 1, newConnections: null, mails: null, recipients: null };
    const its = await trusting({ options: { tls }, limits: { perClient } });
    const peer = await its.greeted();
    await peer.command('XCLIENT ADDR=203.0.113.7');
    await peer.command('STARTTLS');
    await peer.startTls();
    await peer.command('HELO front.test');
    expect(await (await its.connect()).rest()).toEqual(['421 4.7.0 Too many connections, try again later']);
    expect(await peer.command('XCLIENT ADDR=203.0.113.8')).toBe(GREETING);
    expect(await (await its.connect()).line()).toBe(GREETING);
  });
});

describe('crowd limits', () => {
  const one = { connections: 1, newConnections: null, mails: null, recipients: null };
  const TOO_MANY = '421 4.7.0 Too many connections, try again later';

  test('are those of the client that XCLIENT introduces', async () => {
    const its = await trusting({ limits: { perClient: one, exempt: LOOPBACK } });
    const [first, second, third] = [await its.greeted(), await its.greeted(), await its.greeted()];
    expect(await first.command('XCLIENT ADDR=203.0.113.7')).toBe(GREETING);
    second.send('XCLIENT ADDR=203.0.113.7\r\n');
    expect(await second.rest()).toEqual([TOO_MANY]);
    expect(its.log.of('refused').map(({ fields }) => fields)).toMatchObject([
      { hook: 'connect', client: '203.0.113.7', because: 'too many connections of 203.0.113.7' },
    ]);
    // The first one is another client's now.
    expect(await first.command('XCLIENT ADDR=203.0.113.8')).toBe(GREETING);
    expect(await third.command('XCLIENT ADDR=203.0.113.7')).toBe(GREETING);
  });

  test('count the mails of that client', async () => {
    const its = await trusting({ limits: { perClient: { ...one, connections: null, mails: 1 }, exempt: LOOPBACK } });
    const peer = await its.greeted();
    const heard: string[] = [];
    for (const told of ['ADDR=203.0.113.7', 'ADDR=203.0.113.7', 'ADDR=203.0.113.8', 'PORT=1']) {
      await peer.command(`XCLIENT ${told} HELO=there.test`);
      heard.push((await peer.command('MAIL FROM:<ann@client.test>')).slice(0, 3));
      await peer.command('RSET');
    }
    expect(heard).toEqual(['250', '450', '250', '450']);
  });
});

describe('who may say XCLIENT and XFORWARD', () => {
  test('is decided by the address that PROXY named', async () => {
    const its = await trusting({
      options: { trust: { proxy: LOOPBACK, xclient: ['192.0.2.20'], xforward: ['192.0.2.20'] } },
    });
    for (const { from, want } of [
      { from: '192.0.2.20', want: [GREETING, '250 2.0.0 Ok'] },
      { from: '192.0.2.21', want: ['500 5.5.2 Command not recognized', '500 5.5.2 Command not recognized'] },
    ]) {
      const peer = await its.connect();
      peer.send(`PROXY TCP4 ${from} 192.0.2.1 40000 25\r\n`);
      await peer.reply();
      expect([await peer.command('XCLIENT PORT=1'), await peer.command('XFORWARD PORT=1')]).toEqual(want);
    }
  });

  test('is not the proxy itself where it names somebody', async () => {
    const its = await trusting({ options: { trust: { ...ALL, proxy: LOOPBACK } } });
    const peer = await its.connect();
    peer.send('PROXY TCP4 203.0.113.7 192.0.2.1 40000 25\r\n');
    await peer.reply();
    expect(await peer.command('XCLIENT ADDR=127.0.0.1')).toBe('500 5.5.2 Command not recognized');
  });

  test('is no client that XCLIENT introduced, though its address be listed', async () => {
    const its = await trusting({ options: { trust: { ...ALL, xforward: ['203.0.113.7'] } } });
    const peer = await its.greeted();
    await peer.command('XCLIENT ADDR=203.0.113.7');
    expect(await peer.command('EHLO there.test')).not.toContain('XFORWARD');
    expect(await peer.command('XFORWARD ADDR=192.0.2.1')).toBe('500 5.5.2 Command not recognized');
  });
});

describe('what XFORWARD says', () => {
  test('goes with the mail and into its log line, and changes nothing else', async () => {
    const its = await trusting({ links: mounted('no-listed-clients', 'our-domains') });
    const peer = await its.greeted();
    await peer.command('EHLO front.test');
    await peer.command('XFORWARD NAME=client.test ADDR=203.0.113.66 PORT=40000');
    await peer.command('XFORWARD PROTO=ESMTP HELO=there.test IDENT=Q42 SOURCE=REMOTE');
    expect(await mail(peer)).toMatch(/^250 /);
    const forwarded = {
      name: 'client.test',
      address: '203.0.113.66',
      port: 40_000,
      protocol: 'ESMTP',
      helo: 'there.test',
      ident: 'Q42',
      source: 'remote',
    };
    expect(sessions(its)).toMatchObject([
      { client: { address: '127.0.0.1' }, greeting: { domain: 'front.test' }, forwarded },
    ]);
    expect(accepted(its)).toMatchObject([{ client: '127.0.0.1', forwarded }]);
    expect(await contentOf(its)).toMatch(/^Received: from front\.test \(\[127\.0\.0\.1\]\)\r\n\tby/);
  });

  test('is in the log line of a refusal too', async () => {
    const its = await trusting({ links: mounted('no-such-mailbox', 'our-domains') });
    const peer = await its.greeted();
    await peer.command('EHLO front.test');
    await peer.command('XFORWARD ADDR=203.0.113.7');
    await peer.command('MAIL FROM:<ann@client.test>');
    await peer.command('RCPT TO:<nobody@example.test>');
    expect(its.log.of('refused').map(({ fields }) => fields)).toMatchObject([
      { forwarded: { address: '203.0.113.7' } },
    ]);
  });

  const DATA_REFUSED = mounted('our-domains', 'refuses-viruses');
  test.each([
    { end: 'the final dot', commands: [] },
    { end: 'a refused final dot', commands: ['DATA', 'VIRUS\r\n.'] },
    { end: 'RSET in a transaction', commands: ['RSET'] },
    { end: 'EHLO', commands: ['EHLO front.test'] },
    { end: 'XCLIENT', commands: ['RSET', 'XCLIENT PORT=1', 'HELO there.test'] },
  ])('is said of one mail alone: after $end it is forgotten', async ({ commands }) => {
    const its = await trusting({ links: DATA_REFUSED });
    const peer = await its.greeted();
    await peer.command('EHLO front.test');
    await peer.command(`XFORWARD ${FORWARDED}`);
    if (commands.length === 0) await mail(peer);
    else {
      await peer.command('MAIL FROM:<ann@client.test>');
      await peer.command('RCPT TO:<bob@example.test>');
      for (const line of commands) await peer.command(line);
    }
    expect(await mail(peer)).toMatch(/^250 /);
    expect(sessions(its).at(-1)?.forwarded).toBeNull();
    expect(accepted(its).at(-1)).not.toHaveProperty('forwarded');
  });

  test('stays where MAIL is refused: the mail that it is said of is still to come', async () => {
    const its = await trusting({ links: mounted('no-spammers', 'our-domains') });
    const peer = await its.greeted();
    await peer.command('EHLO front.test');
    await peer.command(`XFORWARD ${FORWARDED}`);
    expect(await peer.command('MAIL FROM:<x@spam.test>')).toMatch(/^550 /);
    await mail(peer);
    expect(sessions(its)[0]?.forwarded).toMatchObject({ address: '203.0.113.7', ident: 'Q42' });
  });

  test('stands alone: nothing of this session is mixed into it', async () => {
    const its = await trusting();
    const peer = await its.greeted();
    await peer.command('EHLO front.test');
    await peer.command('XFORWARD IDENT=Q42');
    await mail(peer);
    expect(accepted(its)[0]?.forwarded).toEqual({ ident: 'Q42' });
  });
});

describe('threat: injection by a machine in front', () => {
  const MARK = 'eve';

  test.each(['XCLIENT', 'XFORWARD'])('nothing of a refused %s reaches replies, log or trace field', async verb => {
    const its = await trusting();
    const peer = await its.greeted();
    await peer.command('EHLO front.test');
    const names =
      verb === 'XCLIENT'
        ? ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'LOGIN', 'DESTADDR']
        : ['NAME', 'ADDR', 'HELO', 'IDENT'];
    const replies: string[] = [];
    for (const name of names) {
      for (const { value } of NEVER_A_VALUE) {
        // A good attribute beside it does not count either, and no attribute of this name is known.
        replies.push(await peer.command(`${verb} ADDR=203.0.113.7 ${name === 'ADDR' ? 'NAME' : name}=${MARK}${value}`));
        await mail(peer);
      }
    }
    replies.push(await peer.command(`${verb} ${MARK}=1`));
    await mail(peer);
    expect(replies.filter(reply => !reply.startsWith('501 5.5.4 '))).toEqual([]);
    const contents = await Promise.all(its.committed.flat().map(async one => String(await one.mail.content.bytes())));
    expect(contents).toHaveLength(replies.length);
    for (const text of [...replies, ...contents, its.log.text()]) {
      expect(text).not.toContain(MARK);
      expect(text).not.toContain('203.0.113.7');
    }
  });

  test('header injection: what HELO holds is not repeated in the trace field', async () => {
    const its = await trusting();
    const peer = await its.greeted();
    expect(await peer.command('XCLIENT HELO=a)+3B(b<c>"d')).toBe(GREETING);
    await mail(peer);
    expect(await contentOf(its)).toMatch(/^Received: from unknown \(\[127\.0\.0\.1\]\)\r\n\tby/);
  });
});
