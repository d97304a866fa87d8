/** A configuration file, validated: its defaults, and every complaint at its exact line and column. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatComplaint } from '../../../core/config/complaint.ts';
import { type Loaded, loadConfiguration } from '../../../core/config/load.ts';
import { selfSigned } from '../../support/certificate.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const SOUND = `\
hostname: mx.example.test
listeners:
  - { id: inbound, port: 2525 }
plugins:
  - { use: relay-policy }
`;

async function load(text: string, files: Readonly<Record<string, string>> = {}, now = new Date()) {
  const folder = await tempFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content, { mode: 0o600 });
  const file = join(folder, 'c.yaml');
  await writeFile(file, text);
  const loaded = await loadConfiguration(file, { env: { PASSWORD: 'hunter2' }, now });
  return { folder, file, loaded };
}

/** The complaints with the folder left away. */
async function complaints(text: string, files?: Readonly<Record<string, string>>, now?: Date) {
  const { folder, loaded } = await load(text, files, now);
  return loaded.complaints.map(complaint => formatComplaint(complaint).replaceAll(`${folder}/`, ''));
}

function configurationOf(loaded: Loaded) {
  if (loaded.kind !== 'ok') throw new Error(loaded.complaints.map(formatComplaint).join('\n'));
  return loaded.configuration;
}

test('what is left out has its default', async () => {
  const { folder, file, loaded } = await load(SOUND);
  expect(configurationOf(loaded)).toEqual({
    file,
    directory: folder,
    hostname: 'mx.example.test',
    listeners: [
      {
        id: 'inbound',
        protocol: 'smtp',
        address: '127.0.0.1',
        port: 2525,
        role: 'inbound',
        maxSize: 25 * 1024 ** 2,
        bareNewline: 'reject',
        binaryMime: 'off',
        tls: null,
        auth: 'off',
        allowPlaintextAuth: false,
        mixed: 'auto',
        mechanisms: ['PLAIN', 'LOGIN'],
        lookups: [],
        trust: { proxy: [], xclient: [], xforward: [] },
        raisePriority: 'users',
        limits: {
          connections: 1000,
          perClient: { connections: 50, newConnections: 300, mails: 1000, recipients: 10_000 },
          perNetwork: { connections: 250, newConnections: 1500, mails: 5000, recipients: 50_000 },
          window: 60_000,
          exempt: ['127.0.0.0/8', '::1'],
          recipients: 1000,
          transactions: 1000,
          commands: 100,
          errors: 100,
          unknownCommands: 10,
          failedLogins: 5,
          commandLine: 16 * 1024,
          contentLine: null,
          header: 1024 ** 2,
          hops: 100,
          idle: 300_000,
          command: 300_000,
          session: 43_200_000,
          greetingPause: 0,
          contentRate: 100,
        },
        path: ['listeners', 0],
      },
    ],
    queue: {
      directory: join(folder, 'var/queue'),
      retry: { first: 300_000, factor: 2, longest: 14_400_000, giveUpAfter: 432_000_000, warnAfter: null },
      returnUpTo: 10_485_760,
      doubleBounce: null,
      concurrency: 200,
      destinations: [],
      history: { keep: 7 * 86_400_000, size: 2 ** 30 },
    },
    resolver: { servers: [], dnssec: 'ignored' },
    tlsReports: {
      directory: join(folder, 'var/tlsrpt'),
      keep: 30 * 24 * 3_600_000,
      organization: 'mx.example.test',
      contact: 'postmaster@mx.example.test',
    },
    log: { level: 'info', format: 'auto' },
    plugins: [
      {
        use: 'relay-policy',
        id: 'relay-policy',
        options: undefined,
        when: null,
        mode: 'enforce',
        onError: 'defer',
        deadline: 30_000,
        deliveryDeadline: 600_000,
        path: ['plugins', 0],
      },
    ],
    reload: 'manual',
    routes: [],
  });
});

