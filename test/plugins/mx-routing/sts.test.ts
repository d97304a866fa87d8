/** MTA-STS (RFC 8461): fetching by its strict rules, keeping, and what who stands in the way can do. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FILES } from '../../../core/index.ts';
import { type FakeZones, type HarnessSettings, harness, provide } from '../../../core/testing.ts';
import mxRouting from '../../../plugins/mx-routing/index.ts';
import { stsIdIn } from '../../../plugins/mx-routing/sts-record.ts';
import { authority, type TestCertificate } from '../../support/certificate.ts';
import { type PolicyAnswer, policyServer } from '../../support/policy-server.ts';
import { until } from '../../support/until.ts';

const CA = authority('Tests');
const issued = (dns: string, wishes = {}) => CA.issue({ commonName: dns, dns: [dns], ...wishes });
const GOOD = issued('mta-sts.example.test');
const policy = (mode = 'enforce', mx = 'mail.example.test', maxAge = 86_400) =>
  `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: ${maxAge}\r\n`;
/** A public address, as DNS says it. Connections to it lead to the server on loopback. */
const WEB = '1.2.3.4';
const DAY = 24 * 3_600_000;

const zones = (changes: FakeZones = {}): FakeZones => ({
  'example.test': {
    MX: [
      [10, 'mail.example.test'],
      [20, 'other.test'],
    ],
  },
  'mail.example.test': { A: ['192.0.2.1'] },
  'other.test': { A: ['192.0.2.2'] },
  '_mta-sts.example.test': { TXT: ['v=STSv1; id=1'] },
  'mta-sts.example.test': { A: [WEB] },
  ...changes,
});

interface Setting {
  readonly answer?: PolicyAnswer;
  readonly certificate?: TestCertificate;
  readonly dns?: FakeZones;
  readonly options?: object;
  readonly settings?: HarnessSettings;
}

async function setup({ answer, certificate = GOOD, dns, options = {}, settings = {} }: Setting = {}) {
  const server = await policyServer(certificate, answer ?? { body: policy() });
  const plugin = await harness(
    mxRouting,
    { privateAddresses: 'allow', sts: { authorities: 'ca.pem' }, ...options },
    {
      dns: zones(dns),
      files: { 'ca.pem': CA.cert },
      hosts: { [`${WEB}:443`]: server.port, '127.0.0.1:443': server.port },
      ...settings,
    },
  );
  const ask = () => plugin.route('bob@example.test', { transport: 'internet' });
  /** The hosts, each with what it must do: `mail.example.test verify`. */
  const hosts = async () => {
    const found = await ask();
    if (found?.kind !== 'route') return found;
    return (found.hosts ?? []).map(
      ({ name, tls }) => `${name} ${tls === undefined ? '-' : `${tls.level} ${tls.mode}`}`,
    );
  };
  return { ...plugin, server, ask, hosts };
}

const NO_POLICY = ['mail.example.test -', 'other.test -'];
const ENFORCED = ['mail.example.test verify enforce'];

