/** The web port: a local server answers, and nobody is asked who should not be. */
import { describe, expect, test } from 'vitest';
import { systemWeb } from '../../../core/system/web.ts';
import { fakeNetwork } from '../../../core/testing/fake-network.ts';
import { type FakeZones, fakeResolver } from '../../../core/testing/fake-resolver.ts';
import { type Answer, httpsServer } from '../../support/https-server.ts';

const HOST = 'www.example.test';
/** A public address, as DNS says it. Connections to it lead to the server on loopback. */
const PUBLIC = '1.2.3.4';

async function world(
  answer: (url: string) => Answer | 'hangs' | undefined,
  dns: FakeZones = { [HOST]: { A: [PUBLIC] } },
) {
  const server = await httpsServer([HOST], answer);
  const network = fakeNetwork({ [`${PUBLIC}:443`]: server.port, [`${PUBLIC}:8443`]: server.port });
  const web = systemWeb({ resolver: fakeResolver(dns), network });
  const get = (url: string, more: { maxSize?: number; timeout?: number; authorities?: string | null } = {}) =>
    web.get(
      { url: new URL(url), maxSize: 1000, timeout: 5000, authorities: server.authorities, ...more },
      new AbortController().signal,
    );
  return { server, network, get, web };
}

test('an answer comes back as it is', async () => {
  const { get, server } = await world(() => ({ body: 'hello' }));
  expect(await get(`https://${HOST}/a/b?c=d`)).toEqual({
    kind: 'answered',
    status: 200,
    location: null,
    mediaType: null,
    body: Buffer.from('hello'),
  });
  expect(server.asked).toEqual([`https://${HOST}/a/b?c=d`]);
});

test('an answer says what it is', async () => {
  const { get } = await world(() => ({ headers: { 'Content-Type': 'Text/Plain; charset=utf-8' }, body: 'x' }));
  expect(await get(`https://${HOST}/`)).toMatchObject({ mediaType: 'text/plain' });
});

test('a redirect is an answer and not followed', async () => {
  const { get, server } = await world(() => ({ status: 302, headers: { Location: 'https://other.test/' } }));
  expect(await get(`https://${HOST}/`)).toMatchObject({ status: 302, location: 'https://other.test/' });
  expect(server.asked).toHaveLength(1);
});

test('the second address is tried where the first one is down', async () => {
  const { get } = await world(() => ({ body: 'x' }), { [HOST]: { A: ['9.9.9.9', PUBLIC] } });
  expect(await get(`https://${HOST}/`)).toMatchObject({ kind: 'answered' });
});

test('a host that DNS does not know is told apart from one that is down', async () => {
  const { get } = await world(() => ({}), {
    'empty.test': {},
    'broken.test': 'unavailable',
    [HOST]: { A: ['9.9.9.9'] },
  });
  expect(await get('https://gone.test/')).toEqual({ kind: 'no-such-host' });
  expect(await get('https://empty.test/')).toEqual({ kind: 'no-such-host' });
  expect(await get('https://broken.test/')).toMatchObject({ kind: 'failed' });
  expect(await get(`https://${HOST}/`)).toMatchObject({
    kind: 'failed',
    cause: expect.stringContaining('ECONNREFUSED') as string,
  });
});

describe('server-side request forgery: nobody is connected to', () => {
  test.each(['127.0.0.1', '10.0.0.1', '192.168.1.1', '169.254.169.254', '::1', 'fd00::1', '::ffff:127.0.0.1'])(
    'behind a name that leads to %s',
    async address => {
      const records = address.includes(':') ? { AAAA: [address] } : { A: [address] };
      const { get, network } = await world(() => ({}), { [HOST]: records });
      expect(await get(`https://${HOST}/`)).toMatchObject({ kind: 'failed' });
      expect(network.attempts).toEqual([]);
    },
  );

  test.each(['https://127.0.0.1/', 'https://[::1]/', `https://${PUBLIC}/`, `http://${HOST}/`, 'https://0x7f000001/'])(
    'for %s',
    async url => {
      const { get, network } = await world(() => ({}));
      expect(await get(url)).toMatchObject({ kind: 'failed' });
      expect(network.attempts).toEqual([]);
    },
  );
});

test('man in the middle: a certificate of somebody else, or for another host, is not believed', async () => {
  const { get, network } = await world(() => ({ body: 'x' }), {
    [HOST]: { A: [PUBLIC] },
    'other.test': { A: [PUBLIC] },
  });
  expect(await get(`https://${HOST}/`, { authorities: null })).toMatchObject({ kind: 'failed', what: 'certificate' });
  expect(await get('https://other.test/')).toMatchObject({
    kind: 'failed',
    cause: expect.stringMatching(/altnames/i) as string,
  });
  expect(network.attempts).toHaveLength(2);
});

test('an answer without end is cut off', async () => {
  const { get } = await world(() => ({ body: Buffer.alloc(100_000) }));
  expect(await get(`https://${HOST}/`)).toEqual({
    kind: 'failed',
    what: 'size',
    cause: 'the answer is longer than 1000 octets',
  });
});

test('a server that hangs is left', async () => {
  const { get } = await world(() => 'hangs');
  expect(await get(`https://${HOST}/`, { timeout: 100 })).toEqual({
    kind: 'failed',
    what: 'other',
    cause: 'no answer within 100 ms',
  });
});

test('the one who asks may lose patience', async () => {
  const { web, server } = await world(() => 'hangs');
  const patience = new AbortController();
  const question = { url: new URL(`https://${HOST}/`), maxSize: 1, timeout: 5000, authorities: server.authorities };
  const answer = web.get(question, patience.signal);
  patience.abort(new Error('enough'));
  await expect(answer).rejects.toThrow('enough');
});
