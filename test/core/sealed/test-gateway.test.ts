import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, bouncedBy, deferredBy, definePlugin, reject } from 'mailframe';
import { aContent, dialogue, smtpSink, type TestGatewaySettings, testGateway } from 'mailframe/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';

const CONFIG = {
  plugins: [
    { use: 'relay-policy', options: { localDomains: ['example.test'], relayFor: ['127.0.0.0/8'] } },
    { use: 'mx-routing', options: { privateAddresses: 'allow' } },
    { use: 'mbox-delivery', as: 'mailboxes', options: { directory: './mail' } },
    { use: 'smtp-relay', as: 'internet' },
  ],
  routes: [{ when: { recipient: '@example.test' }, deliver: 'mailboxes' }, { deliver: 'internet' }],
};

async function started(settings: Partial<TestGatewaySettings> = {}) {
  const gateway = await testGateway({ config: CONFIG, ...settings });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** Whatever is looked up is there. */
const ANYWHERE = { '*': { A: ['203.0.113.9'] } };
const BUSY = deferredBy({ code: 451, status: '4.3.2', text: 'Busy' });
const GONE = bouncedBy({ code: 550, status: '5.1.1', text: 'No such mailbox' });

describe('a gateway under test', () => {
  test('takes mail over SMTP and keeps what would have been delivered', async () => {
    const gateway = await started();
    const { id, reply } = await gateway.send({ to: ['bob@example.test', 'carl@example.test'] });
    expect(reply).toMatchObject({ code: 250, status: '2.0.0' });
    await gateway.settled();
    expect(gateway.delivered).toMatchObject([
      { id, to: 'bob@example.test', from: '<ann@client.test>', transport: 'mailboxes', attempt: 1 },
      { id, to: 'carl@example.test' },
    ]);
    expect(gateway.delivered[0]?.content.toString()).toMatch(/^Received: [^]*\r\n\r\nHello, Bob\.\r\n$/);
    const trace = await gateway.trace(id ?? '');
    expect(trace.map(({ hook }) => hook)).toEqual(['rcpt', 'rcpt', 'deliver', 'settle']);
    expect(gateway.happened('delivered')).toHaveLength(2);
    expect(gateway.files.written()).toEqual([]);
  });

  test('says who was refused, and by which reply', async () => {
    const noBob = definePlugin({
      name: 'no-bob',
      create: () => ({
        rcpt: ({ recipient: { forwardPath } }) =>
          forwardPath.localPart === 'bob' ? reject(550, '5.1.1', 'No Bob') : accept,
      }),
    });
    const gateway = await started({
      config: { ...CONFIG, plugins: [{ use: 'no-bob' }, ...CONFIG.plugins] },
      plugins: [noBob],
    });
    const sent = await gateway.send({ to: ['bob@example.test', 'ann@example.test'] });
    expect(sent.recipients['bob@example.test']).toMatchObject({ code: 550, text: 'No Bob' });
    expect(sent.id).not.toBeNull();
    expect(await gateway.send({ to: 'bob@example.test' })).toMatchObject({
      id: null,
      reply: { code: 550 },
      replies: {},
    });
    expect(gateway.happened('refused')).toHaveLength(2);
  });

  test('retries on the manual clock, and gives up with a notification', async () => {
    const gateway = await started({ dns: ANYWHERE, outcomes: { 'bob@example.test': BUSY } });
    await gateway.send();
    await gateway.settled();
    expect(gateway.attempts).toMatchObject([{ attempt: 1, outcomes: { 'bob@example.test': { kind: 'deferred' } } }]);
    await gateway.later(24 * 3_600_000);
    expect(gateway.attempts.length).toBeGreaterThan(5);
    expect(gateway.delivered).toEqual([]);
    await gateway.later(5 * 24 * 3_600_000);
    expect(gateway.happened('bounced')).toHaveLength(1);
    expect(gateway.attempts.at(-1)).toMatchObject({ from: '<>', to: ['ann@client.test'], transport: 'internet' });
    expect(gateway.attempts.at(-1)?.content.toString()).toMatch(/multipart\/report/);
  });

  test('can be answered otherwise while it runs', async () => {
    const gateway = await started({ dns: ANYWHERE, outcomes: () => GONE });
    gateway.answer({ 'bob@example.test': GONE });
    await gateway.send();
    await gateway.settled();
    expect(gateway.delivered).toMatchObject([{ from: '<>', to: 'ann@client.test' }]);
  });

  test('delivers for real where it is asked to: to a sink behind fake DNS, and into files in memory', async () => {
    const sink = await smtpSink();
    onTestFinished(() => sink.close());
    const gateway = await started({
      transports: 'real',
      dns: '$ORIGIN far.test.\n@ MX 10 mx\nmx A 203.0.113.1',
      hosts: { '203.0.113.1:25': sink.port },
    });
    await gateway.send({ to: ['carl@far.test', 'bob@example.test'] });
    await gateway.settled();
    expect(sink.mails).toMatchObject([{ recipients: [{ path: '<carl@far.test>' }] }]);
    expect(gateway.network.attempts).toEqual(['203.0.113.1:25']);
    expect(gateway.files.text('mail/bob')).toContain('\n\nHello, Bob.\n');
    expect(gateway.delivered.map(({ to }) => to).sort()).toEqual(['bob@example.test', 'carl@far.test']);
  });

  test('runs on a file without touching anything beside it', async () => {
    const folder = await tempFolder();
    const file = join(folder, 'mailframe.config.yaml');
    await writeFile(
      file,
      JSON.stringify({
        hostname: 'mx.example.test',
        listeners: [{ id: 'in', address: '0.0.0.0', port: 25 }],
        queue: { directory: './queue' },
        ...CONFIG,
      }),
    );
    const before = await readFile(file, 'utf8');
    const gateway = await started({ file, transports: 'real' });
    await dialogue(gateway, 'S: 220 mx.example.test ...\nC: QUIT\nS: (221)\nS: (closes)\nQ: nothing');
    await gateway.send();
    await gateway.settled();
    expect(gateway.queued()).toEqual(['<ann@client.test> -> <bob@example.test>', '1 in all']);
    expect(gateway.files.written()).toContain(join(folder, 'mail/bob'));
    expect(gateway.port).toBe(gateway.portOf('in'));
    expect(gateway.port).not.toBe(25);
    expect(gateway.configuration.listeners[0]?.address).toBe('127.0.0.1');
    expect(gateway.configuration.queue.directory).not.toContain(folder);
    expect(() => gateway.portOf('out')).toThrow(RangeError);
    await gateway.close();
    expect(await readdir(folder)).toEqual(['mailframe.config.yaml']);
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  test('has middleware at work on what it keeps', async () => {
    const stamp = definePlugin({
      name: 'stamp',
      create: () => ({
        surrounds: ['deliver'],
        around(call, next) {
          if (call.hook !== 'deliver') return next();
          const { mail } = call.subject;
          return next({ ...call.subject, mail: { ...mail, content: aContent('Subject: stamped\n\n') } });
        },
      }),
    });
    const plugins = [{ use: 'stamp' }, ...CONFIG.plugins];
    const gateway = await started({ config: { ...CONFIG, plugins }, plugins: [stamp] });
    await gateway.send();
    await gateway.settled();
    expect(gateway.delivered[0]?.content.toString()).toBe('Subject: stamped\r\n\r\n');
  });

  test('believes clients who say where they come from, where it is asked to', async () => {
    const plugins = [
      { use: 'relay-policy', options: { relayFor: ['198.51.100.0/24', '2001:db8::/32'] } },
      ...CONFIG.plugins.slice(1),
    ];
    const gateway = await started({ config: { ...CONFIG, plugins }, clients: 'as-they-say' });
    const codeFor = async (client?: string) =>
      (await gateway.send({ to: 'carl@far.test', ...(client !== undefined && { client }) })).reply.code;
    expect([await codeFor('198.51.100.7'), await codeFor('2001:db8::7')]).toEqual([250, 250]);
    expect([await codeFor('203.0.113.7'), await codeFor()]).toEqual([550, 550]);
    const strict = await started({ config: { ...CONFIG, plugins } });
    expect(await strict.send({ client: '198.51.100.7' })).toMatchObject({ id: null, reply: { code: 500 } });
  });

  test('complains as a boot would, and leaves no folder behind', async () => {
    const folder = await tempFolder();
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(testGateway({ config: { ...CONFIG, routes: [{ deliver: 'nowhere' }] } })).rejects.toThrow(/nowhere/);
    const text = 'hostname: mx.example.test\nlistener: []\n';
    await expect(testGateway({ config: text })).rejects.toMatchObject({ name: 'MailframeError' });
    const ended = await testGateway({ config: CONFIG });
    expect(await readdir(folder)).toHaveLength(2);
    await ended[Symbol.asyncDispose]();
    await ended.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('speaks LMTP where the listener does, and TLS and AUTH as clients do', async () => {
    const gateway = await started({
      config: {
        ...CONFIG,
        listeners: [
          { id: 'in', port: 0 },
          { id: 'lmtp', protocol: 'lmtp', port: 0 },
        ],
      },
    });
    const sent = await gateway.send({ listener: 'lmtp', to: ['bob@example.test', 'carl@example.test'] });
    expect(Object.values(sent.replies).map(({ code }) => code)).toEqual([250, 250]);
    expect(await gateway.send({ auth: { user: 'ann', password: 'x' } })).toMatchObject({
      id: null,
      reply: { code: 502 },
    });
  });
});
