/** A gateway under development: everything that would leave ends in it, and nothing else of this machine is touched. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DevGateway } from '../../../core/dev/dev-gateway.ts';
import { type Fault, NO_FAULT } from '../../../core/dev/fault.ts';
import type { DevSettings, Report } from '../../../core/dev/reports.ts';
import { smtpClient } from '../../../core/testing.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const BEGINNING = `
hostname: mx.example.test
listeners: [{ id: inbound, port: 0, address: 0.0.0.0 }]
log: { level: error }
queue: { directory: ./queue }
plugins:
  - { use: relay-policy, options: { localDomains: [example.test], relayFor: [127.0.0.0/8] } }
`;

const RELAY = `${BEGINNING}
  - { use: mx-routing }
  - { use: smtp-relay, as: internet }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes:
  - { when: { recipient: "@example.test" }, deliver: mailboxes }
  - { deliver: internet }
`;

/** Where all connections of this process led. */
const connected: unknown[] = [];
const usual = Object.getOwnPropertyDescriptor(Socket.prototype, 'connect');
beforeAll(() => {
  const { value } = usual as { readonly value: (...args: readonly unknown[]) => Socket };
  function noted(this: Socket, ...args: readonly unknown[]): Socket {
    connected.push(...args.flat(2));
    return Reflect.apply(value, this, args);
  }
  Object.defineProperty(Socket.prototype, 'connect', { ...usual, value: noted });
});
afterAll(() => {
  Object.defineProperty(Socket.prototype, 'connect', usual ?? {});
});

type Of<K extends Report['kind']> = Extract<Report, { kind: K }>;

async function gateway(configuration: string, settings: Partial<DevSettings> = {}, files: Record<string, string> = {}) {
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  for (const [name, text] of Object.entries({ ...files, 'mailframe.config.yaml': configuration })) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const reports: Report[] = [];
  const prepared = await DevGateway.prepare(
    {
      file,
      folder: join(folder, 'dev'),
      scratch: join(folder, 'scratch'),
      dns: 'invented',
      programs: 'caught',
      fault: NO_FAULT,
      ...settings,
    },
    report => reports.push(report),
  );
  if (prepared.kind === 'refused') throw new Error(prepared.complaints.map(({ message }) => message).join('\n'));
  const dev = prepared.gateway;
  onTestFinished(() => dev.close());
  await dev.start({});
  const all = <K extends Report['kind']>(kind: K) => reports.filter((one): one is Of<K> => one.kind === kind);
  const send = async (to: string, content = 'Subject: hello\n\nHello.\n', from = 'ann@client.test') => {
    const client = await smtpClient(all('started')[0]?.listeners[0]?.port ?? 0);
    await client.say('EHLO client.test');
    await client.say(`MAIL FROM:<${from}>`);
    const named = await client.say(`RCPT TO:<${to}>`);
    const reply = named.code === 250 ? await client.data(content) : named;
    await client.close();
    return reply;
  };
  /** What became of the recipient in the last attempt of those that there are by then. */
  const outcome = (attempts = 1) =>
    until(() => {
      const outcomes = all('settled').flatMap(report => report.outcomes);
      expect(outcomes.length).toBeGreaterThanOrEqual(attempts);
      return outcomes[attempts - 1];
    });
  return { folder, dev, all, send, outcome };
}

describe('what would leave', () => {
  test('by SMTP lies in the mailbox, whoever the next hop is, and the report says who that is', async () => {
    const { folder, send, all, outcome } = await gateway(RELAY);
    expect(await send('pat@partner.example', 'Subject: away\n\nFrom here to there.\n')).toMatchObject({ code: 250 });
    expect(await outcome()).toMatchObject({ kind: 'delivered', remote: 'mx.partner.example[1.2.0.1]:25' });
    await until(() => expect(all('caught')).toHaveLength(1));
    expect(all('caught')[0]).toMatchObject({ number: 1, to: 'mx.partner.example[1.2.0.1]:25', tls: true });
    const mailbox = await readFile(join(folder, 'dev/caught.mbox'), 'latin1');
    expect(mailbox).toMatch(/^From ann@client\.test .*\nX-Mailframe-Sender: <ann@client\.test>\n/);
    expect(mailbox).toContain('X-Mailframe-Recipients: <pat@partner.example>\n');
    expect(mailbox).toContain('\n\n>From here to there.\n\n');
  });

  test('to a smarthost that must be verified and logged into is taken all the same', async () => {
    const { send, all, outcome } = await gateway(`${BEGINNING}
  - use: smtp-relay
    as: smarthost
    options: { tls: verified, auth: { user: me, password: !env HOME } }
routes: [{ deliver: smarthost, hosts: ["smtp.provider.example:465"] }]
`);
    await send('pat@partner.example');
    expect(await outcome()).toMatchObject({ kind: 'delivered' });
    await until(() => expect(all('caught')[0]).toMatchObject({ tls: true, to: 'smtp.provider.example[1.2.0.1]:465' }));
  });

  test('by LMTP is taken too', async () => {
    const { send, outcome } = await gateway(`${BEGINNING}
  - { use: lmtp-delivery, as: store, options: { hosts: ["store.example:24"] } }
routes: [{ deliver: store }]
`);
    await send('ann@example.test');
    expect(await outcome()).toMatchObject({ kind: 'delivered', text: expect.stringContaining('sink-1') });
  });

  test('to a program is kept, and the program is not run', async () => {
    const folder = await tempFolder();
    const marker = join(folder, 'was-run');
    const { send, all, outcome } = await gateway(`${BEGINNING}
  - { use: pipe-delivery, as: program, options: { command: [/bin/sh, -c, "touch ${marker}"] } }
routes: [{ deliver: program }]
`);
    await send('ann@example.test');
    expect(await outcome()).toMatchObject({ kind: 'delivered' });
    expect(all('caught')[0]).toMatchObject({
      by: 'program',
      to: `/bin/sh -c touch ${marker}`,
      id: all('accepted')[0]?.id,
    });
    expect(existsSync(marker)).toBe(false);
  });

  test('to a domain below .invalid bounces, and the notification is a mail like any other', async () => {
    const { send, all } = await gateway(RELAY);
    await send('pat@gone.invalid');
    const [mail, notification] = await until(() => {
      expect(all('accepted')).toHaveLength(2);
      return all('accepted');
    });
    expect(notification).toMatchObject({ about: mail?.id, from: '<>', recipients: [{ address: 'ann@client.test' }] });
  });
});

