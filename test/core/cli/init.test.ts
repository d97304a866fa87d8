/** `mailframe init`: whatever is answered, the configuration passes the check; and one of each kind takes and delivers mail. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { checked } from '../../../core/cli/check.ts';
import { type Answers, PURPOSES, type Purpose } from '../../../core/cli/init/answers.ts';
import { configurationText } from '../../../core/cli/init/configuration-text.ts';
import { type Flags, findAnswers } from '../../../core/cli/init/find-answers.ts';
import { nobody, somebody } from '../../../core/cli/init/questions.ts';
import { writeStartingFiles } from '../../../core/cli/init/starting-files.ts';
import { initialize } from '../../../core/cli/init.ts';
import { setPassword } from '../../../core/cli/passwd.ts';
import { createEngine } from '../../../core/engine.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { smtpClient, smtpSink } from '../../../core/testing.ts';
import { selfSigned } from '../../support/certificate.ts';
import { makeKey } from '../../support/openpgp-signing.ts';
import { folderForAll, tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));
const purposes = Object.keys(PURPOSES) as Purpose[];

const PLAIN: Answers = {
  purpose: 'mailboxes',
  hostname: 'mx.example.test',
  domains: ['example.test'],
  address: '127.0.0.1',
  port: 0,
  relay: null,
  login: null,
  tls: null,
  store: 'mbox',
  pgp: 'ignore',
  signKey: null,
};

/** All that answers may differ in, multiplied out. */
function allAnswers(): readonly Answers[] {
  let all: readonly Answers[] = purposes.map(purpose => ({ ...PLAIN, purpose }));
  const vary = (parts: readonly Partial<Answers>[]) => {
    all = all.flatMap(answers => parts.map(part => ({ ...answers, ...part })));
  };
  const relay = '[192.0.2.10]:2526';
  vary([{}, { relay }, { relay: 'mail.example.test', login: { user: 'a: b', passwordFile: './password' } }]);
  vary([{}, { tls: { cert: './cert.pem', key: './key.pem' } }]);
  vary([{}, { pgp: 'verify' }]);
  vary([{}, { signKey: './secret.asc' }]);
  all = all.flatMap(one => (one.purpose === 'mailboxes' ? [one, { ...one, store: 'maildir' as const }] : [one]));
  all = all.map((one, index) => (index % 2 === 0 ? one : { ...one, domains: [...one.domains, 'second.test'] }));
  return all.filter(({ purpose, relay }) => relay !== null || (purpose !== 'forward' && purpose !== 'filter'));
}

const folder = folderForAll();
beforeAll(async () => {
  const { cert, key } = selfSigned('mx.example.test');
  const { privateKey } = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
  const files = { 'cert.pem': cert, 'key.pem': key, 'secret.asc': privateKey.armor(), password: 'hunter2\n' };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder(), name), text, { mode: 0o600 });
});

test('every combination of answers passes the check, without a warning', async () => {
  const all = allAnswers();
  expect(all.length).toBeGreaterThan(80);
  const complaints = new Set<string>();
  for (const answers of all) {
    writeStartingFiles(folder(), answers);
    const { text } = await checked(join(folder(), 'mailframe.config.yaml'));
    if (!text.endsWith('nothing to complain about\n')) complaints.add(`${JSON.stringify(answers)}: ${text}`);
  }
  expect([...complaints]).toEqual([]);
});

