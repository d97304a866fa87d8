import { expect, test } from 'vitest';
import { Secret } from '../../../core/plugin/secret.ts';
import { tableSetting } from '../../../core/plugin/table-setting.ts';
import { validate } from '../../../core/plugin/validate.ts';

async function read(written: unknown) {
  const validated = await validate(tableSetting(), written);
  return validated.kind === 'valid' ? validated.value : validated.faults.map(({ path, message }) => [path, message]);
}

test('a table is of the kind whose name is written', async () => {
  expect(await read({ file: './aliases' })).toMatchObject({ source: { kind: 'file', options: './aliases' } });
  expect(await read({ map: { ann: 'bob', all: ['ann', 'bob'] } })).toMatchObject({
    source: { kind: 'map', options: { ann: ['bob'], all: ['ann', 'bob'] } },
  });
});

test('what is left out has a value', async () => {
  expect(await read({ file: './aliases' })).toMatchObject({
    timeout: 5000,
    concurrency: 16,
    cache: { ttl: 30_000, negativeTtl: 10_000, staleFor: 0, entries: 10_000 },
  });
  expect(await read({ file: './aliases', cache: 'off' })).toMatchObject({ cache: null });
});

test('no kind and two kinds are refused, and the kinds are named', async () => {
  const expected = 'one kind of table is expected: "map", "file", "regexp", "sqlite", "postgresql", "ldap" or "http"';
  expect(await read({})).toEqual([[[], expected]]);
  expect(await read({ file: './a', map: { a: 'b' } })).toEqual([[[], `${expected}; this has map and file`]]);
});

test('a mistake is shown where it stands', async () => {
  expect(await read({ sqlite: { database: './users.db' } })).toEqual([
    [['sqlite', 'query'], 'is missing: text is expected'],
  ]);
  expect(await read({ sqllite: { database: './users.db' } })).toContainEqual([
    ['sqllite'],
    'unknown key; did you mean "sqlite"?',
  ]);
  expect(await read({ ldap: { url: 'ldap.example.test', base: '', filter: '(a=b)', attributes: ['c'] } })).toEqual([
    [['ldap', 'url'], 'a server is expected, such as "ldap://ldap.example.test"'],
  ]);
});

test('TLS may be said in a word', async () => {
  const server = { database: 'mail', user: 'mailframe', query: 'SELECT 1', password: new Secret('x') };
  const tlsOf = (tls?: unknown) => read({ postgresql: { ...server, ...(tls === undefined ? {} : { tls }) } });
  expect(await tlsOf()).toMatchObject({ source: { options: { tls: { mode: 'off' } } } });
  expect(await tlsOf('verify')).toMatchObject({ source: { options: { tls: { mode: 'verify', ca: null } } } });
  expect(await tlsOf({ ca: './ca.pem' })).toMatchObject({
    source: { options: { tls: { mode: 'verify', ca: './ca.pem' } } },
  });
});