describe('what is on this machine', () => {
  test('stays as it is: mailboxes are written elsewhere and begin empty, and the queue is another one', async () => {
    const { folder, send, outcome } = await gateway(RELAY, {}, { 'mail/bob': 'mail of before\n' });
    await send('bob@example.test');
    expect(await outcome()).toMatchObject({ kind: 'delivered', text: 'mbox bob' });
    expect(await readFile(join(folder, 'mail/bob'), 'utf8')).toBe('mail of before\n');
    expect(await readFile(join(folder, 'dev/mail/bob'), 'utf8')).toMatch(/^From ann@client\.test [^]*\n\nHello\.\n\n$/);
    expect(existsSync(join(folder, 'queue'))).toBe(false);
  });

  test('listens on loopback, whatever address the configuration names', async () => {
    const { all } = await gateway(RELAY);
    expect(all('started')[0]?.listeners).toMatchObject([{ id: 'inbound', address: '127.0.0.1' }]);
  });
});

const COURSES: readonly (Fault & { readonly becomes: string; readonly text: string })[] = [
  { place: 'connect', manner: 'refuse', becomes: 'deferred', text: 'ECONNREFUSED' },
  { place: 'connect', manner: 'no answer', becomes: 'deferred', text: 'ETIMEDOUT' },
  { place: 'greeting', manner: 'later', becomes: 'deferred', text: '421 4.3.2' },
  { place: 'starttls', manner: 'hang up', becomes: 'delivered', text: 'Taken as sink-' },
  { place: 'mail', manner: 'hang up', becomes: 'deferred', text: '4.4.2' },
  { place: 'rcpt', manner: 'never', becomes: 'bounced', text: '550 5.1.1 No such mailbox' },
  { place: 'data', manner: 'later', becomes: 'deferred', text: '451 4.3.0' },
  { place: 'content', manner: 'later', becomes: 'deferred', text: '452 4.3.1 The disk is full' },
];

describe('a next hop that fails', () => {
  test('fails where and how it was told to, and the gateway makes of it what it would elsewhere', async () => {
    const { dev, send, all } = await gateway(RELAY);
    for (const [index, { place, manner, becomes, text }] of COURSES.entries()) {
      dev.fail({ place, manner });
      const reply = await send(`pat@partner${index}.example`);
      const id = reply.text.split(' ').at(-1);
      const [settled] = await until(() => {
        const found = all('settled').filter(report => report.id === id);
        expect(found).toHaveLength(1);
        return found;
      });
      const want = { kind: becomes, text: expect.stringContaining(text) };
      expect(settled?.outcomes, `${place} ${manner}`).toMatchObject([want]);
    }
  });

  test('is mended, and what waits is delivered when somebody says so', async () => {
    const { dev, send, all, outcome } = await gateway(RELAY);
    dev.fail({ place: 'rcpt', manner: 'later' });
    await send('pat@partner.example');
    expect(await outcome()).toMatchObject({ kind: 'deferred' });
    dev.fail(NO_FAULT);
    await dev.order(all('accepted')[0]?.id ?? '', 'retry');
    expect(await outcome(2)).toMatchObject({ kind: 'delivered' });
    expect(all('ordered')).toMatchObject([{ order: 'retry' }]);
  });
});

test('content that is refused can be looked at, with what it was to be', async () => {
  const { send, all } = await gateway(`${BEGINNING}
  - { use: policy, options: { do: reject, text: Not wanted } }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`);
  expect(await send('ann@example.test', 'Subject: offer\n\nBuy.\n')).toMatchObject({ code: 550 });
  const [refused] = all('refused');
  expect(refused).toMatchObject({
    hook: 'data',
    by: 'policy',
    subject: 'offer',
    from: '<ann@client.test>',
    recipients: [{ address: 'ann@example.test' }],
  });
  expect(await readFile(refused?.received ?? '', 'utf8')).toContain('\r\n\r\nBuy.\r\n');
});

test('a gateway is made of the files that it reads: the configuration, what that includes, what plugins read', async () => {
  const { folder, all } = await gateway(
    `${BEGINNING.replace('hostname: mx.example.test', 'hostname: !include name.yaml')}
  - { use: alias-expansion, options: { file: ./aliases, domains: [example.test] } }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`,
    {},
    { 'name.yaml': 'mx.example.test\n', aliases: 'staff: ann\n' },
  );
  const files = ['aliases', 'mailframe.config.yaml', 'name.yaml'].map(name => join(folder, name));
  expect(all('made of').at(-1)?.files).toEqual(files);
});

test('nothing that was sent here has made a connection beyond loopback', () => {
  const hosts = connected.flatMap(one => {
    const { host, path } = (one ?? {}) as { readonly host?: string; readonly path?: string };
    return host ?? path ?? [];
  });
  expect(hosts.length).toBeGreaterThan(20);
  expect(new Set(hosts)).toEqual(new Set(['127.0.0.1']));
});