describe('a policy', () => {
  test('to enforce keeps mail from hosts that it does not name, and demands a certificate of the others', async () => {
    const { hosts, server, tlsReports } = await setup();
    expect(await hosts()).toEqual(ENFORCED);
    expect(server.asked).toEqual(['mta-sts.example.test /.well-known/mta-sts.txt']);
    expect(tlsReports.sessions).toMatchObject([{ failure: { type: 'validation-failure', host: 'other.test' } }]);
  });

  test('to enforce that names none of the hosts defers the mail, and never returns it', async () => {
    const { ask } = await setup({ answer: { body: policy('enforce', 'elsewhere.test') } });
    expect(await ask()).toMatchObject({ kind: 'defer', reply: { code: 451, status: '4.7.5' } });
  });

  test('to test keeps no mail from anybody', async () => {
    const { hosts } = await setup({ answer: { body: policy('testing') } });
    expect(await hosts()).toEqual(['mail.example.test verify testing', 'other.test -']);
  });

  test('of none is none', async () => {
    const { hosts } = await setup({ answer: { body: policy('none') } });
    expect(await hosts()).toEqual(NO_POLICY);
  });

  test('gives way to DANE where a host has both (RFC 8461 section 2)', async () => {
    const dnssec = 'secure';
    const tlsa = { usage: 3, selector: 1, matchingType: 1, data: 'ab'.repeat(32) };
    const { hosts } = await setup({
      dns: {
        'example.test': { MX: [[10, 'mail.example.test']], dnssec },
        'mail.example.test': { A: ['192.0.2.1'], dnssec },
        '_25._tcp.mail.example.test': { TLSA: [tlsa], dnssec },
      },
    });
    expect(await hosts()).toEqual(['mail.example.test dane enforce']);
  });

  test('is not asked for where sts is off, and not for an address literal', async () => {
    const off = await setup({ options: { sts: 'off' } });
    expect(await off.hosts()).toEqual(NO_POLICY);
    const literal = await setup();
    await literal.route('bob@[192.0.2.1]', { transport: 'internet' });
    for (const { resolver } of [off, literal]) expect(resolver.queries.join()).not.toContain('_mta-sts');
  });
});

describe('what is fetched is no policy where', () => {
  const refused: readonly (Setting & { readonly about: string; readonly type: string })[] = [
    {
      about: 'it is a redirection',
      type: 'sts-policy-fetch-error',
      answer: { status: 301, headers: { Location: 'https://mta-sts.example.test/' }, body: policy() },
    },
    { about: 'it is not there', type: 'sts-policy-fetch-error', answer: { status: 404, body: policy() } },
    {
      about: 'it is HTML',
      type: 'sts-policy-fetch-error',
      answer: { headers: { 'Content-Type': 'text/html' }, body: policy() },
    },
    { about: 'it is too long', type: 'sts-policy-invalid', answer: { body: policy() + 'mx: a.test\n'.repeat(10_000) } },
    {
      about: 'it lacks its mode',
      type: 'sts-policy-invalid',
      answer: { body: 'version: STSv1\nmx: a.test\nmax_age: 1\n' },
    },
    {
      about: 'it is of another version',
      type: 'sts-policy-invalid',
      answer: { body: policy().replace('STSv1', 'STSv2') },
    },
    { about: 'the certificate is for another name', type: 'sts-webpki-invalid', certificate: issued('example.test') },
    {
      about: 'the certificate has expired',
      type: 'sts-webpki-invalid',
      certificate: issued('mta-sts.example.test', { from: -9, until: -2 }),
    },
    {
      about: 'nobody vouches for the certificate',
      type: 'sts-webpki-invalid',
      certificate: authority('Stranger').issue({ commonName: 'x', dns: ['mta-sts.example.test'] }),
    },
  ];

  test.each(refused)('$about', async ({ type, ...setting }) => {
    const { hosts, tlsReports, log } = await setup(setting);
    expect(await hosts()).toEqual(NO_POLICY);
    expect(tlsReports.sessions).toMatchObject([{ policy: { type: 'sts', domain: 'example.test' }, failure: { type } }]);
    expect(log.of('failed')).toHaveLength(1);
  });

  test('nothing comes in time', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const port = (silent.address() as AddressInfo).port;
    const options = { sts: { timeout: '100 ms' } };
    const { ask, tlsReports } = await setup({ options, settings: { hosts: { [`${WEB}:443`]: port } } });
    expect(await ask()).toMatchObject({ kind: 'route' });
    expect(tlsReports.sessions).toMatchObject([{ failure: { type: 'sts-policy-fetch-error' } }]);
  });
});

test('rebinding: a policy is not fetched from a private address', async () => {
  const { ask, network } = await setup({
    dns: { 'mta-sts.example.test': { A: ['127.0.0.1', '10.0.0.1'], AAAA: ['::1', '::ffff:127.0.0.1'] } },
  });
  await ask();
  expect(network.attempts).toEqual([]);
});

