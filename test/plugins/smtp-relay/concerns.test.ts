/** What a deferral says of the destination: whether others there may fare better at this moment. */
import { describe, expect, test } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';
import { until } from '../../support/until.ts';
import { MX, relaying, relayingTo } from './relaying.ts';

const CERTIFICATE = selfSigned('other.test');
const concerning = (concerns: string) => ({ 'bob@example.test': { kind: 'deferred', concerns } });

describe('the destination is the trouble where', () => {
  test.each([
    { about: 'the greeting refuses for now', settings: { faults: { connect: '450 4.3.2 Later' } } },
    { about: 'the greeting says 421', settings: { faults: { connect: '421 4.3.2 Busy' } } },
    { about: 'nobody greets', settings: { faults: { connect: 'drop' } } },
    { about: 'EHLO ends it', settings: { faults: { ehlo: 'drop' } } },
    { about: 'MAIL ends it', settings: { faults: { mail: 'drop' } } },
    { about: 'MAIL says 421', settings: { faults: { mail: '421 4.7.0 Too many from you' } } },
    { about: 'MAIL is refused by a machine that is full', settings: { faults: { mail: '452 4.3.1 Disk full' } } },
    { about: 'RCPT ends it', settings: { faults: { rcpt: 'drop' } } },
    { about: 'RCPT says 421', settings: { faults: { rcpt: '421 4.3.2 Closing' } } },
    { about: 'DATA ends it', settings: { faults: { data: 'drop' } } },
    { about: 'the end of the content is answered by 421', settings: { faults: { content: '421 4.3.2 Closing' } } },
    { about: 'TLS is required and not offered', settings: {}, options: { tls: 'required' } },
    { about: 'TLS fails', settings: { tls: CERTIFICATE }, options: { tls: 'verified' } },
    {
      about: 'our login is refused',
      settings: { auth: { user: 'us', password: 'right' } },
      options: { tls: 'off', auth: { user: 'us', password: 'wrong' } },
    },
    {
      about: 'there is no login',
      settings: {},
      options: { tls: 'off', auth: { user: 'us', password: 'x' } },
    },
    {
      about: 'the login is answered by 421',
      settings: { auth: { user: 'us', password: 'x' }, faults: { auth: '421 4.3.2 Closing' } },
      options: { tls: 'off', auth: { user: 'us', password: 'x' } },
    },
  ] as const)('$about', async ({ settings, ...rest }) => {
    const { outcomes } = await relayingTo(settings, 'options' in rest ? rest.options : {});
    expect(await outcomes()).toMatchObject(concerning('destination'));
  });

  test('nobody can be connected to', async () => {
    const { outcomes } = await relaying({}, { hosts: { '192.0.2.1:25': 'ETIMEDOUT' } });
    expect(await outcomes({ hosts: [MX] })).toMatchObject(concerning('destination'));
  });

  test.each([{ dns: {} }, { dns: { 'smarthost.test': 'unavailable' } }] as const)(
    'DNS has no address of the host ($dns)',
    async ({ dns }) => {
      const { outcomes } = await relaying({}, { dns });
      expect(await outcomes({ hosts: ['smarthost.test'] })).toMatchObject(concerning('destination'));
    },
  );

  test.each([
    { at: 'MAIL', faults: { mail: 'silent' } },
    { at: 'the end of the content', faults: { content: 'silent' } },
  ] as const)('it is silent at $at', async ({ faults }) => {
    const { outcomes, clock, sink } = await relayingTo({ extensions: [], faults });
    const attempt = outcomes();
    await until(() => expect(sink.commands.at(-1)).toMatch('mail' in faults ? /MAIL/ : /DATA/));
    for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve));
    await clock.advance(10 * 60_000);
    expect(await attempt).toMatchObject(concerning('destination'));
  });
});

describe('the recipient, or the mail, is the trouble where', () => {
  test.each([
    { about: 'MAIL is refused for its sake', faults: { mail: '451 4.7.1 Greylisted' } },
    { about: 'MAIL is refused without a status', faults: { mail: '451 Not now' } },
    { about: 'RCPT is refused', faults: { rcpt: '450 4.2.1 Mailbox busy' } },
    { about: 'RCPT is refused by a machine in trouble', faults: { rcpt: '451 4.3.0 Look-up failed' } },
    { about: 'DATA is refused', faults: { data: '452 4.3.1 Full' } },
    { about: 'the content is refused', faults: { content: '451 4.7.1 Looks odd' } },
    { about: 'the content is never answered, for the connection breaks', faults: { content: 'drop' } },
  ] as const)('$about', async ({ faults }) => {
    const { outcomes } = await relayingTo({ faults });
    expect(await outcomes()).toMatchObject(concerning('recipient'));
  });

  test('only this mail requires the TLS that breaks', async () => {
    const { outcomes } = await relayingTo({ tls: CERTIFICATE, faults: { starttls: '454 4.7.0 Not now' } });
    expect(await outcomes({ parameters: { requireTls: true } })).toMatchObject(concerning('recipient'));
  });
});
