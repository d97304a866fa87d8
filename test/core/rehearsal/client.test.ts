import { describe, expect, test } from 'vitest';
import { lastReply, staged } from './staging.ts';

describe('a client that has to say who it is', () => {
  const LISTENER = 'tls: { cert: ./cert.pem, key: ./key.pem }, auth: required';
  const submission = () => staged(['{ use: users, options: { file: ./users } }'], { listener: LISTENER });

  test('and does not is refused at MAIL', async () => {
    const rehearsed = await (await submission()).rehearse();
    expect([rehearsed.verdict, lastReply(rehearsed)]).toEqual(['refused', expect.stringMatching(/^530 5\.7\.0/)]);
  });

  test('is believed, over TLS, and may send anywhere', async () => {
    const { verdict, session, exchanges, mails } = await (await submission()).rehearse({
      user: 'eve',
      to: ['bob@far.test'],
    });
    expect(verdict).toBe('accepted');
    expect(session).toMatchObject({ user: 'eve', tls: { version: 'TLSv1.3' } });
    expect(exchanges.map(({ stage }) => stage)).toEqual([
      'connect',
      'helo',
      'tls',
      'helo',
      'auth',
      'mail',
      'rcpt',
      'content',
    ]);
    expect(mails[0]?.trace[0]).toMatchObject({ hook: 'auth', answer: 'authenticated' });
    const received = (await mails[0]?.mail.content.bytes())?.toString() ?? '';
    expect(received).toContain('with ESMTPSA id');
    expect(received).toMatch(/^Message-ID: /m);
  });

  test('cannot without TLS where a password would be read', async () => {
    const rehearsed = await (await submission()).rehearse({ user: 'eve', tls: 'off' });
    expect([rehearsed.verdict, lastReply(rehearsed)]).toEqual(['refused', expect.stringMatching(/^538|^530/)]);
  });

  test('by a certificate, and has none, is refused', async () => {
    const listener =
      'tls: { cert: ./cert.pem, key: ./key.pem, clients: { authorities: ./cert.pem, certificate: required } }';
    const { rehearse } = await staged([], { listener });
    expect(lastReply(await rehearse({ tls: 'off' }))).toMatch(/^530 5\.7\.0/);
    expect(lastReply(await rehearse({ tls: 'on' }))).toMatch(/^530|^550|^554/);
    const certificate = { commonName: 'client', names: [], fingerprint: 'ab' };
    expect(await rehearse({ tls: 'on', certificate })).toMatchObject({ verdict: 'accepted' });
  });
});