test('what is written is read', async () => {
  const { cert, key } = selfSigned('mx.example.test');
  const text = `\
hostname: MX.Example.Test
deadline: 5 s
listeners:
  - { id: in, port: 25, address: "::1", maxSize: 1 MiB, bareNewline: normalize, lookups: [::1] }
  - { id: out, port: 465, auth: required, tls: { mode: implicit, cert: ./cert.pem, key: key.pem, minVersion: TLSv1.3 } }
queue:
  directory: /srv/queue
  retry: { warnAfter: 4 h }
  concurrency: 3
  history: off
  destinations: [{ match: ["@slow.example"], concurrency: { start: 1, most: 2 }, rate: 30 / min }]
resolver: { servers: ["127.0.0.1:5353", "::1"] }
log: { level: debug, format: json }
plugins:
  - { use: ./filters/mine.ts, mode: shadow, onError: ignore, deadline: 2 s, when: { tls: true } }
  - { use: "@me/mailframe-plugin-greylist" }
  - { use: smtp-relay, as: internet, options: { password: !env PASSWORD } }
routes:
  - { when: { recipient: "@example.test" }, deliver: internet, hosts: ["[192.0.2.1]:2525"], retry: { first: 1 min } }
`;
  const { folder, loaded } = await load(text, { 'cert.pem': cert, 'key.pem': key });
  const configuration = configurationOf(loaded);
  expect(configuration.hostname).toBe('mx.example.test');
  expect(configuration.listeners).toMatchObject([
    { address: '::1', maxSize: 1024 ** 2, bareNewline: 'normalize', lookups: ['::1'] },
    {
      role: 'submission',
      tls: { mode: 'implicit', cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), minVersion: 'TLSv1.3' },
    },
  ]);
  expect(configuration.queue).toMatchObject({
    directory: '/srv/queue',
    concurrency: 3,
    history: 'off',
    retry: { warnAfter: 14_400_000 },
    destinations: [
      {
        match: [{ kind: 'domain', domain: 'slow.example' }],
        concurrency: { start: 1, most: 2 },
        rate: { count: 30, per: 60_000 },
        backOff: { first: 60_000, longest: 3_600_000 },
      },
    ],
  });
  expect(configuration.resolver.servers).toEqual(['127.0.0.1:5353', '[::1]:53']);
  expect(configuration.log).toEqual({ level: 'debug', format: 'json' });
  expect(configuration.plugins).toMatchObject([
    { id: 'mine', mode: 'shadow', onError: 'ignore', deadline: 2000, when: { kind: 'tls', is: true } },
    { id: 'greylist', deadline: 5000, deliveryDeadline: 600_000 },
    { id: 'internet', options: { password: 'hunter2' } },
  ]);
  expect(configuration.routes).toMatchObject([
    { deliver: 'internet', hosts: [{ name: '192.0.2.1', port: 2525 }], when: { kind: 'recipient' } },
  ]);
  expect(configuration.routes[0]?.retry).toEqual({
    first: 60_000,
    factor: 2,
    longest: 14_400_000,
    giveUpAfter: 432_000_000,
    warnAfter: 14_400_000,
  });
});

