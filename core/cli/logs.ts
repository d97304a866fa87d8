/** `mailframe logs`: the lines of a log, of a file, of standard input or of a gateway that runs, filtered, for a person to read. */
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { askGateway } from '../control/control-client.ts';
import { describeError } from '../mail/failure.ts';
import { systemClock } from '../system/clock.ts';
import { humanLine } from '../system/human-line.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { LEVELS, type LogFilter, type LogLevelName, LogSieve } from './logs/filter.ts';
import { readLine } from './logs/line.ts';
import { linesOfFile } from './logs/tail.ts';
import { mailHasLeft } from './logs/until-gone.ts';
import { directoryOf } from './queue/open.ts';

/** In milliseconds. */
const LOOK_AGAIN = 2000;

export interface LogsOptions {
  readonly file?: readonly string[];
  readonly follow?: boolean;
  readonly untilGone?: boolean;
  readonly level?: LogLevelName;
  readonly event?: readonly string[];
  readonly address?: string;
  readonly json?: boolean;
  readonly config: string;
  readonly directory?: string;
}

export function register(program: Command): void {
  program
    .command('logs')
    .description('Shows lines of the log: all that happened to a mail, what goes wrong, or what happens now.')
    .argument('[id]', 'a queue id: its session, and notifications about it, too; or the id of a session')
    .option('-f, --follow', 'goes on: with files as they grow, else with the gateway that runs')
    .option('--file <file...>', 'files of JSON lines; - is standard input')
    .option('--until-gone', 'with an id and --follow: ends when the mail, and what came of it, has left the queue')
    .addOption(new Option('--level <level>', 'the lowest').choices([...LEVELS]))
    .option('--event <event...>', 'these events alone: refused, bounced')
    .option('--address <address>', 'lines about this sender or recipient', address)
    .option('--json', 'as they are')
    .option('-c, --config <file>', 'the configuration of the gateway that runs', DEFAULT_FILE)
    .option('-d, --directory <folder>', 'the folder of its queue, instead of a configuration')
    .action(logs);
}

function address(text: string): string {
  if (/^<?[^<>\s]+@[^<>\s]+>?$|^<>$/.test(text)) return text.replace(/^<(.*)>$/, '$1');
  throw new InvalidArgumentError('An address is expected, such as ann@example.test.');
}

async function logs(id: string | undefined, options: LogsOptions): Promise<void> {
  const { follow = false, untilGone = false, file = [] } = options;
  if (untilGone && (id === undefined || !follow)) return refused('--until-gone needs an id, and --follow.');
  const ended = new AbortController();
  const sieve = new LogSieve(filterOf(id, options));
  const seen = { texts: 0, lines: 0 };
  const show = shownBy(sieve, seen, options);
  const stop = untilGone ? () => void mailHasLeft(sieve, options, ended) : () => undefined;
  // Mail that somebody removes leaves without a line.
  const timer = untilGone ? setInterval(stop, LOOK_AGAIN) : null;
  try {
    if (file.length > 0 || !(follow || process.stdin.isTTY)) await fromFiles(file, options, { show, ended, stop });
    else await fromGateway(id ?? null, options, { show, ended, stop });
    if (seen.texts > 0 && seen.lines === 0) refused('None of it is a line of JSON, as log.format: json writes them.');
    else if (id !== undefined && !sieve.hasSeen && !ended.signal.aborted && process.exitCode === undefined)
      refused(`No line is about ${id}.`);
    else if (untilGone && !sieve.hasSeen) process.stderr.write(`${id} is not in the queue: mailframe trace ${id}\n`);
  } catch (error) {
    refuse(error);
  } finally {
    if (timer !== null) clearInterval(timer);
  }
}

interface Showing {
  readonly show: (text: string) => void;
  readonly ended: AbortController;
  /** Called after each line. */
  readonly stop: () => void;
}

function filterOf(id: string | undefined, { level, event, address: named }: LogsOptions): LogFilter {
  return {
    id: id ?? null,
    address: named ?? null,
    events: event === undefined ? null : new Set(event),
    level: level ?? null,
  };
}

function shownBy(
  sieve: LogSieve,
  seen: { texts: number; lines: number },
  { json = false }: LogsOptions,
): (text: string) => void {
  const colour = process.stdout.isTTY && (process.env.NO_COLOR ?? '') === '';
  return text => {
    const line = readLine(text);
    seen.texts += 1;
    if (line === null) return;
    seen.lines += 1;
    const shown = sieve.take(line).map(one => (json ? `${one.json}\n` : humanLine(one.json, colour)));
    if (shown.length > 0) process.stdout.write(shown.join(''));
  };
}

/** One after the other; the last one is followed. */
async function fromFiles(
  files: readonly string[],
  { follow = false }: LogsOptions,
  { show, ended, stop }: Showing,
): Promise<void> {
  const names = files.length === 0 ? ['-'] : files;
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    if (follow && isLast && name !== '-' && !existsSync(name)) process.stderr.write(`${name} is not there yet.\n`);
    const lines =
      name === '-'
        ? createInterface({ input: process.stdin, crlfDelay: Infinity })
        : linesOfFile(name, { follow: follow && isLast, clock: systemClock, signal: ended.signal });
    try {
      for await (const line of lines) {
        show(line);
        stop();
      }
    } catch (error) {
      return refused(`${name}: ${describeError(error)}`);
    }
  }
}

/** About one mail, what was said a moment ago is wanted too. */
async function fromGateway(id: string | null, options: LogsOptions, { show, ended, stop }: Showing): Promise<void> {
  const { follow = false } = options;
  const directory = await directoryOf(options);
  let isNow = false;
  const asked = await askGateway({
    directory,
    verb: 'logs',
    with: { recent: id !== null || !follow, follow },
    signal: ended.signal,
    heard: item => {
      const { line, missed } = item as { readonly line?: unknown; readonly missed?: unknown };
      if (typeof line === 'string') show(line);
      else if (missed === 0) isNow = true;
      else if (typeof missed === 'number') process.stderr.write(`… ${missed} lines were missed\n`);
      if (isNow) stop();
    },
  });
  switch (asked.kind) {
    case 'nobody':
      return refused(
        `No gateway runs on the queue in ${directory}: name the files of its log with --file, or give it as input.`,
      );
    case 'forbidden':
      return refused(
        `This user may not ask the gateway on the queue in ${directory}: be the user that it runs as, or root.`,
      );
    case 'refused':
      return refused(asked.message);
    case 'broken-off':
      if (!ended.signal.aborted) process.stderr.write('The gateway has ended.\n');
      return;
    case 'done':
      return;
    default:
      asked satisfies never;
  }
}

function refused(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
}
