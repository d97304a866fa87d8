/** Every example is run: its configuration starts a gateway, and its transcript is what a client hears. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createTransport } from 'nodemailer';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEngine, type Engine } from '../core/engine.ts';
import { dialogue } from '../core/testing/dialogue.ts';
import { type SmtpClient, smtpClient } from '../core/testing/smtp-client.ts';
import { smtpSink } from '../core/testing/smtp-sink.ts';
import { selfSigned } from './support/certificate.ts';
import { describeWithProgram, run } from './support/external.ts';
import { openldapForAll } from './support/openldap.ts';
import { detached, makeKey, multipartSigned, PART } from './support/openpgp-signing.ts';
import { tempFolder } from './support/temp-folder.ts';
import { until } from './support/until.ts';

const EXAMPLES = fileURLToPath(new URL('../examples', import.meta.url));
const CONFIGURATION = 'mailframe.config.yaml';
const examples = readdirSync(EXAMPLES);

/** A copy of an example that listens on a free port. `change` is for the configurations. */
async function copyOf(example: string, change: (configuration: string) => string = text => text): Promise<string> {
  const folder = join(await tempFolder(), example);
  await cp(join(EXAMPLES, example), folder, { recursive: true });
  for (const name of (await readdir(folder)).filter(one => one.endsWith('.config.yaml'))) {
    const file = join(folder, name);
    await writeFile(file, change((await readFile(file, 'utf8')).replaceAll('port: 2525', 'port: 0')));
  }
  return folder;
}

async function start(
  folder: string,
  configuration = CONFIGURATION,
): Promise<{ readonly engine: Engine; readonly port: number; readonly client: SmtpClient }> {
  const engine = await createEngine({ file: join(folder, configuration) });
  onTestFinished(() => engine.close());
  await engine.start();
  const port = engine.listeners[0]?.port ?? 0;
  return { engine, port, client: await smtpClient(port) };
}

test('every example says what it is, and has a test here or beside it', () => {
  for (const example of examples) expect(existsSync(join(EXAMPLES, example, 'README.md')), example).toBe(true);
  expect(examples).toEqual([
    'custom-filter',
    'embedded',
    'forwarding',
    'local-mailboxes',
    'mailbox-store',
    'protected-routes',
    'rewritten-mail',
    'sealed-mail',
    'signed-mail-only',
    'smart-gateway',
    'submission',
    'swapped-plugins',
  ]);
});

describe('the transcript of', () => {
  const written = examples.filter(example => existsSync(join(EXAMPLES, example, 'transcript.txt')));
  test.each(written)('%s', async example => {
    const { port } = await start(await copyOf(example));
    await dialogue(port, readFileSync(join(EXAMPLES, example, 'transcript.txt'), 'utf8'));
  });
});

test('local-mailboxes: mail for an alias lies in both mailboxes', async () => {
  const folder = await copyOf('local-mailboxes');
  const { port } = await start(folder);
  await dialogue(port, readFileSync(join(EXAMPLES, 'local-mailboxes', 'transcript.txt'), 'utf8'));
  const box = (name: string) => readFile(join(folder, 'var/mail', name), 'utf8');
  await until(async () => expect(await box('ann')).toContain('\n\nHello, staff.\n\n'));
  await until(async () => expect(await box('bob')).toMatch(/^Delivered-To: bob@example\.test$/m));
});

test('forwarding: lists have owners, commands run, forwards have a sender of ours, and bounces come home', async () => {
  const outside = await smtpSink({ faults: { rcpt: { 'dora@elsewhere.test': '550 5.1.1 gone' } } });
  onTestFinished(() => outside.close());
  const folder = await copyOf('forwarding', text => text.replace(':2526', `:${outside.port}`));
  await mkdir(join(folder, 'var'));
  const { port } = await start(folder);
  await dialogue(port, readFileSync(join(EXAMPLES, 'forwarding', 'transcript.txt'), 'utf8'));
  const read = (name: string) => readFile(join(folder, 'var', name), 'utf8');
  await until(async () => expect(await read('mail/bob')).toMatch(/^Return-Path: <owner-staff@example\.test>$/m));
  await until(async () => expect(await read('staff.txt')).toContain('Hello, staff.'));
  // The owner is an alias too: what becomes of the members is told to whoever that is.
  await until(async () => expect(await read('mail/ann')).toMatch(/^Final-Recipient: rfc822; dora@elsewhere\.test$/m));
  await until(() => expect(outside.mails).toHaveLength(1));
  const [forwarded] = outside.mails;
  expect(forwarded?.from).toMatch(/^<SRS0=[\w+/]{4}=\w\w=client\.test=eve@example\.test>$/);
  expect(forwarded?.recipients.map(({ path }) => path)).toEqual(['<carl@elsewhere.test>']);

  const bouncing = await smtpClient(port);
  await bouncing.say('EHLO elsewhere.test');
  await bouncing.say('MAIL FROM:<>');
  expect(await bouncing.say(`RCPT TO:${forwarded?.from}`)).toMatchObject({ code: 250 });
  await bouncing.data('Subject: it bounced\n\nsorry\n');
  await until(() => expect(outside.mails).toHaveLength(2));
  expect(outside.mails[1]).toMatchObject({ from: '<>', recipients: [{ path: '<eve@client.test>' }] });
});

