/** The configurations of docs/postfix.md, as the page has them but for ports, against a Postfix. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { smtpSink } from '../../core/testing/smtp-sink.ts';
import { selfSigned } from '../support/certificate.ts';
import { dnsServer } from '../support/dns-server.ts';
import { freePort, run } from '../support/external.ts';
import { placed, shownBelow } from '../support/page.ts';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX, type Postfix, type PostfixSettings, startPostfix } from '../support/postfix.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { arrived, parted, send } from './postfix-chain.ts';
import { type RunningGateway, startedIn } from './running-gateway.ts';

const PAGE = 'docs/postfix.md';
const COMMAND = fileURLToPath(new URL('../../core/cli/mailframe.js', import.meta.url));
const CONTENT = 'Subject: beside\r\n\r\nthe body\r\n';

/** A Postfix that ends with the running test. */
async function postfix(settings: PostfixSettings): Promise<Postfix> {
  const started = await startPostfix(settings);
  onTestFinished(() => started.stop());
  return started;
}

/** The gateway of a section, with its files beside the configuration. */
async function gateway(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
  zones: Parameters<typeof dnsServer>[0] = {},
): Promise<RunningGateway> {
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const dns = await dnsServer(zones);
  onTestFinished(dns.close);
  await writeFile(file, `${yaml}resolver: { servers: ["${dns.address}"] }\n`);
  return startedIn({ folder, file, dns, brought: [], store: null });
}

/** Sends content to one recipient and gives the first reply that refuses, or the last one. */
async function attempt(port: number, to: string, content = CONTENT) {
  const client = await smtpClient(port);
  await client.say('EHLO client.test');
  const [mail, rcpt] = await client.sayAll(['MAIL FROM:<ann@client.test> BODY=8BITMIME', `RCPT TO:<${to}>`]);
  const refused = [mail, rcpt].find(reply => reply?.code !== 250);
  const reply = refused ?? (await client.data(Buffer.from(content, 'latin1')));
  await client.close();
  return reply;
}

