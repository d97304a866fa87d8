/**
 * Attacks on STARTTLS as other projects found them, each by its name: what an attacker puts before the handshake, in
 * either direction, is never taken for what the other side said inside TLS (RFC 3207 section 6).
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { gateway } from '../core/smtp/gateway.ts';
import type { RawClient } from '../core/smtp/raw-client.ts';
import { MX, REMOTE, relaying, relayingTo } from '../plugins/smtp-relay/relaying.ts';
import { scriptedHop } from '../plugins/smtp-relay/scripted-hop.ts';
import { selfSigned } from '../support/certificate.ts';
import { corpus, corpusPresent, describeWithCorpus } from '../support/corpus.ts';
import { JAMES, james, play } from '../support/james-dialogue.ts';

interface Case {
  readonly name: string;
  /** Said before, one by one. */
  readonly pre?: readonly string[];
  /** STARTTLS and what comes with it. */
  readonly oneWrite?: string;
  /** A dialogue of James. */
  readonly ref?: string;
  /** What the next hop says to STARTTLS. */
  readonly serverSends?: string;
}

async function listening() {
  const tls = { mode: 'starttls', ...selfSigned('mx.example.test'), minVersion: 'TLSv1.2' } as const;
  const its = await gateway({ options: { auth: 'optional', allowPlaintextAuth: true, tls }, links: JAMES });
  return { its, client: await its.connect() };
}

/** STARTTLS with what an attacker adds to it, and TLS after it. */
async function attacked({ pre = [], oneWrite = '' }: Case): Promise<RawClient> {
  const { client } = await listening();
  await client.reply();
  for (const line of pre) await client.command(line);
  client.send(oneWrite);
  expect(await client.reply()).toEqual([expect.stringMatching(/^220 /)]);
  await client.startTls();
  return client;
}

/** The dialogue of James to which a case refers. */
const dialogueOf = ({ ref = '' }: Case) => james(ref.replace('../james-mpt/', ''));

/** Plays the dialogue of a case, and gives the contents that were taken. */
async function contentsAfter(file: string): Promise<readonly string[]> {
  const { its, client } = await listening();
  const pairs = await play(james(file), client);
  expect(pairs.at(-1)?.ours.at(-1), file).toMatch(/^250 /);
  const mails = its.committed.flat().map(async ({ mail }) => (await mail.content.bytes()).toString());
  return Promise.all(mails);
}

const GOOD = selfSigned('mx.test');
const LOGIN = { auth: { user: 'ann', password: 'secret' } };

/** One attempt to relay over a next hop that says something more than 220, and then offers nothing at all under TLS. */
async function relayedOver(serverSends: string, options: object) {
  const heard: string[] = [];
  const hop = await scriptedHop(async session => {
    session.say('220 hop.test ESMTP\r\n');
    await session.hear(/EHLO .*\r\n$/);
    session.say('250-hop.test\r\n250 STARTTLS\r\n');
    await session.hear(/STARTTLS\r\n$/);
    session.socket.removeAllListeners('data');
    session.say(serverSends);
    const secure = new TLSSocket(session.socket, { isServer: true, secureContext: createSecureContext(GOOD) });
    secure.on('error', () => session.socket.destroy());
    secure.on('data', (octets: Buffer) => {
      heard.push(octets.toString());
      if (octets.toString().startsWith('EHLO ')) secure.write('250 hop.test\r\n');
      else session.socket.destroy();
    });
    await once(session.socket, 'close');
  });
  const relay = await relaying(options, { hosts: { '192.0.2.1:25': hop.port }, files: { 'ca.pem': GOOD.cert } });
  const outcomes = await relay.outcomes({ hosts: [MX] });
  await hop.over;
  return { outcome: outcomes['bob@example.test'], heard: heard.join('') };
}