test('rewritten-mail: the program is gone, the link is defanged, and the footer is there', async () => {
  const folder = await copyOf('rewritten-mail');
  const { port } = await start(folder);
  await dialogue(port, readFileSync(join(EXAMPLES, 'rewritten-mail', 'transcript.txt'), 'utf8'));
  const box = await until(async () => {
    const text = await readFile(join(folder, 'var/mail/ann'), 'utf8');
    expect(text).toContain('--b--');
    return text;
  });
  expect(box).toContain('\nSee hxxp://evil[.]test/ and run this.\n--b\n');
  expect(box).toContain('\nThe attachment setup.exe was removed.\nThis mail comes from outside.\n');
  expect(box).not.toContain('\nMZ');
  expect(box).not.toContain('X-Internal-Trust');
});

test('smart-gateway: the first host is down, the second one takes the mail', async () => {
  const down = await smtpSink();
  await down.close();
  const inner = await smtpSink();
  onTestFinished(() => inner.close());
  const folder = await copyOf('smart-gateway', text =>
    text.replace(':2526', `:${down.port}`).replace(':2527', `:${inner.port}`),
  );
  const { client } = await start(folder);
  await client.say('EHLO client.test');
  await client.say('MAIL FROM:<eve@client.test>');
  await client.say('RCPT TO:<ann@example.test>');
  expect(await client.data('Subject: hello\n\nbody\n')).toMatchObject({ code: 250 });
  await until(() => expect(inner.mails).toHaveLength(1));
});

test('protected-routes: smarthosts share the load, and the third takes over when both are down', async () => {
  const [one, two, three] = [await smtpSink(), await smtpSink(), await smtpSink()];
  onTestFinished(() => three.close());
  const folder = await copyOf('protected-routes', text =>
    text.replace(':2526', `:${one.port}`).replace(':2527', `:${two.port}`).replace(':2528', `:${three.port}`),
  );
  const { client } = await start(folder);
  await client.say('EHLO client.test');
  const send = async () => {
    await client.say('MAIL FROM:<letter@news.example.test>');
    await client.say('RCPT TO:<bob@elsewhere.test>');
    expect(await client.data('Subject: hello\n\nbody\n')).toMatchObject({ code: 250 });
  };
  for (let mail = 0; mail < 60; mail += 1) await send();
  await until(() => expect(one.mails.length + two.mails.length).toBe(60));
  expect(one.mails.length).toBeGreaterThan(0);
  expect(two.mails.length).toBeGreaterThan(one.mails.length);
  expect(three.mails).toEqual([]);
  await Promise.all([one.close(), two.close()]);
  await send();
  await until(() => expect(three.mails).toHaveLength(1));
});

test('mailbox-store: the store answers for each recipient', async () => {
  const store = await smtpSink({ protocol: 'lmtp', faults: { content: { 'bob@example.test': '552 5.2.2 Full' } } });
  onTestFinished(() => store.close());
  // The sink listens on a port and no socket.
  const folder = await copyOf('mailbox-store', text =>
    text.replace('socket: /run/dovecot/lmtp', `hosts: ["[127.0.0.1]:${store.port}"]`),
  );
  const { client } = await start(folder);
  await client.say('EHLO client.test');
  await client.sayAll(['MAIL FROM:<ann@example.test>', 'RCPT TO:<bob@example.test>', 'RCPT TO:<carl@example.test>']);
  expect(await client.data('Subject: hello\n\nbody\n')).toMatchObject({ code: 250 });
  // Carl's mail, and the notification about bob's.
  await until(() => {
    const all = store.mails.map(({ recipients }) => recipients.map(({ path }) => path));
    expect(all).toEqual([['<carl@example.test>'], ['<ann@example.test>']]);
  });
});

