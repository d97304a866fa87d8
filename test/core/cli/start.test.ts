/** `mailframe start` and `mailframe send` as a person runs them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { askGateway } from '../../../core/control/control-client.ts';
import { smtpSink } from '../../../core/testing.ts';
import { selfSigned } from '../../support/certificate.ts';
import { describeWithProgram, run } from '../../support/external.ts';
import { SYSTEM_PYTHON } from '../../support/peers.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { RawClient } from '../smtp/raw-client.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));

const CONFIGURATION = `
hostname: mx.example.test
listeners: [{ id: inbound, port: 0 }]
queue: { directory: ./queue }
log: { format: human }
plugins:
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`;

/** A plugin that asks for the end while the gateway begins. */
const HASTY = `import { accept, definePlugin } from 'mailframe';
export default definePlugin({
  name: 'hasty',
  create: () => ({
    rcpt: () => accept,
    async start() {
      process.kill(process.pid, 'SIGTERM');
      await new Promise(resolve => setImmediate(resolve));
    },
  }),
});
`;

async function start(
  configuration = CONFIGURATION,
  prepare: (folder: string) => Promise<void> = async () => {},
  env: Readonly<Record<string, string>> = {},
) {
  const folder = await tempFolder();
  await prepare(folder);
  await writeFile(join(folder, 'mailframe.config.yaml'), configuration);
  const gateway = spawn(process.execPath, [COMMAND, 'start'], {
    cwd: folder,
    env: { ...process.env, MALLOC_ARENA_MAX: undefined, ...env },
  });
  onTestFinished(() => void gateway.kill('SIGKILL'));
  let said = '';
  gateway.stdout.on('data', (text: Buffer) => (said += text.toString()));
  gateway.stderr.on('data', (text: Buffer) => (said += text.toString()));
  return { folder, gateway, said: () => said };
}

/** The events that a gateway has said most recently, as those hear who follow it. */
async function linesOf(folder: string, count: number): Promise<readonly string[]> {
  const events: string[] = [];
  const enough = new AbortController();
  await askGateway({
    directory: join(folder, 'queue'),
    verb: 'logs',
    with: { recent: true },
    signal: enough.signal,
    heard(item) {
      const { line } = item as { readonly line?: string };
      if (line !== undefined) events.push((JSON.parse(line) as { readonly event: string }).event);
      if (events.length === count) enough.abort();
    },
  });
  return events;
}

async function exitCode(process_: ChildProcess): Promise<unknown> {
  return process_.exitCode ?? (await once(process_, 'exit'))[0];
}

/** Runs `mailframe send` with nothing to read. */
function send(...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, [COMMAND, 'send', ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr });
    });
    child.stdin?.end();
  });
}