describe('the schema complains at the exact place', () => {
  test.each([
    {
      what: 'an empty file',
      text: '',
      want: ['c.yaml:1:1: is empty: a mapping is expected'],
    },
    {
      what: 'a list',
      text: '- hostname: x',
      want: ['c.yaml:1:1: a mapping is expected, but this is a list'],
    },
    {
      what: 'sections that are missing',
      text: 'log: {}',
      want: [
        'c.yaml:1:1: hostname: is missing: a domain name is expected, such as "example.test"',
        'c.yaml:1:1: listeners: is missing: a list is expected',
        'c.yaml:1:1: plugins: is missing: a list is expected',
      ],
    },
    {
      what: 'misspelt keys, at every depth',
      text: `hostnam: x\n${SOUND}    optoins: {}\n    mdoe: shadow\nqueue:\n  retry: { frist: 5 min }\n`.replace(
        '{ use: relay-policy }',
        'use: relay-policy',
      ),
      want: [
        'c.yaml:1:1: hostnam: unknown key; did you mean "hostname"?',
        'c.yaml:7:5: plugins[0].optoins: unknown key; did you mean "options"?',
        'c.yaml:8:5: plugins[0].mdoe: unknown key; did you mean "mode"?',
        'c.yaml:10:12: queue.retry.frist: unknown key; did you mean "first"?',
      ],
    },
    {
      what: 'values of the wrong kind',
      text: 'hostname: 5\nlisteners:\n  - id: a\n    port: "25"\n    maxSize: 25 megs\nplugins: relay-policy\n',
      want: [
        'c.yaml:1:11: hostname: a domain name is expected, such as "example.test"',
        'c.yaml:4:11: listeners[0].port: a number is expected, but this is text',
        'c.yaml:5:14: listeners[0].maxSize: a size is expected, such as "25 MiB" or a number of octets',
        'c.yaml:6:10: plugins: a list is expected, but this is text',
      ],
    },
    {
      what: 'sections without content',
      text: 'hostname:\nlisteners: []\nplugins:\nroutes:\n',
      want: [
        'c.yaml:1:10: hostname: a domain name is expected, such as "example.test"',
        'c.yaml:2:12: listeners: at least one entry is expected',
        'c.yaml:3:9: plugins: is empty: a list is expected',
        'c.yaml:4:8: routes: is empty: a list is expected',
      ],
    },
    {
      what: 'words that are none of the choices',
      text: `${SOUND.replace('2525 }', '2525, bareNewline: rejct }').replace('policy }', 'policy, mode: shadwo }')}log: { level: loud }\n`,
      want: [
        'c.yaml:3:45: listeners[0].bareNewline: "reject" or "normalize" is expected; did you mean "reject"?',
        'c.yaml:5:32: plugins[0].mode: "enforce" or "shadow" is expected; did you mean "shadow"?',
        'c.yaml:6:15: log.level: "debug", "info", "warn" or "error" is expected',
      ],
    },
    {
      what: 'a route whose retry schedule shrinks beside that of the queue',
      text: `${SOUND}queue: { retry: { longest: 1 h } }\nroutes:\n  - { deliver: mailboxes, retry: { first: 2 h } }\n`,
      want: ['c.yaml:8:43: routes[0].retry.first: must not be longer than queue.retry.longest'],
    },
    {
      what: 'a window that shrinks, a rate without a time',
      text: `${SOUND}queue:\n  destinations:\n    - { concurrency: { start: 9, most: 3 } }\n    - { rate: 100 / moon }\n`,
      want: [
        'c.yaml:8:40: queue.destinations[0].concurrency.most: must not be less than start',
        'c.yaml:9:15: queue.destinations[1].rate: a rate is expected, such as "100 / min" or "5 / s"',
      ],
    },
    {
      what: 'a retry schedule that shrinks',
      text: `${SOUND}queue: { retry: { first: 1 h, longest: 5 min } }\n`,
      want: ['c.yaml:6:40: queue.retry.longest: must not be shorter than first'],
    },
    {
      what: 'a mistake beside a variable that is not set, and nothing that follows from the latter',
      text: `${SOUND}log: { level: !env NOT_SET, format: xml }\n`,
      want: [
        'c.yaml:6:20: log.level: the environment has no variable "NOT_SET": set it, or write the value here',
        'c.yaml:6:37: log.format: "auto", "json" or "human" is expected',
      ],
    },
    {
      what: 'servers and hosts',
      text: `${SOUND}resolver: { servers: [dns.example.test, "127.0.0.1:0"] }\nroutes:\n  - { deliver: x, hosts: [192.0.2.1] }\n`,
      want: [
        'c.yaml:6:23: resolver.servers[0]: a DNS server is expected, such as "127.0.0.1", "127.0.0.1:5353" or "[::1]:53"',
        'c.yaml:6:41: resolver.servers[1]: a DNS server is expected, such as "127.0.0.1", "127.0.0.1:5353" or "[::1]:53"',
        'c.yaml:8:27: routes[0].hosts[0]: a host is expected, such as "mail.example.test:25" or "[192.0.2.10]:25": an IP address needs brackets, as in [192.0.2.1]:25',
      ],
    },
  ])('$what', async ({ text, want }) => {
    expect(await complaints(text)).toEqual(want);
  });
});