describe('swapped-plugins', () => {
  const SWAPPED = 'maildir-and-ldap.config.yaml';
  const written = (name: string) => readFileSync(join(EXAMPLES, 'swapped-plugins', name), 'utf8');
  const BODY = 'Hello, staff.';

  test('three lines differ, and the README shows them', () => {
    const [before, after] = [CONFIGURATION, SWAPPED].map(name => written(name).split('\n'));
    const differ = (before ?? []).flatMap((line, at) =>
      line === after?.[at] ? [] : [`< ${line}`, `> ${after?.[at]}`],
    );
    expect(after).toHaveLength(before?.length ?? 0);
    expect(differ).toHaveLength(6);
    for (const line of differ) expect(written('README.md').split('\n')).toContain(line);
  });

  test('mail for an alias of the file lies in two mbox files', async () => {
    const folder = await copyOf('swapped-plugins');
    await dialogue((await start(folder)).port, written('transcript.txt'));
    for (const name of ['ann', 'bob']) {
      await until(async () => expect(await readFile(join(folder, 'var/mail', name), 'utf8')).toContain(BODY));
    }
  });

  describeWithProgram('slapd', 'the example whose aliases are in LDAP', () => {
    const directory = openldapForAll(selfSigned('localhost'), written('directory.ldif'));

    test('mail for an alias of the directory lies in two Maildirs, and a client sees no difference', async () => {
      const folder = await copyOf('swapped-plugins', text => text.replace(':3389', `:${directory().port}`));
      await dialogue((await start(folder, SWAPPED)).port, written('transcript.txt'));
      for (const name of ['ann', 'bob']) {
        const inbox = join(folder, 'var/maildirs', name, 'new');
        const [mail = ''] = await until(async () => {
          const found = await readdir(inbox);
          expect(found).toHaveLength(1);
          return found;
        });
        expect(await readFile(join(inbox, mail), 'utf8')).toContain(BODY);
      }
    });
  });
});

test('signed-mail-only: what is not signed is refused, and its words say why', async () => {
  const { client } = await start(await copyOf('signed-mail-only'));
  await client.say('EHLO client.test');
  await client.say('MAIL FROM:<eve@client.test>');
  await client.say('RCPT TO:<ann@example.test>');
  expect(await client.data('From: eve@client.test\n\nunsigned\n')).toMatchObject({
    code: 550,
    text: expect.stringContaining('takes only mail with a valid OpenPGP signature'),
  });
});

test('signed-mail-only: what is signed is delivered, with the verdict and a tag where the signer is not the author', async () => {
  const folder = await copyOf('signed-mail-only');
  const ann = await makeKey([{ email: 'ann@client.test' }], { made: new Date(Date.now() - 60_000) });
  await writeFile(join(folder, 'keys/ann.asc'), ann.publicKey.armor());
  const { client } = await start(folder);
  await client.say('EHLO client.test');
  const signed = multipartSigned(PART, await detached(PART, [ann], new Date()));
  for (const author of ['ann', 'eve']) {
    await client.say(`MAIL FROM:<${author}@client.test>`);
    await client.say('RCPT TO:<bob@example.test>');
    expect(await client.data(`From: ${author}@client.test\nMIME-Version: 1.0\n${signed}`)).toMatchObject({ code: 250 });
  }
  await until(async () => {
    const box = await readFile(join(folder, 'var/mail/bob'), 'utf8');
    expect(box).toMatch(/policy\.aligned=yes[^]*policy\.aligned=no|policy\.aligned=no[^]*policy\.aligned=yes/);
    expect(box.match(/^X-Policy: the signer is not the author$/gm)).toHaveLength(1);
  });
});

