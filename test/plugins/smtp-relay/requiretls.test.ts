/** Mail that requires TLS on its whole way, and mail that would rather go without than not at all (RFC 8689). */
import { describe, expect, test } from 'vitest';
import type { SinkSettings } from '../../../core/testing.ts';
import { selfSigned } from '../../support/certificate.ts';
import { MX, REMOTE, relaying, sinkFor } from './relaying.ts';

const GOOD = selfSigned('mx.test', 'other.test');
const WRONG_NAME = selfSigned('somebody.test');
const UNKNOWN = selfSigned('mx.test');

const PROMISING = ['PIPELINING', 'SIZE', '8BITMIME', 'DSN', 'REQUIRETLS'];
const REQUIRED = { parameters: { requireTls: true } } as const;
const NO_PROMISE = { kind: 'bounced', remote: REMOTE, reply: { code: 550, status: '5.7.30' } };
const NO_TLS = { kind: 'bounced', remote: REMOTE, reply: { code: 550, status: '5.7.10' } };

/** The relay, which trusts `GOOD` and no other authority, and next hops at 192.0.2.1, 192.0.2.2 and so on. */
async function relayingTo(settings: readonly SinkSettings[], options: object = {}) {
  const sinks = await Promise.all(settings.map(sinkFor));
  const hosts = Object.fromEntries(sinks.map(({ port }, index) => [`192.0.2.${index + 1}:25`, port]));
  const relay = await relaying({ authorities: 'ca.pem', ...options }, { hosts, files: { 'ca.pem': GOOD.cert } });
  const host = { ...MX, addresses: sinks.map((_, index) => `192.0.2.${index + 1}`) };
  type Delivery = NonNullable<Parameters<typeof relay.outcomes>[0]>;
  const outcome = async (delivery: Delivery) =>
    (await relay.outcomes({ hosts: [host], ...delivery }))['bob@example.test'];
  return { ...relay, sinks, outcome };
}

const said = (sinks: Awaited<ReturnType<typeof relayingTo>>['sinks']) => sinks.flatMap(({ commands }) => commands);

describe('REQUIRETLS', () => {
  test.each(['off', 'opportunistic', 'required', 'verified'])(
    'with tls: %s the mail goes over verified TLS, and the demand goes along',
    async tls => {
      const { outcome, sinks } = await relayingTo([{ tls: GOOD, extensions: PROMISING }], { tls });
      expect(await outcome(REQUIRED)).toMatchObject({ kind: 'delivered' });
      expect(sinks[0]?.mails).toMatchObject([{ tls: true, parameters: expect.stringMatching(/ REQUIRETLS$/) }]);
    },
  );

  test('is not said for a mail that does not require it', async () => {
    const { outcome, sinks } = await relayingTo([{ tls: GOOD, extensions: PROMISING }], { tls: 'verified' });
    expect(await outcome({})).toMatchObject({ kind: 'delivered' });
    expect(said(sinks).join('\n')).not.toContain('REQUIRETLS');
  });

  test.each([
    { about: 'no TLS is offered', settings: { extensions: PROMISING }, want: NO_TLS },
    { about: 'the certificate is unknown', settings: { tls: UNKNOWN, extensions: PROMISING }, want: NO_TLS },
    { about: "the certificate is somebody else's", settings: { tls: WRONG_NAME, extensions: PROMISING }, want: NO_TLS },
    {
      about: 'STARTTLS is refused',
      settings: { tls: GOOD, extensions: PROMISING, faults: { starttls: '501 5.5.4 Never' } },
      want: NO_TLS,
    },
    { about: 'it is not offered', settings: { tls: GOOD, extensions: ['SIZE'] }, want: NO_PROMISE },
    {
      about: 'stripping attack: it is offered before TLS alone',
      settings: { tls: GOOD, extensions: PROMISING, extensionsOverTls: ['SIZE'] },
      want: NO_PROMISE,
    },
  ] as const)('$about: the mail comes back, and not a word of it was said', async ({ settings, want }) => {
    const { outcome, sinks } = await relayingTo([settings], { tls: 'opportunistic' });
    expect(await outcome(REQUIRED)).toMatchObject(want);
    expect(said(sinks).join('\n')).not.toMatch(/MAIL|bob@/);
  });

  test.each([
    { about: 'STARTTLS is refused for now', faults: { starttls: '454 4.7.0 Not now' }, status: '4.7.4' },
    { about: 'the connection breaks at STARTTLS', faults: { starttls: 'drop' }, status: '4.7.5' },
    { about: 'the greeting refuses for good, which anybody can say', faults: { connect: '554 No' }, status: '4.7.4' },
    { about: 'the connection breaks at the greeting', faults: { connect: 'drop' }, status: '4.4.2' },
  ] as const)('$about: the mail is tried again', async ({ faults, status }) => {
    const { outcome, sinks } = await relayingTo([{ tls: GOOD, extensions: PROMISING, faults }]);
    expect(await outcome(REQUIRED)).toMatchObject({ kind: 'deferred', reply: { status } });
    expect(sinks[0]?.mails).toEqual([]);
  });

  test('the next host is tried where one cannot be trusted', async () => {
    const { outcome, sinks } = await relayingTo([
      { extensions: PROMISING },
      { tls: GOOD, extensions: ['SIZE'] },
      { tls: WRONG_NAME, extensions: PROMISING },
      { tls: GOOD, extensions: PROMISING },
    ]);
    expect(await outcome(REQUIRED)).toMatchObject({ kind: 'delivered', remote: 'mx.test[192.0.2.4]:25' });
    expect(sinks.map(({ mails }) => mails.length)).toEqual([0, 0, 0, 1]);
  });

  test('while another host may be up again, nothing comes back', async () => {
    const { outcome } = await relayingTo([{ extensions: PROMISING }, { faults: { connect: 'drop' } }]);
    expect(await outcome(REQUIRED)).toMatchObject({ kind: 'deferred' });
  });

  test('it wins over the field TLS-Required: No', async () => {
    const { outcome } = await relayingTo([{ extensions: PROMISING }], { tls: 'required' });
    const content = 'TLS-Required: No\nSubject: x\n\nx\n';
    expect(await outcome({ ...REQUIRED, content })).toMatchObject(NO_TLS);
  });

  describe('a notification, from the null reverse-path,', () => {
    const NOTIFICATION = { from: '<>', ...REQUIRED };

    test('goes where it is protected, even behind a host that is not', async () => {
      const { outcome, sinks } = await relayingTo([{ extensions: PROMISING }, { tls: GOOD, extensions: PROMISING }]);
      expect(await outcome(NOTIFICATION)).toMatchObject({ kind: 'delivered' });
      expect(sinks.map(({ mails }) => mails.length)).toEqual([0, 1]);
      expect(sinks[1]?.mails[0]?.parameters).toMatch(/REQUIRETLS$/);
    });

    test.each([
      { about: 'nobody promises it', settings: { tls: GOOD, extensions: ['SIZE'] }, tls: true },
      { about: 'nobody has TLS', settings: { extensions: PROMISING }, tls: false },
    ])('goes without rather than be lost, where $about, and does not claim it', async ({ settings, tls }) => {
      const { outcome, sinks } = await relayingTo([settings, settings]);
      expect(await outcome(NOTIFICATION)).toMatchObject({ kind: 'delivered' });
      expect(sinks[0]?.mails).toMatchObject([{ tls, parameters: expect.not.stringContaining('REQUIRETLS') }]);
    });

    test("still has to meet the operator's own demand", async () => {
      const { outcome, sinks } = await relayingTo([{ tls: UNKNOWN }], { tls: 'verified' });
      expect(await outcome(NOTIFICATION)).toMatchObject({ kind: 'deferred', reply: { status: '4.7.5' } });
      expect(sinks[0]?.mails).toEqual([]);
    });
  });
});