describe('a mistake in one section does not hide those in others', () => {
  test('and what is sound is kept in the draft', async () => {
    const { loaded } = await load(
      'hostname: mx.example.test\nlisteners:\n  - { id: a, prot: 1 }\n  - { id: b, port: 2 }\n',
    );
    expect(loaded.kind).toBe('refused');
    if (loaded.kind !== 'refused') return;
    expect(loaded.complaints.map(({ path }) => path.join('.'))).toEqual([
      'plugins',
      'listeners.0.port',
      'listeners.0.prot',
    ]);
    expect(loaded.draft?.configuration).toMatchObject({
      hostname: 'mx.example.test',
      listeners: [{ id: 'b', path: ['listeners', 1] }],
      plugins: [],
    });
  });
});

describe('references inside the file', () => {
  test.each([
    {
      what: 'two listeners of one name',
      text: SOUND.replace('plugins:', '  - { id: inbound, port: 26 }\nplugins:'),
      want: ['c.yaml:4:11: listeners[1].id: "inbound" is taken by the entry on line 3'],
    },
    {
      what: 'two plugins of one name',
      text: `${SOUND}  - { use: relay-policy }\n  - { use: smtp-relay, as: relay-policy }\n`,
      want: [
        'c.yaml:6:12: plugins[1].use: "relay-policy" is taken by the entry on line 5: give one of them another name with as',
        'c.yaml:7:28: plugins[2].as: "relay-policy" is taken by the entry on line 5: give one of them another name with as',
      ],
    },
    {
      what: 'a plugin that calls itself like the gateway',
      text: `${SOUND}  - { use: x, as: mailframe }\n`,
      want: [
        'c.yaml:6:19: plugins[1].as: "mailframe" is the name of the gateway itself: give one of them another name with as',
      ],
    },
    {
      what: 'a listener that does not exist, at every depth of a condition',
      text: `${SOUND}  - { use: x, when: { any: [{ not: { listener: inbuond } }, { listener: [inbound, other] }] } }\n`,
      want: [
        'c.yaml:6:48: plugins[1].when.any[0].not.listener: there is no listener "inbuond"; did you mean "inbound"?',
        'c.yaml:6:83: plugins[1].when.any[1].listener[1]: there is no listener "other"',
      ],
    },
    {
      what: 'a listener that a route wants and nobody has',
      text: `${SOUND}routes:\n  - { when: { listener: out }, deliver: x }\n`,
      want: ['c.yaml:7:25: routes[0].when.listener: there is no listener "out"'],
    },
    {
      what: 'passwords in clear',
      text: SOUND.replace('2525 }', '2525, auth: optional }'),
      want: [
        'c.yaml:3:38: listeners[0].auth: passwords would cross the network unencrypted: add tls, or allowPlaintextAuth: true',
      ],
    },
    {
      what: 'passwords in clear, beside a mechanism that says none',
      text: SOUND.replace('2525 }', '2525, auth: optional, mechanisms: [PLAIN, SCRAM-SHA-256] }'),
      want: [
        'c.yaml:3:38: listeners[0].auth: passwords would cross the network unencrypted: add tls, or allowPlaintextAuth: true, or leave out PLAIN',
      ],
    },
    {
      what: 'mechanisms that say no password, without TLS',
      text: SOUND.replace('2525 }', '2525, auth: optional, mechanisms: [CRAM-MD5, SCRAM-SHA-256] }'),
      want: [],
    },
    {
      what: 'passwords in clear, on purpose',
      text: SOUND.replace('2525 }', '2525, auth: optional, allowPlaintextAuth: true }'),
      want: [],
    },
  ])('$what', async ({ text, want }) => {
    expect(await complaints(text)).toEqual(want);
  });

  test.each([
    { one: '127.0.0.1', other: '127.0.0.1', port: 25, want: 1 },
    { one: '127.0.0.1', other: '127.0.0.2', port: 25, want: 0 },
    { one: '127.0.0.1', other: '0.0.0.0', port: 25, want: 1 },
    { one: '0.0.0.0', other: '::1', port: 25, want: 0 },
    { one: '127.0.0.1', other: '::', port: 25, want: 1 },
    { one: '127.0.0.1', other: '127.0.0.1', port: 0, want: 0 },
  ])('listeners on $one and $other at port $port: $want complaints', async ({ one, other, port, want }) => {
    const listeners = `[{ id: a, address: "${one}", port: ${port} }, { id: b, address: "${other}", port: ${port} }]`;
    const { loaded } = await load(`hostname: mx.example.test\nlisteners: ${listeners}\nplugins: [{ use: x }]\n`);
    expect(loaded.complaints.map(({ code, path }) => `${code} ${path.join('.')}`)).toEqual(
      Array.from({ length: want }, () => 'MF_LISTENER_PORT listeners.1.port'),
    );
  });
});

