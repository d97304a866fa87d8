/**
 * Postfix, as itself: an instance of its own in a temporary folder, with its own queue, log and mailbox, on free ports of
 * loopback. Nothing of the system's own Postfix is read or changed but its programs.
 *
 * Its master runs below a shell that ends it as soon as whoever started it lets go: also when that process is killed. It
 * needs root, because Postfix does, and the accounts that Debian's package brings.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, freePort, type Running, run, untilListening } from './external.ts';
import type { Peer } from './peers.ts';
import { MASTER_CF, mainCf } from './postfix-configuration.ts';

export const POSTFIX: Peer = {
  name: 'postfix, or root to run it as,',
  probe: ['sh', '-c', 'test "$(id -u)" = 0 && id postfix && PATH=$PATH:/usr/sbin command -v postfix'],
};

/** How an instance is to be. */
export interface PostfixSettings {
  /** In its greeting, in `Received` and in notifications. */
  readonly hostname: string;
  /** The port that it takes mail on; a free one without it. */
  readonly port?: number;
  /** Mail for every address of these domains ends in the mailbox. */
  readonly domains?: readonly string[];
  /** Lines of main.cf. They win over those that make it an instance of its own. */
  readonly main?: string;
  /** Further services: lines of master.cf. */
  readonly master?: string;
  /** Written into `$config_directory`, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A mail in the mailbox. */
export interface PostfixMail {
  readonly returnPath: string;
  /** The recipient that it came for. */
  readonly deliveredTo: string;
  /** What was taken in, the trace field of this Postfix on top. One character an octet, LF line ends. */
  readonly content: string;
}

/** A mail in the queue. */
export interface PostfixQueueEntry {
  readonly queue: 'incoming' | 'active' | 'deferred' | 'hold' | 'maildrop';
  readonly id: string;
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly reason: string | null }[];
}

/** An instance that runs. */
export interface Postfix {
  readonly port: number;
  readonly folder: string;
  /** Runs a command of Postfix's for this instance: `postqueue`, `sendmail`. It is told the instance itself. */
  readonly command: (name: string, args: readonly string[], running?: Running) => Promise<Ended>;
  readonly mailbox: () => Promise<readonly PostfixMail[]>;
  /** What waits or is under way. */
  readonly queue: () => Promise<readonly PostfixQueueEntry[]>;
  /** Tries at once whatever waits, also where a next hop was found dead. */
  readonly flush: () => Promise<void>;
  readonly log: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Runs it until its own standard input ends: then whoever started it wants no more of it, or is no more. */
const GUARDIAN = `
exec 3<&0
(
  cat <&3 >/dev/null
  until postfix -c "$1" abort >/dev/null 2>&1; do sleep 0.1; done
) &
postfix -c "$1" start-fg </dev/null
kill $! 2>/dev/null
`;

const LONG_AGO = new Date('2026-01-01T00:00:00Z');

/** Starts one. Whoever calls this stops it. @throws Error with its log where it does not start. */
export async function startPostfix(settings: PostfixSettings): Promise<Postfix> {
  const folder = await mkdtemp(join(tmpdir(), 'mailframe-postfix-'));
  const port = settings.port ?? (await freePort());
  await furnish(folder, port, settings);
  const output = await open(join(folder, 'output'), 'w');
  const path = `${process.env.PATH ?? ''}:/usr/sbin`;
  const child = spawn('sh', ['-c', GUARDIAN, 'sh', join(folder, 'etc')], {
    detached: true,
    stdio: ['pipe', output.fd, output.fd],
    env: { ...process.env, PATH: path },
  });
  await output.close();
  const log = async () => (await readText(join(folder, 'log'))) + (await readText(join(folder, 'output')));
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([untilListening(port), endOf(child)]);
  } catch (error) {
    const said = await log();
    await stop();
    throw new Error(`Postfix does not start: ${said}`, { cause: error });
  }
  return { ...instance(folder), port, log, stop };
}

function instance(folder: string): Omit<Postfix, 'port' | 'log' | 'stop'> {
  const command = (name: string, args: readonly string[], running: Running = {}) =>
    run(name, args, { ...running, env: { ...running.env, MAIL_CONFIG: join(folder, 'etc') } });
  return {
    folder,
    command,
    mailbox: () => readMaildir(join(folder, 'mail', 'all', 'new')),
    async queue() {
      const { stdout } = await succeed(command('postqueue', ['-j']));
      return stdout.split('\n').filter(Boolean).map(queueEntry);
    },
    async flush() {
      await succeed(command('postqueue', ['-f']));
    },
  };
}

async function furnish(folder: string, port: number, settings: PostfixSettings): Promise<void> {
  await chmod(folder, 0o755);
  const owned = ['data', 'mail'];
  for (const name of ['etc', 'queue', ...owned]) await mkdir(join(folder, name), { mode: 0o755 });
  const owner = await postfixAccount();
  for (const name of owned) await chown(join(folder, name), owner.uid, owner.gid);
  const files = {
    'main.cf': mainCf(folder, owner, settings),
    'master.cf': `127.0.0.1:${port} inet n - n - - smtpd\n${MASTER_CF}${settings.master ?? ''}`,
    ...settings.files,
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, 'etc', name);
    await writeFile(path, text);
    // Postfix waits two seconds before it trusts a file that has just been written.
    await utimes(path, LONG_AGO, LONG_AGO);
  }
}

/** The account that Debian's package makes; it owns a folder of the package. */
async function postfixAccount(): Promise<{ readonly uid: number; readonly gid: number }> {
  const number = async (flag: string) => Number((await succeed(run('id', [flag, 'postfix']))).stdout);
  return { uid: await number('-u'), gid: await number('-g') };
}

async function succeed(running: Promise<Ended>): Promise<Ended> {
  const ended = await running;
  if (ended.code !== 0) throw new Error(`exit code ${ended.code}: ${ended.stderr}${ended.stdout}`);
  return ended;
}

async function end(child: ChildProcess): Promise<void> {
  const closed = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
  child.stdin?.end();
  await closed;
}

/** Rejects when it ends. */
async function endOf(child: ChildProcess): Promise<never> {
  await once(child, 'exit');
  throw new Error('it has ended');
}

async function readText(path: string): Promise<string> {
  return (await stat(path).catch(() => null)) === null ? '' : readFile(path, 'utf8');
}

/** In no certain order, but always the same. */
async function readMaildir(folder: string): Promise<readonly PostfixMail[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return Promise.all(names.toSorted().map(async name => mailOf(await readFile(join(folder, name), 'latin1'))));
}

const DELIVERY_FIELDS = /^Return-Path: <(.*)>\nX-Original-To: .*\nDelivered-To: (.*)\n/;

function mailOf(file: string): PostfixMail {
  const [fields = '', returnPath = '', deliveredTo = ''] = DELIVERY_FIELDS.exec(file) ?? [];
  return { returnPath, deliveredTo, content: file.slice(fields.length) };
}

function queueEntry(line: string): PostfixQueueEntry {
  const entry = JSON.parse(line) as {
    queue_name: PostfixQueueEntry['queue'];
    queue_id: string;
    sender: string;
    recipients: { address: string; delay_reason?: string }[];
  };
  return {
    queue: entry.queue_name,
    id: entry.queue_id,
    sender: entry.sender,
    recipients: entry.recipients.map(({ address, delay_reason }) => ({ address, reason: delay_reason ?? null })),
  };
}