/** Linux tells what a process was started with. */
async function startedWith({ pid }: ChildProcess, what: 'cmdline' | 'environ'): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/${what}`, 'utf8')).split('\0');
}

describe.skipIf(process.platform !== 'linux')('a gateway that starts, and its memory', () => {
  test('is told to be frugal, and not to free code that may run', async () => {
    const { gateway, said } = await start();
    await until(() => expect(said()).toContain('mailframe send --server'));
    const flags = await startedWith(gateway, 'cmdline');
    expect(flags).toEqual(expect.arrayContaining(['--max-semi-space-size=16', '--no-wasm-code-gc']));
    expect(await startedWith(gateway, 'environ')).toContain('MALLOC_ARENA_MAX=2');
  });

  test('is what its administrator says', async () => {
    const { gateway, said } = await start(CONFIGURATION, undefined, { MALLOC_ARENA_MAX: '5' });
    await until(() => expect(said()).toContain('mailframe send --server'));
    const settings = await startedWith(gateway, 'environ');
    expect(settings.filter(one => one.startsWith('MALLOC_ARENA_MAX='))).toEqual(['MALLOC_ARENA_MAX=5']);
  });
});

describe('a gateway that starts', () => {
  test('says where it listens and how to send a first mail, which then arrives; SIGTERM ends it with 0', async () => {
    const { folder, gateway, said } = await start();
    await until(() => expect(said()).toContain('mailframe send --server'));
    expect(said()).toMatch(/^mailframe runs as mx\.example\.test$/m);
    const server = /inbound +(127\.0\.0\.1:\d+)/.exec(said())?.[1] ?? '';
    expect(said()).toContain(`npx mailframe send --server ${server} --to hello@example.test`);
    const sent = await send(
      '--server',
      server,
      '--to',
      'hello@example.test',
      '--subject',
      'First light',
      '--body',
      'Hello.',
    );
    expect(sent).toMatchObject({ code: 0, said: expect.stringMatching(/^S: 250 2\.0\.0 Ok: queued as \w+$/m) });
    const box = () => readFile(join(folder, 'mail/hello'), 'utf8');
    await until(async () => expect(await box()).toMatch(/^Subject: First light$/m));
    gateway.kill('SIGTERM');
    expect(await exitCode(gateway)).toBe(0);
  });

  test('goes on where nobody reads its log any more, and those who follow it hear it all the same', async () => {
    const { folder, gateway, said } = await start();
    await until(() => expect(said()).toContain('mailframe send --server'));
    const port = Number(/inbound +127\.0\.0\.1:(\d+)/.exec(said())?.[1]);
    gateway.stdout.destroy();
    const client = await RawClient.connect(port);
    await client.reply();
    await client.command('HELO client.test');
    await client.command('MAIL FROM:<ann@client.test>');
    // Each refusal is a line that finds no reader.
    for (let n = 0; n < 3; n += 1) expect(await client.command('RCPT TO:<ann@elsewhere.test>')).toMatch(/^550 /);
    expect(await linesOf(folder, 4)).toEqual(['started', 'refused', 'refused', 'refused']);
    await client.command('QUIT');
    gateway.kill('SIGTERM');
    expect(await exitCode(gateway)).toBe(0);
  });

  test('lets a running transaction finish at the first signal, and ends at once at the second', async () => {
    const { gateway, said } = await start();
    await until(() => expect(said()).toContain('mailframe send --server'));
    const port = Number(/inbound +127\.0\.0\.1:(\d+)/.exec(said())?.[1]);
    const [idle, busy] = [await RawClient.connect(port), await RawClient.connect(port)];
    for (const client of [idle, busy]) await client.reply();
    await busy.command('HELO client.test');
    await busy.command('MAIL FROM:<ann@client.test>');
    await busy.command('RCPT TO:<hello@example.test>');
    expect(await busy.command('DATA')).toMatch(/^354 /);
    gateway.kill('SIGTERM');
    expect(await idle.rest()).toEqual(['421 4.3.2 Shutting down, try again later']);
    await until(() => expect(said()).toContain('interrupted'));
    gateway.kill('SIGTERM');
    expect(await exitCode(gateway)).toBe(130);
    expect(await busy.rest()).toEqual([]);
  });

  test('that is told to end before it listens begins, closes in good order, and ends with 0', async () => {
    const configuration = CONFIGURATION.replace('plugins:', 'plugins:\n  - { use: ./hasty.ts, as: hasty }');
    const { gateway, said } = await start(configuration, folder => writeFile(join(folder, 'hasty.ts'), HASTY));
    expect(await exitCode(gateway)).toBe(0);
    expect(said()).toMatch(/ interrupted signal=SIGTERM .* started .* closed/s);
  });

  test('shows a refusal to send as it is, with exit code 1', async () => {
    const { said } = await start();
    await until(() => expect(said()).toContain('mailframe send --server'));
    const server = /inbound +(127\.0\.0\.1:\d+)/.exec(said())?.[1] ?? '';
    const refused = await send('--server', server, '--to', 'ann@elsewhere.test', '--json');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.said)).toMatchObject({
      sent: false,
      exchanges: expect.arrayContaining([expect.objectContaining({ code: 550 })]),
    });
  });
});

const WITH_TLS = CONFIGURATION.replace(
  '{ id: inbound, port: 0 }',
  '{ id: inbound, port: 0, tls: { mode: implicit, cert: ./cert.pem, key: ./key.pem } }',
);

/** Puts a certificate where the configuration expects it. */
async function named(folder: string, name: string): Promise<void> {
  const { cert, key } = selfSigned(name);
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
}

describe('SIGHUP', () => {
  test('exchanges the certificates, and ends neither the gateway nor a session', async () => {
    const { folder, gateway, said } = await start(WITH_TLS, folder => named(folder, 'old.test'));
    await until(() => expect(said()).toContain('mailframe send --server'));
    const port = Number(/inbound +127\.0\.0\.1:(\d+)/.exec(said())?.[1]);
    const connect = async () => {
      const client = await RawClient.connect(port, { rejectUnauthorized: false });
      onTestFinished(() => client.destroy());
      await client.reply();
      return client;
    };
    const client = await connect();
    await named(folder, 'new.test');
    gateway.kill('SIGHUP');
    await until(() => expect(said()).toMatch(/renewed listener=inbound certificates=.*CN=new\.test.* until=/));
    expect((await connect()).shown).toBe('new.test');
    expect(client.shown).toBe('old.test');
    expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
    await writeFile(join(folder, 'key.pem'), 'to be done');
    gateway.kill('SIGHUP');
    await until(() => expect(said()).toMatch(/failed listener=inbound file="?.*key\.pem"? renewing=/));
    expect((await connect()).shown).toBe('new.test');
    gateway.kill('SIGTERM');
    expect(await exitCode(gateway)).toBe(0);
  });
});

/** Starts a gateway in a terminal of its own, hangs up once and shuts the terminal then. Prints how the gateway ended. */
const TERMINAL = `
import os, pty, signal, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said = b''
def hear(what):
    global said
    while what not in said: said += os.read(terminal, 4096)
