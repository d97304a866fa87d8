/** What `mailframe check` says about the TLS of a listener, and where. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatComplaint } from '../../../core/config/complaint.ts';
import { loadConfiguration } from '../../../core/config/load.ts';
import { authority, selfSigned, selfSignedAs } from '../../support/certificate.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const DAY = 86_400_000;

/** `tls` stands in line 4 and those below, with an indentation of 6. */
async function load(tls: string, files: Readonly<Record<string, string>>, settings = 'auth: off') {
  const folder = await tempFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content, { mode: 0o600 });
  const file = join(folder, 'c.yaml');
  const lines = tls.split('\n').map(line => `      ${line}\n`);
  await writeFile(
    file,
    `hostname: mx.example.test\nlisteners:\n  - { id: in, port: 25, ${settings}, tls: {\n${lines.join('')}      } }\nplugins: [{ use: x }]\n`,
  );
  const loaded = await loadConfiguration(file, { env: {}, now: new Date() });
  const complaints = loaded.complaints.map(one => formatComplaint(one).replaceAll(`${folder}/`, ''));
  return { folder, loaded, complaints };
}

const mx = selfSigned('mx.example.test');
const ours = authority('Our clients');
const PAIR = { 'cert.pem': mx.cert, 'key.pem': mx.key };
const FIRST = 'cert: cert.pem, key: key.pem';

test('everything that is written about TLS is read, with absolute paths', async () => {
  const other = selfSigned('mail.other.test');
  const { folder, loaded } = await load(
    `${FIRST}, mode: implicit, minVersion: TLSv1.3,\nmore: [{ cert: other.pem, key: ./other.key }],\nclients: { authorities: ca.pem, certificate: required }`,
    { ...PAIR, 'other.pem': other.cert, 'other.key': other.key, 'ca.pem': ours.cert },
    'mechanisms: [EXTERNAL]',
  );
  expect(loaded).toMatchObject({ kind: 'ok', complaints: [] });
  expect(loaded.kind === 'ok' && loaded.configuration.listeners[0]?.tls).toEqual({
    mode: 'implicit',
    minVersion: 'TLSv1.3',
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    more: [{ cert: join(folder, 'other.pem'), key: join(folder, 'other.key') }],
    clients: { authorities: join(folder, 'ca.pem'), certificate: 'required' },
  });
});

test('what is left out has its default', async () => {
  const plain = await load(FIRST, PAIR);
  expect(plain.loaded.kind === 'ok' && plain.loaded.configuration.listeners[0]?.tls).toMatchObject({
    mode: 'starttls',
    minVersion: 'TLSv1.2',
    more: [],
    clients: null,
  });
  const asking = await load(`${FIRST}, clients: { authorities: ca.pem }`, { ...PAIR, 'ca.pem': ours.cert });
  expect(asking.loaded.kind === 'ok' && asking.loaded.configuration.listeners[0]?.tls?.clients).toMatchObject({
    certificate: 'optional',
  });
});

describe('further certificates', () => {
  const MORE = `${FIRST}, more: [\n{ cert: two.pem, key: two.key },\n{ cert: three.pem, key: three.key } ]`;
  const two = selfSigned('two.test', '*.customers.test');
  const three = selfSigned('three.test');
  const ALL = { ...PAIR, 'two.pem': two.cert, 'two.key': two.key, 'three.pem': three.cert, 'three.key': three.key };

  test.each([
    { what: 'that all fit', files: ALL, want: [] },
    {
      what: 'of which one has the key of another',
      files: { ...ALL, 'three.key': two.key },
      want: ['c.yaml:6:31: listeners[0].tls.more[1].key: this key does not belong to the certificate three.pem'],
    },
    {
      what: 'of which one is not there',
      files: { ...PAIR, 'two.pem': two.cert, 'three.pem': three.cert, 'three.key': three.key },
      want: ['c.yaml:5:29: listeners[0].tls.more[0].key: there is no file two.key'],
    },
    {
      what: 'of which one has expired',
      files: { ...ALL, ...pair('three', { commonName: 'three.test', from: -10, until: -5 }) },
      want: [`c.yaml:6:15: warning: listeners[0].tls.more[1].cert: this certificate expired on ${dayIn(-5)}: renew it`],
    },
    {
      what: 'of which one is for a name that another is for',
      files: { ...ALL, ...pair('three', { commonName: '', dns: ['three.test', 'two.test'] }) },
      want: [
        'c.yaml:6:15: warning: listeners[0].tls.more[1].cert: two.test is in two.pem too, which stands above and is the one that is shown',
      ],
    },
    {
      what: 'of which one is for a name that the wildcard of another is for',
      files: { ...ALL, ...pair('three', { commonName: 'Ann.Customers.test' }) },
      want: [
        'c.yaml:6:15: warning: listeners[0].tls.more[1].cert: ann.customers.test is in two.pem too, which stands above and is the one that is shown',
      ],
    },
    {
      what: 'of which one has the wildcard of another',
      files: { ...ALL, ...pair('three', { commonName: '', dns: ['*.customers.test'] }) },
      want: [
        'c.yaml:6:15: warning: listeners[0].tls.more[1].cert: *.customers.test is in two.pem too, which stands above and is the one that is shown',
      ],
    },
    {
      what: 'of which one is deeper than the wildcard of another',
      files: { ...ALL, ...pair('three', { commonName: 'deep.ann.customers.test' }) },
      want: [],
    },
  ])('$what', async ({ files, want }) => {
    expect((await load(MORE, files)).complaints).toEqual(want);
  });
});