describe('certificates are looked at before a client does', () => {
  const TLS = SOUND.replace('2525 }', '2525, tls: { cert: cert.pem, key: key.pem } }');
  const { cert, key } = selfSigned('mx.example.test');
  const YEAR = 365 * 86_400_000;

  test.each([
    { what: 'a pair that fits', files: { 'cert.pem': cert, 'key.pem': key }, want: [] },
    {
      what: 'files that are missing',
      files: {},
      want: [
        'c.yaml:3:45: listeners[0].tls.cert: there is no file cert.pem',
        'c.yaml:3:60: listeners[0].tls.key: there is no file key.pem',
      ],
    },
    {
      what: 'a key of another certificate',
      files: { 'cert.pem': cert, 'key.pem': selfSigned('mx.example.test').key },
      want: ['c.yaml:3:60: listeners[0].tls.key: this key does not belong to the certificate cert.pem'],
    },
    {
      what: 'files that hold something else',
      files: { 'cert.pem': key, 'key.pem': cert },
      want: [
        expect.stringContaining('c.yaml:3:45: listeners[0].tls.cert: cert.pem holds no certificate in PEM form'),
        expect.stringContaining('c.yaml:3:60: listeners[0].tls.key: key.pem holds no private key in PEM form'),
      ],
    },
    {
      what: 'one that has expired',
      files: { 'cert.pem': cert, 'key.pem': key },
      now: new Date(Date.now() + YEAR),
      want: [
        expect.stringMatching(/^c\.yaml:3:45: warning: listeners\[0\]\.tls\.cert: this certificate expired on \d{4}-/),
      ],
    },
    {
      what: 'one whose time has not come',
      files: { 'cert.pem': cert, 'key.pem': key },
      now: new Date(Date.now() - YEAR),
      want: [expect.stringMatching(/^c\.yaml:3:45: warning: .*: this certificate is not valid before \d{4}-/)],
    },
  ])('$what', async ({ files, now, want }) => {
    expect(await complaints(TLS, files, now)).toEqual(want);
  });

  test('a warning does not keep a configuration from being loaded', async () => {
    const { loaded } = await load(TLS, { 'cert.pem': cert, 'key.pem': key }, new Date(Date.now() + YEAR));
    expect(loaded.kind).toBe('ok');
  });
});