hear(b'Ctrl-C closes')
os.kill(pid, signal.SIGHUP)
hear(b'unchanged')
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describeWithProgram(SYSTEM_PYTHON, 'a gateway in a terminal', () => {
  test('reads certificates at SIGHUP as long as the terminal is there, and ends in good order with it', async () => {
    const folder = await tempFolder();
    await named(folder, 'mx.test');
    await writeFile(join(folder, 'mailframe.config.yaml'), WITH_TLS);
    const ended = await run(SYSTEM_PYTHON, ['-c', TERMINAL, process.execPath, COMMAND, 'start'], { cwd: folder });
    expect(ended).toEqual({ code: 0, stdout: '0\n', stderr: '' });
  });
});

describe('a gateway that cannot start', () => {
  test('says every mistake in its configuration with its place, starts nothing, and ends with 1', async () => {
    const { folder, gateway, said } = await start(
      CONFIGURATION.replace('hostname:', 'hostnam:').replace('deliver: mailboxes', 'deliver: mailboxs'),
    );
    expect(await exitCode(gateway)).toBe(1);
    expect(said()).toMatch(/^mailframe\.config\.yaml:2:1: hostnam: unknown key; did you mean "hostname"\?$/m);
    expect(said()).toMatch(/^mailframe\.config\.yaml:9:21: routes\[0\]\.deliver: .*did you mean "mailboxes"\?$/m);
    await expect(readFile(join(folder, 'queue/queue.sqlite'))).rejects.toThrow('ENOENT');
  });

  test('because another one has the queue says so', async () => {
    const first = await start();
    await until(() => expect(first.said()).toContain('mailframe send --server'));
    const second = spawn(process.execPath, [COMMAND, 'start', join(first.folder, 'mailframe.config.yaml')]);
    onTestFinished(() => void second.kill('SIGKILL'));
    let said = '';
    second.stderr.on('data', (text: Buffer) => (said += text.toString()));
    expect(await exitCode(second)).toBe(1);
    expect(said).toMatch(/MF_QUEUE_OPEN/);
    expect(said).toContain(join(first.folder, 'queue'));
  });
});

test('send says what to do where nothing answers', async () => {
  expect(await send('--server', '127.0.0.1:1', '--to', 'ann@example.test')).toMatchObject({
    code: 1,
    said: expect.stringContaining('is the gateway running?'),
  });
});

test('send shows the dialogue up to where the server hung up, and says that the mail was not taken', async () => {
  const sink = await smtpSink({ faults: { mail: 'drop' } });
  onTestFinished(() => sink.close());
  const { code, said } = await send('--server', `127.0.0.1:${sink.port}`, '--to', 'ann@example.test');
  expect(code).toBe(1);
  expect(said).toMatch(/^C: EHLO localhost$/m);
  expect(said).toMatch(/^the mail was not taken: /m);
  expect(said).not.toMatch(/^ +at /m);
});

test('send says which message cannot be read', async () => {
  const { code, said } = await send('--to', 'ann@example.test', '--file', './no-such.eml');
  expect(code).toBe(1);
  expect(said).toMatch(/^the message cannot be read: ENOENT.*no-such\.eml/);
});
