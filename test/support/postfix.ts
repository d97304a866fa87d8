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
import type { Peer } from './peers.ts';
import { MASTER_CF, mainCf } from './postfix-configuration.ts';
import { type Ended, freePort, type Running, run, untilListening } from './program.ts';

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
  /** The folder in which its own is made: that of the system for temporary files without it. */
  readonly under?: string;
  /** The whole of main.cf and master.cf, in place of those that tests want. */
  readonly configuration?: (place: PostfixPlace) => { readonly main: string; readonly master: string };
  /** Where its programs are, if not where the package puts them. */
  readonly programs?: PostfixPrograms;
}

/** What an instance has to itself. */
export interface PostfixPlace {
  readonly folder: string;
  readonly port: number;
  /** Of the account that it works as. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

/** Programs that lie elsewhere than the package puts them. */
export interface PostfixPrograms {
  /** The folder of `postfix` and its like. */
  readonly folder: string;
  /** The account that it works as, which is no other program's. */
  readonly account: string;
  /** What its programs need in their environment. */
  readonly env: Readonly<Record<string, string>>;
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
  /** The shell that watches over it: the ancestor of all its processes. */
  readonly pid: number;
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
  const { under = tmpdir(), programs } = settings;
  const folder = await mkdtemp(join(under, 'mailframe-postfix-'));
  const port = settings.port ?? (await freePort());
  await furnish(folder, port, settings);
  const output = await open(join(folder, 'output'), 'w');
  const path = `${programs?.folder ?? ''}:${process.env.PATH ?? ''}:/usr/sbin`.replace(/^:/, '');
  const child = spawn('sh', ['-c', GUARDIAN, 'sh', join(folder, 'etc')], {
    detached: true,
    stdio: ['pipe', output.fd, output.fd],
    env: { ...process.env, ...programs?.env, PATH: path },
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
  return { ...instance(folder, programs), port, pid: child.pid ?? 0, log, stop };
}

function instance(folder: string, programs?: PostfixPrograms): Omit<Postfix, 'port' | 'pid' | 'log' | 'stop'> {
  const command = (name: string, args: readonly string[], running: Running = {}) =>
    run(programs === undefined ? name : join(programs.folder, name), args, {
      ...running,
      env: { ...programs?.env, ...running.env, MAIL_CONFIG: join(folder, 'etc') },
    });
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
  const owner = await account(settings.programs?.account ?? 'postfix');
  for (const name of owned) await chown(join(folder, name), owner.uid, owner.gid);
  const { main, master } = settings.configuration?.({ folder, port, owner }) ?? {
    main: mainCf(folder, owner, settings),
    master: `127.0.0.1:${port} inet n - n - - smtpd\n${MASTER_CF}${settings.master ?? ''}`,
  };
  const files = { 'main.cf': main, 'master.cf': master, ...settings.files };
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, 'etc', name);
    await writeFile(path, text);
    // Postfix waits two seconds before it trusts a file that has just been written.
    await utimes(path, LONG_AGO, LONG_AGO);
  }
}

/** That of Debian's package, as a rule: it owns a folder of the package. */
async function account(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const number = async (flag: string) => Number((await succeed(run('id', [flag, name]))).stdout);
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
