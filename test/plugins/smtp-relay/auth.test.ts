/** Logging in at a smarthost, and the options that go with it. */
import { describe, expect, test } from 'vitest';
import { faultsIn, type SinkSettings } from '../../../core/testing.ts';
import smtpRelay from '../../../plugins/smtp-relay/index.ts';
import { selfSigned } from '../../support/certificate.ts';
import { REMOTE, relayingTo } from './relaying.ts';

const TLS = selfSigned('mx.test');
const ACCOUNT = { user: 'gateway', password: 'correct horse' };
const asUser = (password: string) => ({ tls: 'required', auth: { user: 'gateway', password } });

describe('a smarthost', () => {
  test('is told who we are, under TLS', async () => {
    const { outcomes, sink } = await relayingTo({ tls: TLS, auth: ACCOUNT }, asUser('correct horse'));
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(sink.mails[0]).toMatchObject({ user: 'gateway', tls: true });
  });

  test.each([
    { about: 'refuses the password', settings: { auth: ACCOUNT }, want: { code: 454, status: '4.7.8' } },
    { about: 'offers no AUTH', settings: {}, want: { code: 454, status: '4.7.0' } },
    {
      about: 'hangs up during AUTH',
      settings: { auth: { ...ACCOUNT, password: 'wrong' }, faults: { auth: 'drop' } },
      want: { code: 451, status: '4.4.2' },
    },
  ] as const)('that $about defers all mail, and no password is in the log', async ({ settings, want }) => {
    const sink: SinkSettings = { tls: TLS, ...settings };
    const { outcomes, log } = await relayingTo(sink, asUser('wrong'));
    const found = await outcomes();
    expect(found).toMatchObject({ 'bob@example.test': { kind: 'deferred', reply: want, remote: REMOTE } });
    expect(log.text() + JSON.stringify(found)).not.toMatch(/wrong|d3Jvbmc/);
  });

  test('without TLS gets the password only where the configuration says off', async () => {
    const options = { ...asUser('correct horse'), tls: 'off' };
    const { outcomes, sink } = await relayingTo({ auth: ACCOUNT }, options);
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(sink.mails[0]).toMatchObject({ user: 'gateway', tls: false });
  });

  test('that offers no TLS never sees the password', async () => {
    const { outcomes, sink } = await relayingTo({ auth: ACCOUNT }, asUser('correct horse'));
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { reply: { status: '4.7.4' } } });
    expect(sink.commands.join('\n')).not.toContain('AUTH');
  });
});

test('EHLO says the name of the options, or our hostname', async () => {
  const named = await relayingTo({}, { hostname: 'Out.Example.Test' });
  await named.outcomes();
  expect(named.sink.mails[0]?.greeting).toBe('out.example.test');
  const unnamed = await relayingTo();
  await unnamed.outcomes();
  expect(unnamed.sink.mails[0]?.greeting).toBe('mx.example.test');
});

test.each([
  { options: { tls: 'yes' }, want: /options\.tls/ },
  { options: { auth: { user: 'x', password: 'y' } }, want: /options\.tls: with auth, say tls: verified or required/ },
  { options: { auth: { user: 'x' }, tls: 'verified' }, want: /options\.auth\.password: is missing: a secret/ },
  { options: { authorities: 'missing.pem' }, want: /options\.authorities: \/config\/missing\.pem does not exist/ },
  { options: { timeouts: { connect: 30 } }, want: /options\.timeouts\.connect: a duration/ },
  { options: { timeouts: { connect: '2 h' } }, want: /options\.timeouts\.connect: must be at most 1 h/ },
  { options: { port: 25 }, want: /port/ },
])('$options is refused', async ({ options, want }) => {
  expect((await faultsIn(smtpRelay, options)).join('\n')).toMatch(want);
});