test('a chain that is cut off cannot be used', async () => {
  const issued = ours.issue({ commonName: 'mx.example.test' });
  const cut = issued.cert + ours.cert.slice(0, 200);
  const { complaints } = await load(FIRST, { 'cert.pem': cut, 'key.pem': issued.key });
  expect(complaints).toEqual([
    'c.yaml:4:13: listeners[0].tls.cert: this certificate cannot be used (one of its certificates has no end)',
  ]);
});

describe('the authorities of clients', () => {
  const expired = authority('Old clients', { from: -10, until: -5 });
  test.each([
    { what: 'one', text: ours.cert, want: [] },
    {
      what: 'none',
      text: mx.key,
      want: [
        'c.yaml:5:31: listeners[0].tls.clients.authorities: ca.pem holds no certificates in PEM form (there is not one)',
      ],
    },
    {
      what: 'half a one',
      text: ours.cert + ours.cert.slice(0, 100),
      want: [
        'c.yaml:5:31: listeners[0].tls.clients.authorities: ca.pem holds no certificates in PEM form (one of its certificates has no end)',
      ],
    },
    {
      what: 'one that has expired, beside one that is good',
      text: ours.cert + expired.cert,
      want: [
        `c.yaml:5:31: warning: listeners[0].tls.clients.authorities: the certificate of O=Tests, CN=Old clients expired on ${dayIn(-5)}`,
      ],
    },
    {
      what: 'no file',
      text: null,
      want: ['c.yaml:5:31: listeners[0].tls.clients.authorities: there is no file ca.pem'],
    },
  ])('$what', async ({ text, want }) => {
    const files = text === null ? PAIR : { ...PAIR, 'ca.pem': text };
    expect((await load(`${FIRST},\nclients: { authorities: ca.pem }`, files)).complaints).toEqual(want);
  });
});

describe('AUTH EXTERNAL', () => {
  const message = 'EXTERNAL takes the name from a client certificate, and nobody is asked for one: add tls.clients';
  test('needs somebody who vouches for clients', async () => {
    const settings = 'mechanisms: [PLAIN, EXTERNAL]';
    expect((await load(FIRST, PAIR, settings)).complaints).toEqual([
      `c.yaml:3:45: listeners[0].mechanisms[1]: ${message}`,
    ]);
    const files = { ...PAIR, 'ca.pem': ours.cert };
    expect((await load(`${FIRST}, clients: { authorities: ca.pem }`, files, settings)).complaints).toEqual([]);
  });

  test('needs TLS', async () => {
    const folder = await tempFolder();
    const file = join(folder, 'c.yaml');
    const listener = '{ id: in, port: 25, mechanisms: [EXTERNAL] }';
    await writeFile(file, `hostname: mx.example.test\nlisteners: [${listener}]\nplugins: [{ use: x }]\n`);
    const { complaints } = await loadConfiguration(file, { env: {}, now: new Date() });
    expect(complaints).toEqual([
      expect.objectContaining({ severity: 'error', code: 'MF_LISTENER_AUTH', message, line: 2, column: 46 }),
    ]);
  });
});

function pair(name: string, wishes: Parameters<typeof selfSignedAs>[0]): Readonly<Record<string, string>> {
  const { cert, key } = selfSignedAs(wishes);
  return { [`${name}.pem`]: cert, [`${name}.key`]: key };
}

function dayIn(days: number): string {
  return new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
}
