/** The key of an author whom nobody knows is asked for at his domain, and believed for his address alone. */
import { PacketList, UserAttributePacket } from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import { armoredBlocks } from '../../../core/openpgp/armor.ts';
import type { FakeZones } from '../../../core/testing/fake-resolver.ts';
import { faultsIn, harness } from '../../../core/testing.ts';
import pgpVerify from '../../../plugins/pgp-verify/index.ts';
import { type Answer, httpsServer } from '../../support/https-server.ts';
import {
  detached,
  FROM_ANN,
  makeKey,
  multipartSigned,
  NOW,
  PART,
  revoked,
  type TestKey,
} from '../../support/openpgp-signing.ts';

const ADVANCED = 'openpgpkey.example.test';
const DIRECT = 'example.test';
const PUBLIC = '1.2.3.4';
const BOTH: FakeZones = { [ADVANCED]: { A: [PUBLIC] }, [DIRECT]: { A: [PUBLIC] } };
const ONLY_DIRECT: FakeZones = { [DIRECT]: { A: [PUBLIC] } };
const HASH = 'hu/ihazm7cyqeqzuqyogi31b3ptf4uwscn9?l=ann';
const ADVANCED_URL = new RegExp(`^https://${ADVANCED}/\\.well-known/openpgpkey/${DIRECT}/hu/[a-z0-9]{32}\\?l=ann$`);
const DIRECT_URL = new RegExp(`^https://${DIRECT}/\\.well-known/openpgpkey/hu/[a-z0-9]{32}\\?l=ann$`);

let ann: TestKey;
let eve: TestKey;
let mail: string;

beforeAll(async () => {
  ann = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
  eve = await makeKey([{ name: 'Eve', email: 'eve@example.test' }]);
  mail = FROM_ANN + multipartSigned(PART, await detached(PART, [ann]));
});

const octetsOf = ({ publicKey }: TestKey) => Buffer.from(publicKey.write());

interface WorldWishes {
  readonly dns?: FakeZones;
  readonly wkd?: object;
  readonly files?: Readonly<Record<string, string>>;
  /** More hosts than those of example.test. */
  readonly hosts?: readonly string[];
}

async function world(
  answer: (url: string) => Answer | 'hangs' | undefined,
  { dns = ONLY_DIRECT, wkd = {}, files = {}, hosts = [] }: WorldWishes = {},
) {
  const server = await httpsServer([DIRECT, ADVANCED, 'elsewhere.test', ...hosts], answer);
  const mounted = await harness(
    pgpVerify,
    { keyring: './keys', header: false, wkd: { authorities: './ca.pem', ...wkd } },
    {
      files: { 'keys/README': '', 'ca.pem': server.authorities, ...files },
      dns,
      hosts: { [`${PUBLIC}:443`]: server.port },
      now: NOW,
    },
  );
  const factsOf = async (text: string) => {
    const said = await mounted.data(text);
    if (said?.kind !== 'note') throw new Error('no note');
    return said.facts;
  };
  return { ...mounted, server, factsOf };
}

describe('a key that a domain publishes', () => {
  test('makes a signature good, and is asked for at the direct place', async () => {
    const { factsOf, server } = await world(() => ({ body: octetsOf(ann) }));
    expect(await factsOf(mail)).toMatchObject({
      pgp: 'good',
      'pgp.aligned': true,
      'pgp.signer': 'ann@example.test',
      'pgp.source': 'wkd',
    });
    expect(server.asked).toEqual([expect.stringMatching(DIRECT_URL)]);
  });

  test('is asked for at the advanced place alone, where there is one', async () => {
    const { factsOf, server } = await world(
      url => (url.includes(ADVANCED) ? { status: 404 } : { body: octetsOf(ann) }),
      {
        dns: BOTH,
      },
    );
    expect(await factsOf(mail)).toMatchObject({ pgp: 'unknown-key' });
    expect(server.asked).toEqual([expect.stringMatching(ADVANCED_URL)]);
  });

  test('that was revoked makes the signature revoked', async () => {
    const armored = await revoked(ann);
    const [block] = armoredBlocks(Buffer.from(armored));
    const { factsOf } = await world(() => ({ body: block?.octets ?? '' }));
    expect(await factsOf(mail)).toMatchObject({ pgp: 'revoked' });
  });

  test('is not asked for where the keyring has it, or nothing is signed', async () => {
    const { factsOf, server } = await world(() => ({ body: octetsOf(ann) }), {
      files: { 'keys/ann.asc': ann.publicKey.armor() },
    });
    expect(await factsOf(mail)).toMatchObject({ pgp: 'good', 'pgp.source': 'keyring' });
    expect(await factsOf(`${FROM_ANN}\r\nhello\r\n`)).toMatchObject({ pgp: 'none' });
    expect(server.asked).toEqual([]);
  });

  test('may stand behind redirects inside the domain', async () => {
    const { factsOf, server } = await world(url =>
      url.includes('/moved/')
        ? { body: octetsOf(ann) }
        : { status: 301, headers: { Location: `https://${DIRECT}/moved/${HASH}` } },
    );
    expect(await factsOf(mail)).toMatchObject({ pgp: 'good' });
    expect(server.asked).toHaveLength(2);
  });
});