describe('downgrade: a policy that was seen holds until it expires', () => {
  test('when its announcement is gone', async () => {
    const { hosts, resolver, clock } = await setup();
    expect(await hosts()).toEqual(ENFORCED);
    resolver.set(zones({ '_mta-sts.example.test': {} }));
    await clock.advance(DAY - 1000);
    expect(await hosts()).toEqual(ENFORCED);
    await clock.advance(2000);
    expect(await hosts()).toEqual(NO_POLICY);
  });

  test('when DNS does not answer for it', async () => {
    const { hosts, resolver } = await setup();
    await hosts();
    resolver.set(zones({ '_mta-sts.example.test': 'unavailable' }));
    expect(await hosts()).toEqual(ENFORCED);
  });

  test('when another one is announced and cannot be had', async () => {
    const { hosts, resolver, server } = await setup();
    await hosts();
    resolver.set(zones({ '_mta-sts.example.test': { TXT: ['v=STSv1; id=2'] } }));
    server.answer({ status: 500 });
    expect(await hosts()).toEqual(ENFORCED);
  });

  test('over a restart', async () => {
    const first = await setup();
    await first.hosts();
    expect(first.files.paths()).toContain('/config/var/mta-sts/example.test');
    const dns = zones({ '_mta-sts.example.test': {} });
    const second = await setup({ settings: { provide: [provide(FILES, first.files)], dns } });
    expect(await second.hosts()).toEqual(ENFORCED);
    expect(second.server.asked).toEqual([]);
  });

  test('in memory where the disk does not take it, and the log says so once', async () => {
    const { hosts, files, log, resolver } = await setup();
    files.fail('var/mta-sts/example.test', 'ENOSPC', 'replace');
    await hosts();
    resolver.set(zones({ '_mta-sts.example.test': {} }));
    expect(await hosts()).toEqual(ENFORCED);
    expect(log.of('troubled')).toHaveLength(1);
  });
});

describe('a policy is fetched', () => {
  test('once, however many mails want it', async () => {
    const { ask, server } = await setup();
    await Promise.all(Array.from({ length: 20 }, ask));
    await ask();
    expect(server.asked).toHaveLength(1);
  });

  test('anew when its id changes', async () => {
    const { hosts, server, resolver } = await setup();
    await hosts();
    resolver.set(zones({ '_mta-sts.example.test': { TXT: ['v=STSv1; id=2'] } }));
    server.answer({ body: policy('none') });
    expect(await hosts()).toEqual(NO_POLICY);
    expect(server.asked).toHaveLength(2);
  });

  test('anew in the background when it is a day old, so that it does not expire', async () => {
    const { hosts, server, clock, resolver } = await setup({
      answer: { body: policy('enforce', 'mail.example.test', 90_000) },
    });
    await hosts();
    await clock.advance(DAY);
    expect(await hosts()).toEqual(ENFORCED);
    await until(() => expect(server.asked).toHaveLength(2));
    resolver.set(zones({ '_mta-sts.example.test': {} }));
    await clock.advance(80_000_000);
    expect(await hosts()).toEqual(ENFORCED);
  });

  test('not again for five minutes where it could not be had', async () => {
    const { hosts, server, clock } = await setup({ answer: { status: 500 } });
    await hosts();
    await hosts();
    expect(server.asked).toHaveLength(1);
    server.answer({ body: policy() });
    await clock.advance(5 * 60_000);
    expect(await hosts()).toEqual(ENFORCED);
  });
});

test.each([
  [['v=STSv1; id=20160831085700Z;'], '20160831085700Z'],
  [['v=spf1 -all', 'v=STSv1;id=a ; x=y'], 'a'],
  [['v=STSv1; id=a', 'v=STSv1; id=b'], null],
  [['v=STSv1'], null],
  [['v=STSv1; id=with-hyphen'], null],
  [['v=STSv2; id=a'], null],
  [[], null],
] as const)('the records %j announce the policy %j', (records, want) => {
  expect(stsIdIn(records)).toBe(want);
});