/** What a case means, by its name. */
const CASES: Readonly<Record<string, (its: Case) => Promise<void>>> = {
  async 'cmd-after-starttls-same-segment'(its) {
    const client = await attacked(its);
    client.finish();
    expect(await client.rest()).toEqual([]);
  },

  async 'noop-after-starttls-no-ehlo'(its) {
    const client = await attacked(its);
    client.send('NOOP\r\nQUIT\r\n');
    expect(await client.rest()).toEqual([expect.stringMatching(/^250 /), expect.stringMatching(/^221 /)]);
  },

  async 'mail-after-starttls'(its) {
    const client = await attacked(its);
    expect(await client.command('EHLO yopmail.com')).toMatch(/^250-/);
    expect(await client.command('RCPT TO:<bob@mydomain.tld>')).toMatch(/^503 5\./);
  },

  async 'rcpt-with-starttls'(its) {
    const { its: gate, client } = await listening();
    await play(dialogueOf(its), client);
    expect(gate.committed.flat()[0]?.mail.envelope.recipients[0]?.forwardPath.localPart).toBe('starttls');
  },

  async 'data-content-starttls'() {
    expect(await contentsAfter('data_with_starttls.test')).toEqual([
      expect.stringMatching(/\r\n\r\ncontent starttls content\r\n$/),
    ]);
    expect(await contentsAfter('data_starts_with_starttls.test')).toEqual([
      expect.stringMatching(/\r\n\r\nstarttls content\r\n$/),
    ]);
  },

  async 'session-fixation'(its) {
    const { its: gate, client } = await listening();
    const pairs = await play(dialogueOf(its), client);
    expect(pairs.at(-1)?.ours).toEqual([expect.stringMatching(/^220 /)]);
    await client.startTls();
    expect(await client.command('DATA'), 'no greeting').toMatch(/^503 5\./);
    await client.command('EHLO yopmail.com');
    expect(await client.command('DATA'), 'no transaction').toMatch(/^503 5\./);
    await client.command('MAIL FROM:<bob@mydomain.tld>');
    expect(await client.command('RCPT TO:<matthieu@yopmail.com>'), 'no user').toMatch(/^550 5\.7\./);
    expect(gate.committed).toEqual([]);
  },

  async 'response-injection-client'({ serverSends = '' }) {
    const octets = serverSends.replaceAll(String.raw`\r\n`, '\r\n').split(' in one write')[0] ?? '';
    expect(octets).toMatch(/AUTH PLAIN\r\n$/);
    for (const tls of ['required', 'verified']) {
      const options = { ...LOGIN, tls, ...(tls === 'verified' ? { authorities: 'ca.pem' } : {}) };
      const { outcome, heard } = await relayedOver(octets, options);
      expect(outcome, tls).toMatchObject({ kind: 'deferred' });
      expect(heard, tls).not.toMatch(/AUTH|MAIL/);
    }
  },

  async 'stripped-capability'() {
    for (const tls of ['required', 'verified']) {
      const { outcomes, sink } = await relayingTo({}, { tls });
      expect(await outcomes(), tls).toEqual({
        'bob@example.test': expect.objectContaining({ kind: 'deferred', remote: REMOTE }),
      });
      expect(sink.commands.join(' '), tls).not.toMatch(/MAIL|RCPT|DATA/);
    }
  },

  async 'starttls-454-then-plaintext'() {
    const busy = { tls: GOOD, faults: { starttls: '454 4.7.0 TLS not available' } } as const;
    for (const tls of ['required', 'verified']) {
      const { outcomes, sink } = await relayingTo(busy, { tls });
      expect(await outcomes(), tls).toMatchObject({ 'bob@example.test': { kind: 'deferred' } });
      expect(sink.mails, tls).toEqual([]);
    }
    const { outcomes, sink } = await relayingTo(busy, { tls: 'opportunistic' });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(sink.mails[0]?.tls).toBe(false);
  },
};

describeWithCorpus('attacks on STARTTLS', () => {
  const cases = corpusPresent
    ? (JSON.parse(readFileSync(corpus('smtp', 'starttls', 'cases.json'), 'utf8')) as { cases: readonly Case[] }).cases
    : [];
  let passed = 0;

  test.for(cases)('$name', async its => {
    const meaning = CASES[its.name];
    if (meaning === undefined) throw new Error('nobody has said yet what this case means for us');
    await meaning(its);
    passed += 1;
  });

  afterAll(() => {
    console.info(`smtp/starttls: ${passed} passed, ${cases.length - passed} failed`);
  });
});