describe('spoofing: what a directory says of others counts for nothing', () => {
  test('a key of another address', async () => {
    const { factsOf } = await world(() => ({ body: octetsOf(eve) }));
    expect(await factsOf(FROM_ANN + multipartSigned(PART, await detached(PART, [eve])))).toMatchObject({
      pgp: 'unknown-key',
      'pgp.aligned': false,
    });
  });

  test('a key with another address beside the right one speaks for the right one alone', async () => {
    const both = await makeKey([{ email: 'boss@bank.test' }, { email: 'ann@example.test' }]);
    const { factsOf } = await world(() => ({ body: octetsOf(both) }));
    expect(await factsOf(FROM_ANN + multipartSigned(PART, await detached(PART, [both])))).toMatchObject({
      pgp: 'good',
      'pgp.signer': 'ann@example.test',
    });
  });

  test('two Froms: nobody is asked', async () => {
    const { factsOf, server } = await world(() => ({ body: octetsOf(ann) }));
    expect(await factsOf(`From: eve@example.test\r\n${mail}`)).toMatchObject({ pgp: 'unknown-key' });
    expect(server.asked).toEqual([]);
  });
});

describe('server-side request forgery', () => {
  test.each([
    { title: 'to another domain', to: 'https://elsewhere.test/x' },
    { title: 'to a domain that only ends alike', to: 'https://evilexample.test/x' },
    { title: 'without TLS', to: `http://${DIRECT}/x` },
    { title: 'to another port', to: `https://${DIRECT}:25/x` },
    { title: 'to an address', to: 'https://127.0.0.1/x' },
  ])('a redirect $title is not followed', async ({ to }) => {
    const { factsOf, server, network } = await world(() => ({ status: 302, headers: { Location: to } }), {
      dns: { ...ONLY_DIRECT, 'elsewhere.test': { A: [PUBLIC] }, 'evilexample.test': { A: [PUBLIC] } },
    });
    expect(await factsOf(mail)).toMatchObject({ pgp: 'unknown-key' });
    expect(server.asked).toHaveLength(1);
    expect(network.attempts).toHaveLength(1);
  });

  test('redirects without end come to one', async () => {
    const { factsOf, server } = await world(url => ({ status: 302, headers: { Location: url } }));
    expect(await factsOf(mail)).toMatchObject({ pgp: 'unknown-key' });
    expect(server.asked).toHaveLength(4);
  });

  test('a domain that leads to a private address is not asked', async () => {
    const { factsOf, network, log } = await world(() => ({}), { dns: { [DIRECT]: { A: ['10.0.0.1'] } } });
    expect(await factsOf(mail)).toMatchObject({ pgp: 'unknown-key' });
    expect(network.attempts).toEqual([]);
    expect(log.of('not found')).toHaveLength(1);
  });
});

