/** `mailframe replay`: many messages through a configuration, or through two, and whose outcome is another one. */
import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { bootError } from '../config/complaint.ts';
import { loadConfiguration } from '../config/load.ts';
import type { ArrivalFacts } from '../corpus/arrival.ts';
import { foundIn } from '../corpus/corpus.ts';
import { MailframeError } from '../mail/error.ts';
import { parseIpAddress } from '../mail/ip-address.ts';
import { formatMailbox, parseMailbox } from '../mail/path.ts';
import type { Log } from '../plugin/ports.ts';
import { replay } from '../replay/replay.ts';
import type { ReplayReport } from '../replay/report.ts';
import { systemClock } from '../system/clock.ts';
import { createLog } from '../system/log.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { number, Progress } from './progress.ts';
import { reportInWords } from './replay/words.ts';

interface Options {
  readonly config: string;
  readonly against?: string;
  readonly queue?: true;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly ip?: string;
  readonly helo?: string;
  readonly auth?: string;
  readonly tls?: boolean;
  readonly listener?: string;
  readonly at?: Date;
  readonly dns?: string;
  readonly jobs: number;
  readonly all?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('replay')
    .description('Puts many messages through a configuration, or through two, and shows whose outcome changes.')
    .argument('[corpus...]', 'mbox files, Maildirs, folders of messages, the folder of a queue or of its history')
    .option('-c, --config <file>', 'the configuration that is asked about', DEFAULT_FILE)
    .option('--against <file>', 'the configuration that it is compared with')
    .option('--queue', 'what the queue of --config and its history know of')
    .option('--from <sender>', 'the reverse-path of messages without a sidecar; <> is the null one', sender)
    .option('--to <address...>', 'the recipients of messages without a sidecar', recipients)
    .option('--ip <address>', 'the client that brings them', ipAddress)
    .option('--helo <name>', 'what it calls itself')
    .option('--auth <user>', 'who it is')
    .option('--tls', 'over TLS')
    .option('--no-tls', 'without TLS')
    .option('--listener <id>', 'where it comes')
    .option('--at <time>', 'the time at which all come, such as 2026-11-26T12:00:00Z; now without it', time)
    .option('--dns <file>', 'a zone file that answers in the place of DNS')
    .option('-j, --jobs <count>', 'so many threads', jobs, availableParallelism())
    .option('--all', 'names every message of a group')
    .option('--json', 'prints one JSON object')
    .action(run);
}

async function run(corpora: readonly string[], options: Options): Promise<void> {
  try {
    const all = [...corpora, ...(options.queue === true ? [await queueOf(options.config)] : [])];
    if (all.length === 0) {
      throw new MailframeError(
        'MF_REPLAY_CORPUS',
        'no messages are named: an mbox file, a Maildir, a folder, or --queue',
      );
    }
    const report = await replayed(all, options);
    process.stdout.write(
      options.json === true ? `${JSON.stringify(report, null, 2)}\n` : reportInWords(report, options.all === true),
    );
    process.exitCode = exitCodeOf(report);
  } catch (error) {
    refuse(error);
  }
}

/** 0: nothing changed. 1: not all could be looked at. 2: something changed. 130: broken off by a person, as shells have it. */
export function exitCodeOf({ ended, faults, changed }: ReplayReport): 0 | 1 | 2 | 130 {
  if (ended === 'interrupted') return 130;
  if (faults.length > 0) return 1;
  return changed > 0 ? 2 : 0;
}

async function replayed(corpora: readonly string[], options: Options): Promise<ReplayReport> {
  const log = createLog({ level: 'warn', format: 'auto', destination: process.stderr, clock: systemClock });
  const progress = new Progress(process.stderr, systemClock);
  const breaking = new AbortController();
  const stop = () => breaking.abort();
  process.once('SIGINT', stop);
  try {
    if (progress.isShown) void count(corpora, progress, { log, signal: breaking.signal });
    return await replay({
      corpora,
      jobs: options.jobs,
      clock: systemClock,
      log,
      signal: breaking.signal,
      progress: (done, changed) => progress.show(done, changed === 0 ? '' : `${number(changed)} changed`),
      settings: {
        configuration: options.config,
        against: options.against ?? null,
        given: givenIn(options),
        at: (options.at ?? systemClock.now()).getTime(),
        dns: options.dns ?? null,
      },
    });
  } finally {
    process.off('SIGINT', stop);
    breaking.abort();
    progress.end();
  }
}

/** Looks ahead how many there are. What is wrong with them is not its business. */
async function count(
  corpora: readonly string[],
  progress: Progress,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  let total = 0;
  try {
    for await (const { kind } of foundIn(corpora, log)) {
      if (signal.aborted) return;
      if (kind !== 'other') total += 1;
    }
    progress.expect(total);
  } catch {
    // The replay itself will tell.
  }
}

function givenIn({ from, to, ip, helo, auth, tls, listener }: Options): ArrivalFacts {
  const all = { from, to, ip, helo, auth, tls, listener };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function queueOf(config: string): Promise<string> {
  const loaded = await loadConfiguration(config, { env: process.env, now: systemClock.now() });
  if (loaded.kind === 'refused') throw bootError(loaded.complaints);
  return loaded.configuration.queue.directory;
}

function mailboxIn(text: string): string {
  const mailbox = parseMailbox(text.replace(/^<(.*)>$/, '$1'));
  if (mailbox === null) throw new InvalidArgumentError('An address is expected, such as ann@example.test.');
  return formatMailbox(mailbox);
}

function sender(text: string): string {
  return text === '<>' || text === '' ? '' : mailboxIn(text);
}

function recipients(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, mailboxIn(text)];
}

function ipAddress(text: string): string {
  const address = parseIpAddress(text);
  if (address === null) throw new InvalidArgumentError('An IP address is expected, such as 192.0.2.1.');
  return address;
}

function time(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('A time is expected, such as 2026-11-26T12:00:00Z.');
  return date;
}

function jobs(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('A number of threads is expected, such as 4.');
  return Number(text);
}