describe('what it writes runs', () => {
  /** Starts a gateway on the answers, and gives its port. */
  async function started(home: string, answers: Answers): Promise<number> {
    await initialize(home, answers);
    // Nobody is to see the log of a test.
    const file = join(home, 'mailframe.config.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}\nlog: { level: error }\n`);
    const engine = await createEngine({ file });
    await engine.start();
    onTestFinished(() => engine.close());
    return engine.listeners[0]?.port ?? 0;
  }

  async function send(port: number, to: string, login: string | null = null): Promise<void> {
    const client = await smtpClient(port);
    await client.say('EHLO client.test');
    if (login !== null) {
      await client.startTls({ rejectUnauthorized: false });
      await client.say('EHLO client.test');
      expect(await client.say(`AUTH PLAIN ${Buffer.from(login).toString('base64')}`)).toMatchObject({ code: 235 });
    }
    await client.say('MAIL FROM:<eve@client.test>');
    expect(await client.say(`RCPT TO:<${to}>`)).toMatchObject({ code: 250 });
    expect(await client.data('Subject: First light\n\nHello.\n')).toMatchObject({ code: 250 });
    await client.close();
  }

  test('mailboxes: the mail lies in one, and the alias of postmaster leads there', async () => {
    const home = await tempFolder();
    const port = await started(home, { ...PLAIN, pgp: 'verify' });
    await send(port, 'abuse@example.test');
    await until(async () => expect(await readFile(join(home, 'var/mail/postmaster'), 'utf8')).toContain('First light'));
  });

  test.each(['forward', 'filter'] as const)('%s: the mail reaches the other machine', async purpose => {
    const sink = await smtpSink();
    onTestFinished(() => sink.close());
    const answers = { ...PLAIN, purpose, relay: `[127.0.0.1]:${sink.port}` };
    await send(await started(await tempFolder(), answers), 'ann@example.test');
    await until(() => expect(sink.mails).toHaveLength(1));
  });

  test('submission: who has a password sends, over TLS', async () => {
    const home = await tempFolder();
    const { cert, key } = selfSigned('mx.example.test');
    await mkdir(join(home, 'tls'));
    await writeFile(join(home, 'tls/cert.pem'), cert);
    await writeFile(join(home, 'tls/key.pem'), key);
    const sink = await smtpSink();
    onTestFinished(() => sink.close());
    const users = { files: systemFiles(home), path: './users', uid: process.getuid?.() ?? null };
    const answers: Answers = {
      ...PLAIN,
      purpose: 'submission',
      domains: [],
      relay: `[127.0.0.1]:${sink.port}`,
      tls: { cert: './tls/cert.pem', key: './tls/key.pem' },
    };
    writeStartingFiles(home, answers);
    await setPassword(users, { user: 'ann', password: 'correct horse' });
    // The users that are there by now must stay.
    await send(await started(home, answers), 'bob@elsewhere.test', '\0ann\0correct horse');
    await until(() => expect(sink.mails).toHaveLength(1));
  });
});

describe('answers', () => {
  const found = (flags: Flags) => findAnswers(flags, nobody, folder());

  test('are those of the flags', async () => {
    const flags = {
      for: 'filter',
      hostname: 'MX.Example.test',
      domain: ['a.test', 'b.test,a.test'],
      relay: '192.0.2.10:2526',
      relayUser: 'gateway',
      relayPasswordFile: './password',
      address: '0.0.0.0',
      port: '25',
      cert: './cert.pem',
      key: './key.pem',
      pgp: 'verify',
      signKey: './secret.asc',
    };
    expect(await found(flags)).toEqual({
      purpose: 'filter',
      hostname: 'mx.example.test',
      domains: ['a.test', 'b.test'],
      relay: '[192.0.2.10]:2526',
      login: { user: 'gateway', passwordFile: './password' },
      address: '0.0.0.0',
      port: 25,
      tls: { cert: './cert.pem', key: './key.pem' },
      store: 'mbox',
      pgp: 'verify',
      signKey: './secret.asc',
    });
  });

  test('that nobody gives are as usual', async () => {
    expect(await found({ hostname: 'mx.example.test' })).toEqual({ ...PLAIN, port: 2525 });
  });

  test.each<{ readonly flags: Flags; readonly want: string }>([
    { flags: { for: 'filtr' }, want: '"filtr" is none of: mailboxes, forward, submission, filter' },
    { flags: { for: 'forward' }, want: 'Smarthost: it has to be said' },
    { flags: { domain: ['exam ple..test'] }, want: 'is no domain name' },
    { flags: { relay: 'mail.example.test:port' }, want: 'is no host' },
    { flags: { port: '70000' }, want: '"70000" is no port' },
    { flags: { address: 'localhost' }, want: '"localhost" is no IP address' },
    { flags: { cert: './cert.pem' }, want: '--cert and --key belong together' },
    { flags: { cert: './cert.pem', key: './nowhere.pem' }, want: 'there is no file ./nowhere.pem in ' },
    { flags: { relayUser: 'gateway', relayPasswordFile: './password' }, want: 'a login needs a relay' },
    { flags: { relay: 'a.test', relayUser: 'gateway' }, want: 'belong together' },
  ])('$want', async ({ flags, want }) => {
    await expect(found(flags)).rejects.toMatchObject({ code: 'MF_INIT', message: expect.stringContaining(want) });
  });

  test('are asked for until they are understood', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const said: string[] = [];
    const lines = ['filer', 'filter', 'a.test', '', '192.0.2.10', 'many', '2526', '', 'verify'];
    output.on('data', (text: Buffer) => {
      said.push(text.toString());
      // Each prompt is answered with the next line.
      if (text.toString().endsWith(': ')) input.write(`${lines.shift()}\n`);
    });
    const asking = somebody(input, output, () => undefined);
    const answers = await findAnswers({}, asking, folder());
    asking.close();
    expect(answers).toMatchObject({
      purpose: 'filter',
      domains: ['a.test'],
      relay: '[192.0.2.10]',
      port: 2526,
      tls: null,
      pgp: 'verify',
    });
    expect(said.join('')).toContain('"filer" is none of: mailboxes, forward, submission, filter');
    expect(said.join('')).toContain('"many" is no port');
    expect(lines).toEqual([]);
  });
});

describe('the command', () => {
  function run(...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
    return new Promise(resolve => {
      execFile(process.execPath, [COMMAND, 'init', ...args], (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr });
      });
    });
  }

  test('writes over nothing that is there, and with --force over the configuration alone', async () => {
    const home = await tempFolder();
    const { text } = await initialize(home, PLAIN);
    expect(text).toContain('npx mailframe start');
    await writeFile(join(home, 'aliases'), 'mine: ann\n');
    const again = await run(home, '--yes');
    expect(again).toEqual({ code: 1, said: expect.stringContaining('is there already: --force writes over it') });
    const forced = await run(home, '--yes', '--force', '--hostname', 'mx.other.test');
    expect(forced).toEqual({ code: 0, said: expect.stringMatching(/^kept .*aliases$/m) });
    expect(await readFile(join(home, 'aliases'), 'utf8')).toBe('mine: ann\n');
    expect(await readFile(join(home, 'mailframe.config.yaml'), 'utf8')).toContain('hostname: mx.other.test');
    const schema = JSON.parse(await readFile(join(home, 'mailframe.schema.json'), 'utf8')) as object;
    expect(schema).toHaveProperty('properties.plugins');
  });
});

test('what is answered is text in the configuration, and nothing else', () => {
  const login = { user: 'a", x: !secret ./etc', passwordFile: './pass word' };
  const text = configurationText({ ...PLAIN, relay: 'mail.example.test', login });
  expect(text).toContain('auth: { user: "a\\", x: !secret ./etc", password: !secret "./pass word" }');
});