describe('floods', () => {
  test('an answer is remembered for a day, and that there is none for an hour', async () => {
    let body: Buffer | null = null;
    const { factsOf, server, clock } = await world(() => (body === null ? undefined : { body }));
    for (let mails = 0; mails < 3; mails += 1) expect(await factsOf(mail)).toMatchObject({ pgp: 'unknown-key' });
    expect(server.asked).toHaveLength(1);
    body = octetsOf(ann);
    await clock.advance(60 * 60 * 1000);
    for (let mails = 0; mails < 3; mails += 1) expect(await factsOf(mail)).toMatchObject({ pgp: 'good' });
    expect(server.asked).toHaveLength(2);
    await clock.advance(24 * 60 * 60 * 1000);
    await factsOf(mail);
    expect(server.asked).toHaveLength(3);
  });

  test('many mails at one time ask once', async () => {
    const { factsOf, server } = await world(() => ({ body: octetsOf(ann) }));
    const all = await Promise.all(Array.from({ length: 10 }, () => factsOf(mail)));
    expect(all.every(facts => facts.pgp === 'good')).toBe(true);
    expect(server.asked).toHaveLength(1);
  });

  test('invented senders make us ask a domain 60 times an hour', async () => {
    const { factsOf, server, log } = await world(() => undefined);
    for (let at = 0; at < 70; at += 1) await factsOf(mail.replace('ann@example.test', `ann${at}@example.test`));
    expect(server.asked).toHaveLength(60);
    expect(log.of('not asked')).toHaveLength(1);
  });

  test('many large keys are not all remembered', async () => {
    const domains = Array.from({ length: 45 }, (_, at) => `d${at}.example.test`);
    // What pads a key is no user id, and costs nothing to check.
    const padding = new PacketList<never>();
    padding.push(
      Object.assign(new UserAttributePacket(), { attributes: [Buffer.alloc(200_000).toString('latin1')] }) as never,
    );
    const keys = await Promise.all(domains.map(domain => makeKey([{ email: `ann@${domain}` }])));
    const answers = new Map(
      domains.map((domain, at) => [domain, Buffer.concat([octetsOf(keys[at] ?? ann), padding.write()])]),
    );
    const { factsOf, server } = await world(url => ({ body: answers.get(new URL(url).hostname) ?? '' }), {
      hosts: domains,
      dns: Object.fromEntries(domains.map(domain => [domain, { A: [PUBLIC] }])),
    });
    const from = (at: number) => mail.replace('ann@example.test', `ann@d${at}.example.test`);
    for (const at of domains.keys()) expect(await factsOf(from(at))).toMatchObject({ pgp: 'unknown-key' });
    await factsOf(from(44));
    expect(server.asked).toHaveLength(45);
    await factsOf(from(0));
    expect(server.asked).toHaveLength(46);
  });

  test.each([
    { title: 'an answer without end', answer: () => ({ body: Buffer.alloc(1024 * 1024) }) },
    { title: 'something else than a key', answer: () => ({ body: '<html>hello</html>' }) },
    { title: 'an error', answer: () => ({ status: 500 }) },
    { title: 'nothing for too long', answer: () => 'hangs' as const },
  ])('$title: the key stays unknown, and the log says why', async ({ answer }) => {
    const { factsOf, log } = await world(answer, { wkd: { timeout: '200 ms' } });
    expect(await factsOf(mail)).toMatchObject({ pgp: 'unknown-key' });
    expect(log.of('not found')).toHaveLength(1);
  });
});

test('only the domains that are listed are asked', async () => {
  const { factsOf, server } = await world(() => ({ body: octetsOf(ann) }), { wkd: { domains: ['partner.example'] } });
  expect(await factsOf(mail)).toMatchObject({ pgp: 'unknown-key' });
  expect(server.asked).toEqual([]);
});

test('authorities that are not there are a complaint', async () => {
  const options = { keyring: './keys', wkd: { authorities: './ca.pem' } };
  const files = { 'keys/README': '' };
  expect(await faultsIn(pgpVerify, options, { files })).toEqual([
    expect.stringMatching(/^options\.wkd\.authorities: no authorities can be read at .*ca\.pem/),
  ]);
  expect(await faultsIn(pgpVerify, options, { files: { ...files, 'ca.pem': 'hello' } })).toEqual([
    expect.stringContaining('there is no certificate in it'),
  ]);
});
