import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../../core/plugin/secret.ts';
import { selfSigned } from '../../support/certificate.ts';
import { aTable, complaintsAbout, fakeWorld, lookup, valuesOf } from './tables.ts';

interface Heard {
  readonly request: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What a service answers: JSON with 200, or a status and a body. */
type Answer = (heard: Heard) => unknown;

class Raw {
  readonly status: number;
  readonly body: string;
  constructor(status: number, body = '') {
    this.status = status;
    this.body = body;
  }
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return (server.address() as AddressInfo).port;
}

function listener(answer: Answer, heard: Heard[]): RequestListener {
  return (request, response) => {
    void text(request).then(body => {
      const one = { request: `${request.method} ${request.url}`, headers: request.headers, body };
      heard.push(one);
      const said = answer(one);
      if (said instanceof Raw) response.writeHead(said.status, { Location: '/elsewhere' }).end(said.body);
      else response.end(JSON.stringify(said));
    });
  };
}

/** A web service on loopback. */
async function service(answer: Answer) {
  const heard: Heard[] = [];
  const server = createServer(listener(answer, heard));
  const port = await listening(server);
  return { base: `http://127.0.0.1:${port}`, heard, server };
}

async function tableOf(answer: Answer, options: object = {}, path = '/aliases?address=:key') {
  const { base, heard } = await service(answer);
  const table = await aTable({ http: { url: base + path, ...options }, cache: 'off' });
  return { table, heard, base };
}

describe('what is asked', () => {
  test('GET, with the parts of the key encoded for an address', async () => {
    const { table, heard, base } = await tableOf(() => 'ann', {}, '/of/:domain/:local?all=:key');
    expect(await lookup(table, 'a b&c=d/e?#ä@example.test')).toEqual({
      values: ['ann'],
      source: `${base}/of/:domain/:local`,
    });
    const encoded = 'a%20b%26c%3Dd%2Fe%3F%23%C3%A4';
    expect(heard[0]?.request).toBe(`GET /of/example.test/${encoded}?all=${encoded}%40example.test`);
  });

  test('POST, with the parts of the key as JSON', async () => {
    const { table, heard } = await tableOf(() => 'ann', { method: 'POST' }, '/aliases');
    await lookup(table, 'ann@example.test');
    await lookup(table, 'ann');
    expect(heard.map(({ request, body }) => [request, JSON.parse(body) as unknown])).toEqual([
      ['POST /aliases', { key: 'ann@example.test', local: 'ann', domain: 'example.test' }],
      ['POST /aliases', { key: 'ann', local: 'ann', domain: null }],
    ]);
    expect(heard[0]?.headers['content-type']).toBe('application/json');
  });

  test('with the token and the header fields of the configuration', async () => {
    const headers = { 'X-Tenant': 'one', 'X-Key': new Secret('hidden') };
    const { table, heard } = await tableOf(() => 'ann', { token: new Secret('s3cret'), headers });
    await lookup(table, 'ann');
    expect(heard[0]?.headers).toMatchObject({
      authorization: 'Bearer s3cret',
      'x-tenant': 'one',
      'x-key': 'hidden',
      accept: 'application/json',
    });
  });

  test('request forgery: a key is no way out of the path', async () => {
    const { table, heard } = await tableOf(() => 'ann', {}, '/aliases/:key');
    for (const key of ['..', '.']) expect(await lookup(table, key)).toBeNull();
    expect(heard).toEqual([]);
    for (const key of ['../admin', '..%2fadmin', '%2e%2e', '/admin', '?x', '\r\nX: y', '@evil.test/']) {
      await lookup(table, key);
    }
    for (const { request } of heard) expect(request).toMatch(/^GET \/aliases\/[^/?\s]+$/);
    expect(heard).toHaveLength(7);
  });

  test('a connection is used again, and replaced when the service has ended it', async () => {
    const { base, server } = await service(() => 'ann');
    let connections = 0;
    server.on('connection', () => void connections++);
    const table = await aTable({ http: { url: `${base}/:key` }, cache: 'off' });
    for (const key of ['a', 'b']) await lookup(table, key);
    expect(connections).toBe(1);
    server.closeAllConnections();
    expect(await valuesOf(table, 'c')).toEqual(['ann']);
    expect(connections).toBe(2);
  });
});

describe('what is answered', () => {
  test.each([
    ['"ann"', ['ann']],
    ['["ann","bob"]', ['ann', 'bob']],
    ['{"values":["ann"]}', ['ann']],
    ['{"values":"ann"}', ['ann']],
    ['[]', null],
    ['null', null],
    ['{"values":null}', null],
  ])('%s', async (body, values) => {
    const { table } = await tableOf(() => new Raw(200, body));
    expect(await valuesOf(table, 'x')).toEqual(values);
  });

  test('values are where the configuration says', async () => {
    const { table } = await tableOf(
      ({ request }) => (request.endsWith('ann') ? { user: { to: ['b'] } } : { user: null }),
      {
        values: 'user.to',
      },
    );
    expect(await valuesOf(table, 'ann')).toEqual(['b']);
    expect(await lookup(table, 'bob')).toBeNull();
  });

  test.each([404, 204])('%i: there is no such key', async status => {
    const { table } = await tableOf(() => new Raw(status));
    expect(await lookup(table, 'x')).toBeNull();
  });

  test.each([
    [new Raw(500), 'it answers 500 Internal Server Error'],
    [new Raw(503), 'it answers 503 Service Unavailable'],
    [new Raw(401), 'it answers 401 Unauthorized'],
    [new Raw(302), 'it answers 302 Found'],
    [new Raw(200, '<html>'), 'its answer is no JSON'],
    [new Raw(200, ''), 'its answer is no JSON'],
    [new Raw(200, '{"error":"x"}'), 'its answer has nothing at values'],
    [
      new Raw(200, '[1]'),
      'its answer has a list with something else than texts at values: a text or a list of texts is expected',
    ],
    [new Raw(200, '7'), 'its answer has a number at values: a text or a list of texts is expected'],
    [new Raw(200, JSON.stringify('x'.repeat(2000))), 'its answer is longer than 1000 octets'],
  ])('no answer, which is never "no such key": %o', async (raw, cause) => {
    const { table, base } = await tableOf(() => raw, { maxSize: 1000 });
    await expect(lookup(table, 'x')).rejects.toThrow(`${base}/aliases cannot be asked: ${cause}`);
  });

  test('a service that is not there, or says nothing, is no answer', async () => {
    const { base, server } = await service(() => 'x');
    await new Promise(resolve => server.close(resolve));
    const gone = await aTable({ http: { url: `${base}/:key` } });
    await expect(lookup(gone, 'x')).rejects.toThrow(/cannot be asked: .*ECONNREFUSED/);
    const port = await listening(createServer(() => undefined));
    const world = fakeWorld();
    const silent = await aTable({ http: { url: `http://127.0.0.1:${port}/:key` }, timeout: '3 s' }, world);
    const late = expect(lookup(silent, 'x')).rejects.toThrow('no answer within 3 s');
    await world.clock.asleep();
    await world.clock.advance(3000);
    await late;
  });
});

describe('TLS', () => {
  const { cert, key } = selfSigned('localhost');
  const secure = () =>
    listening(
      createSecureServer(
        { cert, key },
        listener(() => 'ann', []),
      ),
    );

  test('a service is asked whose certificate comes from the authority of the configuration', async () => {
    const url = `https://localhost:${await secure()}/:key`;
    const table = await aTable({ http: { url, ca: './ca.pem' } }, fakeWorld({ 'ca.pem': cert }));
    expect(await valuesOf(table, 'x')).toEqual(['ann']);
  });

  test('no other is, nor one with another name', async () => {
    const port = await secure();
    const unknown = await aTable({ http: { url: `https://localhost:${port}/:key` } });
    await expect(lookup(unknown, 'x')).rejects.toThrow(/self-signed certificate/);
    const renamed = await aTable(
      { http: { url: `https://127.0.0.1:${port}/:key`, ca: './ca.pem' } },
      fakeWorld({ 'ca.pem': cert }),
    );
    await expect(lookup(renamed, 'x')).rejects.toThrow(/127\.0\.0\.1/);
  });
});

test.each([
  [{ url: 'https://:domain/aliases' }, 'a placeholder may stand in the path and behind the question mark only'],
  [{ url: 'https://u:p@example.test/:key' }, 'holds a user or a password'],
  [{ url: 'https://example.test:port/:key' }, 'is no address of a service'],
  [{ url: 'ftp://example.test/:key' }, 'an address is expected, such as'],
  [{ url: 'https://example.test/aliases' }, 'has no placeholder'],
])('%o is refused', async (http, message) => {
  const said = await complaintsAbout({ http }).catch((error: unknown) => [String(error)]);
  expect(said.join()).toContain(message);
});

test('a file of authorities that is none is refused', async () => {
  const http = { url: 'https://example.test/:key', ca: './ca.pem' };
  expect(await complaintsAbout({ http }, fakeWorld({ 'ca.pem': 'x' }))).toEqual([
    'table.http.ca: ./ca.pem holds no certificate in PEM form',
  ]);
});