test('sealed-mail: what goes to the partner is sealed, comes back, and is opened; other mail is signed', async () => {
  const hop = await smtpSink();
  onTestFinished(() => hop.close());
  const folder = await copyOf('sealed-mail', text => text.replace(':2526', `:${hop.port}`));
  const made = { made: new Date(Date.now() - 60_000), encrypts: true };
  const ann = await makeKey([{ email: 'ann@example.test' }], made);
  await writeFile(join(folder, 'private/ann.asc'), ann.privateKey.armor());
  // The partner uses Ann's key as well: so what is sealed for the partner can be opened here.
  const partner = await makeKey([{ email: 'bob@partner.example' }], made);
  await writeFile(join(folder, 'keys/ann.asc'), ann.publicKey.armor());
  await writeFile(join(folder, 'keys/bob.asc'), partner.publicKey.armor());
  await writeFile(join(folder, 'private/bob.asc'), partner.privateKey.armor());
  const { client } = await start(folder);
  await client.say('EHLO client.test');
  const send = async (to: string, content: string | Buffer) => {
    await client.sayAll(['MAIL FROM:<ann@example.test>', `RCPT TO:<${to}>`]);
    return client.data(content);
  };
  const mail = 'From: ann@example.test\r\nSubject: plans\r\n\r\nThe plans.\r\n';
  expect(await send('carl@partner.example', mail)).toMatchObject({ code: 451, status: '4.7.1' });
  expect(await send('bob@partner.example', mail)).toMatchObject({ code: 250 });
  expect(await send('dan@other.example', mail)).toMatchObject({ code: 250 });
  await until(() => expect(hop.mails).toHaveLength(2));
  const texts = hop.mails.map(one => one.content.toString());
  const sealed = texts.find(text => text.includes('multipart/encrypted')) ?? '';
  expect(sealed).not.toMatch(/plans/);
  expect(texts.find(text => text.includes('multipart/signed'))).toContain('BEGIN PGP SIGNATURE');
  expect(await send('ann@example.test', sealed)).toMatchObject({ code: 250 });
  const inbox = join(folder, 'var/maildirs/ann/new');
  const [name = ''] = await until(async () => {
    const names = await readdir(inbox);
    if (names.length === 0) throw new Error('nothing yet');
    return names;
  });
  const text = await readFile(join(inbox, name), 'utf8');
  expect(text).toMatch(/^Subject: plans$/m);
  expect(text).toContain('\n\nThe plans.\n');
  expect(text).toMatch(/x-openpgp=pass|openpgp=pass|pgp=/i);
});

test('submission: who logs in over TLS sends anywhere, and nobody else sends anything', async () => {
  const hop = await smtpSink();
  onTestFinished(() => hop.close());
  const folder = await copyOf('submission', text => text.replace(':2526', `:${hop.port}`));
  const { cert, key } = selfSigned('mx.example.test');
  await writeFile(join(folder, 'tls/cert.pem'), cert);
  await writeFile(join(folder, 'tls/key.pem'), key);
  const command = join(EXAMPLES, '../core/cli/mailframe.js');
  await run(process.execPath, [command, 'passwd', join(folder, 'users'), 'ann'], { input: 'the-password\n' });
  const { port, client } = await start(folder);
  await client.say('EHLO client.test');
  expect(await client.say('MAIL FROM:<ann@example.test>')).toMatchObject({ code: 530 });
  const login = (pass: string) => {
    const transport = createTransport({
      host: '127.0.0.1',
      port,
      name: 'client.test',
      requireTLS: true,
      tls: { ca: cert, servername: 'mx.example.test' },
      auth: { user: 'ann', pass },
    });
    onTestFinished(() => transport.close());
    return transport.sendMail({ from: 'ann@example.test', to: 'bob@other.example', subject: 'hello', text: 'body' });
  };
  await expect(login('wrong')).rejects.toMatchObject({ responseCode: 535 });
  await login('the-password');
  await until(() => expect(hop.mails).toHaveLength(1));
});

test('embedded: a program takes mail and opens tickets', async () => {
  const folder = await copyOf('embedded');
  await mkdir(join(folder, 'node_modules'));
  await symlink(join(EXAMPLES, '..'), join(folder, 'node_modules/mailframe'));
  const program = spawn(process.execPath, ['--conditions=mailframe-source', join(folder, 'main.ts')], { cwd: folder });
  onTestFinished(() => void program.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: program.stdout }).on('line', line => lines.push(line));
  let errors = '';
  program.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const port = () => Number(/inbound listens on 127\.0\.0\.1:(\d+)/.exec(lines.join('\n'))?.[1] ?? 0);
  await until(() => expect(port(), errors).toBeGreaterThan(0));
  const client = await smtpClient(port());
  await client.say('EHLO client.test');
  await client.say('MAIL FROM:<eve@client.test>');
  await client.say('RCPT TO:<help@tickets.example.test>');
  expect(await client.data('Subject: printer\n\nIt is on fire.\n')).toMatchObject({ code: 250 });
  await until(() => expect(lines.join('\n')).toMatch(/"event":"delivered"/));
  program.kill('SIGINT');
  await until(() => expect(lines.at(-1), errors).toBe('1 tickets were opened'));
});