describe('TLS-Required: No', () => {
  const WAIVED = { content: 'TLS-Required: No\nSubject: x\n\nx\n' };

  test.each([
    { tls: 'required', settings: {} },
    { tls: 'verified', settings: {} },
    { tls: 'verified', settings: { tls: GOOD, faults: { starttls: '454 4.7.0 Not now' } } },
  ] as const)('with tls: $tls the mail goes in the clear where it must', async ({ tls, settings }) => {
    const { outcome, sinks } = await relayingTo([settings], { tls });
    expect(await outcome(WAIVED)).toMatchObject({ kind: 'delivered' });
    expect(sinks[0]?.mails[0]?.tls).toBe(false);
  });

  test('TLS is taken where there is some, with whatever certificate', async () => {
    const { outcome, sinks } = await relayingTo([{ tls: WRONG_NAME }], { tls: 'verified' });
    expect(await outcome({ content: 'tls-required:no\n\nx\n' })).toMatchObject({ kind: 'delivered' });
    expect(sinks[0]?.mails[0]?.tls).toBe(true);
  });

  test.each([
    { about: 'nothing of the kind is said', content: 'Subject: x\n\nTLS-Required: No\n' },
    { about: 'something else is said', content: 'TLS-Required: Yes\n\nx\n' },
    { about: 'it is said twice', content: 'TLS-Required: No\nTLS-Required: No\n\nx\n' },
  ])('$about: the policy of the operator holds', async ({ content }) => {
    const { outcome, sinks } = await relayingTo([{}], { tls: 'required' });
    expect(await outcome({ content })).toMatchObject({ kind: 'deferred', reply: { status: '4.7.4' } });
    expect(sinks[0]?.mails).toEqual([]);
  });

  test('an operator may ignore it', async () => {
    const { outcome } = await relayingTo([{}], { tls: 'required', tlsRequiredNo: 'ignore' });
    expect(await outcome(WAIVED)).toMatchObject({ kind: 'deferred', reply: { status: '4.7.4' } });
  });

  test('password in the clear: where we log in it changes nothing', async () => {
    const auth = { user: 'gateway', password: 'secret' };
    const { outcome, sinks } = await relayingTo([{ auth }], { tls: 'required', auth });
    expect(await outcome(WAIVED)).toMatchObject({ kind: 'deferred', reply: { status: '4.7.4' } });
    expect(said(sinks).join('\n')).not.toContain('AUTH');
  });

  test('tls: off stays off', async () => {
    const { outcome, sinks } = await relayingTo([{ tls: GOOD }], { tls: 'off' });
    expect(await outcome(WAIVED)).toMatchObject({ kind: 'delivered' });
    expect(sinks[0]?.mails[0]?.tls).toBe(false);
  });
});