describeWithPeer(POSTFIX, 'docs/postfix.md', () => {
  test('Before Postfix', async () => {
    const shown = shownBelow(PAGE, 'Before Postfix');
    const { cert, key } = selfSigned('mx.example.test');
    const behind = await freePort();
    const port = await freePort();
    const places = { '127.0.0.1:10026': `127.0.0.1:${behind}` };
    const its = await postfix({
      hostname: 'mailboxes.example.test',
      domains: ['example.test', 'client.test'],
      main: shown.postfix('main.cf'),
      master: placed(shown.postfix('master.cf'), places),
    });
    const between = await gateway(
      placed(shown.yaml(), {
        '"[127.0.0.1]:10026"': `"[127.0.0.1]:${behind}"`,
        'address: 0.0.0.0, port: 25': `port: ${port}`,
        './tls/': './',
      }),
      { 'cert.pem': cert, 'key.pem': key, mailboxes: 'bob\nlate\n' },
    );
    await send(port, { from: 'ann@client.test', to: ['bob@example.test NOTIFY=SUCCESS'], content: CONTENT });
    const [mail] = await arrived(its, 'bob@example.test');
    expect(parted(mail?.content ?? '').below).toBe('Subject: beside\n\nthe body\n');
    // Both ways: what Postfix says about the delivery.
    expect((await arrived(its, 'ann@client.test'))[0]?.content).toContain('Action: delivered');
    expect(await attempt(port, 'nobody@example.test')).toMatchObject({
      code: 550,
      text: expect.stringMatching(/mailbox/),
    });
    expect(await attempt(port, 'bob@elsewhere.test')).toMatchObject({ code: 550 });
    expect(between.log.of('accepted')).toHaveLength(1);
  });

  test('A content filter, after the queue', async () => {
    const shown = shownBelow(PAGE, 'A content filter, after the queue');
    const [port, back] = [await freePort(), await freePort()];
    const its = await postfix({
      hostname: 'mx.example.test',
      domains: ['example.test', 'client.test'],
      main: placed(shown.postfix('main.cf'), { '127.0.0.1:10025': `127.0.0.1:${port}` }),
      master: placed(shown.postfix('master.cf'), { '127.0.0.1:10026': `127.0.0.1:${back}` }),
    });
    const places = { 'port: 10025': `port: ${port}`, '[127.0.0.1]:10026': `[127.0.0.1]:${back}` };
    const between = await gateway(placed(shown.yaml(), places));
    await send(its.port, {
      from: 'ann@client.test',
      parameters: 'ENVID=filtered',
      to: ['bob@example.test NOTIFY=SUCCESS', 'eve@example.test NOTIFY=NEVER'],
      content: CONTENT,
    });
    for (const name of ['bob', 'eve']) {
      const [mail] = await arrived(its, `${name}@example.test`);
      const { trace, below } = parted(mail?.content.replace('X-Filtered: yes\n', '') ?? '');
      expect(mail?.content).toMatch(/^Received: .*\n(?:\t.*\n)+X-Filtered: yes\n/);
      expect(trace[1]).toContain('by filter.example.test with LMTP id ');
      expect(below).toBe('Subject: beside\n\nthe body\n');
    }
    const [report] = await arrived(its, 'ann@client.test');
    expect(report?.content).toMatch(/^Original-Envelope-Id: filtered$/m);
    expect(between.log.of('accepted')[0]?.fields).toMatchObject({ recipients: 2, forwarded: { helo: 'client.test' } });
    // A bare CR, which Postfix takes, is a space when it comes to us, and so the mail does not come back.
    expect(await attempt(its.port, 'bare@example.test', 'Subject: x\r\n\r\none\rtwo\r\n')).toMatchObject({ code: 250 });
    const [bare] = await arrived(its, 'bare@example.test');
    expect(bare?.content).toMatch(/\n\none two\n$/);
  });

  test('A filter before the queue', async () => {
    const shown = shownBelow(PAGE, 'A filter before the queue');
    const [front, port, back] = [await freePort(), await freePort(), await freePort()];
    const its = await postfix({
      hostname: 'mx.example.test',
      domains: ['example.test', 'client.test'],
      master: placed(shown.postfix('master.cf'), {
        'smtp inet': `127.0.0.1:${front} inet`,
        '=127.0.0.1:10025': `=127.0.0.1:${port}`,
        '127.0.0.1:10026': `127.0.0.1:${back}`,
      }),
    });
    const refusal = `plugins:\n  - { use: ./refusal.ts, when: { header: { Subject: forbidden } } }\n`;
    const between = await gateway(
      placed(shown.yaml(), {
        'port: 10025': `port: ${port}`,
        '[127.0.0.1]:10026': `[127.0.0.1]:${back}`,
        'plugins:\n': refusal,
      }),
      {
        'refusal.ts': `import { definePlugin, reject } from 'mailframe';
          export default definePlugin({ name: 'refusal', create: () => ({ data: () => reject(550, '5.7.1', 'Forbidden') }) });`,
      },
    );
    await send(front, {
      from: 'ann@client.test',
      parameters: 'ENVID=filtered',
      to: ['bob@example.test NOTIFY=SUCCESS'],
      content: CONTENT,
    });
    const [mail] = await arrived(its, 'bob@example.test');
    expect((await arrived(its, 'ann@client.test'))[0]?.content).toMatch(/^Original-Envelope-Id: filtered$/m);
    expect(mail?.content).toContain('by filter.example.test with ESMTP id ');
    expect(mail?.content).toContain('\nX-Filtered: yes\n');
    expect(mail?.content).toMatch(/\nSubject: beside\n\nthe body\n$/);
    expect(between.log.of('accepted')[0]?.fields).toMatchObject({ forwarded: { helo: 'client.test' } });
    const forbidden = await attempt(front, 'bob@example.test', 'Subject: forbidden\r\n\r\n');
    expect(forbidden).toMatchObject({ code: 550, lines: ['550 5.7.1 Forbidden'] });
    const bare = await attempt(front, 'bob@example.test', 'Subject: x\r\n\r\none\rtwo\r\n');
    expect(bare).toMatchObject({ code: 550, text: expect.stringContaining('bare CR') });
    expect(await its.queue()).toEqual([]);
  });

  test('The mailboxes', async () => {
    const shown = shownBelow(PAGE, 'The mailboxes');
    const port = await freePort();
    const its = await postfix({
      hostname: 'mx.example.test',
      main: `${placed(shown.postfix('main.cf'), { '127.0.0.1:10024': `127.0.0.1:${port}` })}
mynetworks = 192.0.2.1
address_verify_poll_delay = 1s
`,
    });
    const places = { 'port: 10024': `port: ${port}`, '[127.0.0.1]:25': `[127.0.0.1]:${its.port}` };
    const mailboxes = await gateway(placed(shown.yaml(), places), { mailboxes: 'bob\n' });
    expect(await attempt(its.port, 'bob@example.test')).toMatchObject({ code: 250 });
    const [mail] = await mailboxes.mails('bob', 1);
    expect(mail?.content).toContain('by mailboxes.example.test with LMTP id ');
    expect(mail?.content).toMatch(/Subject: beside\n\nthe body\n$/);
    expect(await attempt(its.port, 'nobody@example.test')).toMatchObject({ code: 550 });
    expect(mailboxes.log.of('accepted')).toHaveLength(1);
  });

  test('The way out', async () => {
    const shown = shownBelow(PAGE, 'The way out');
    const { cert, key } = selfSigned('out.example.test');
    const port = await freePort();
    const sink = await smtpSink();
    onTestFinished(() => sink.close());
    const users = join(await tempFolder(), 'users');
    const password = 'the-password';
    await run(process.execPath, [COMMAND, 'passwd', users, 'postfix'], { input: `${password}\n` });
    await gateway(
      placed(shown.yaml(), {
        'port: 10587': `port: ${port}`,
        './tls/': './',
        './users': users,
        '{ use: mx-routing }': `{ use: mx-routing, options: { port: ${sink.port}, privateAddresses: allow } }`,
      }),
      { 'cert.pem': cert, 'key.pem': key },
      { 'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] }, 'mail.elsewhere.test': { A: ['127.0.0.1'] } },
    );
    const its = await postfix({
      hostname: 'mx.example.test',
      main: `${placed(shown.postfix('main.cf'), { ':10587': `:${port}`, '/etc/postfix/': '$config_directory/' })}
smtp_tls_loglevel = 1
`,
      files: { 'authorities.pem': cert, passwords: `[127.0.0.1]:${port} postfix:${password}\n` },
    });
    expect(await attempt(its.port, 'bob@elsewhere.test')).toMatchObject({ code: 250 });
    await until(async () => {
      if (sink.mails.length === 0) throw new Error(await its.log());
    });
    expect(sink.mails[0]?.content.toString()).toContain('by out.example.test with ESMTPSA id ');
    expect(await its.log()).toContain('Verified TLS connection established');
  });
});
