/** `mailframe queue`: looks at the queue and acts on it, of a gateway that runs and of one that is stopped. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../system/clock.ts';
import { DEFAULT_FILE } from './common.ts';
import { paperFor } from './paper.ts';
import { type ActionName } from './queue/act.ts';
import { type ActOptions, act } from './queue/acting.ts';
import { content } from './queue/content.ts';
import { flush, flushedInWords, remaining, resume, suspend, suspensionsInWords } from './queue/destinations.ts';
import { destinationOf, type FilterOptions, filterOf, withFilters } from './queue/filter-options.ts';
import { lifeInJson, traceInJson } from './queue/json.ts';
import { type Life, lifeOf, unknownInWords } from './queue/life.ts';
import { listInJson, listInWords } from './queue/list.ts';
import { orderBy, type Place, withQueue } from './queue/open.ts';
import { showInWords } from './queue/show.ts';
import { statsInJson, statsInWords } from './queue/stats.ts';
import { traceInWords } from './trace.ts';

interface Options extends Place {
  readonly json?: boolean;
}

/** People are shown so many mails; programs all. */
const SHOWN = 1000;
const TOP = 20;

type MakeVerb = (name: string, description: string) => Command;

export function register(program: Command): void {
  const queue = program.command('queue').description('Looks at the queue and acts on it.');
  const verb: MakeVerb = (name, description) =>
    queue
      .command(name)
      .description(description)
      .option('-c, --config <file>', 'the configuration that names the queue', DEFAULT_FILE)
      .option('-d, --directory <folder>', 'the folder of the queue, without a configuration')
      .option('--json', 'prints JSON');
  registerLooks(verb);
  registerActions(verb);
  registerDestinations(verb);
}

function registerLooks(verb: MakeVerb): void {
  withFilters(verb('list', 'Mail in the queue, the oldest first.'))
    .addOption(new Option('-n, --limit <count>', 'at most so many mails, or all').argParser(limit))
    .action((options: Options & FilterOptions & { readonly limit?: number }) => list(options));
  verb('show', 'Where a mail stands, or stood when it left the queue.')
    .argument('<id>', 'the queue id, as in the 250 reply')
    .action((id: string, options: Options) => look(id, options, { words: showInWords, json: lifeInJson }));
  verb('trace', 'The whole life of a mail: client, plugins, attempts. Also of one that has left.')
    .argument('<id>', 'the queue id, as in the 250 reply')
    .action((id: string, options: Options) => look(id, options, { words: traceOnScreen, json: traceInJson }));
  verb('content', 'The mail itself, octet by octet.')
    .argument('<id>', 'the queue id')
    .option('--header', 'the header section alone')
    .action((id: string, options: Options & { readonly header?: boolean }) =>
      withQueue(options, store => content(store, id, options.header === true)),
    );
  verb('stats', 'The queue in figures: by state, and by destination.')
    .addOption(new Option('-n, --limit <count>', 'so many destinations').argParser(limit))
    .action((options: Options & { readonly limit?: number }) => stats(options));
}

function registerActions(verb: MakeVerb): void {
  const acting = (name: ActionName, description: string) =>
    withFilters(verb(name, description))
      .argument('[id...]', 'queue ids; or else a filter')
      .option('--all', 'all mail in the queue')
      .option('-y, --yes', 'asks nothing')
      .option('-w, --why <text>', 'why: it stands in the trace')
      .action((ids: readonly string[], options: Options & ActOptions) =>
        withQueue(options, store => act(store, name, ids, options)),
      );
  acting('retry', 'Makes the recipients that wait due now.');
  acting('hold', 'Keeps mail from delivery until it is released.');
  acting('release', 'Delivers mail that is on hold, or that was set aside because it could not be read.');
  acting('remove', 'Throws mail away. Its sender is not told.');
  acting('bounce', 'Returns mail to its sender, with --why as the reason.');
}

function registerDestinations(verb: MakeVerb): void {
  const name = 'a domain (its mailboxes are meant too), a next hop as host:port, or a mailbox';
  verb('flush', 'Makes due now what waits for a destination, or all of it.')
    .argument('[destination]', name)
    .action((destination: string | undefined, options: Options) =>
      flushAll(destination === undefined ? null : destinationOf(destination), options),
    );
  verb('suspend', 'Keeps mail from a destination until it is resumed. Without one: lists those that are suspended.')
    .argument('[destination]', name)
    .option('-w, --why <text>', 'why', '')
    .action((destination: string | undefined, options: Options & { readonly why: string }) =>
      suspendOne(destination === undefined ? null : destinationOf(destination), options),
    );
  verb('resume', 'Ends the suspension of a destination.')
    .argument('<destination>', name)
    .action((destination: string, options: Options) => resumeOne(destinationOf(destination), options));
}

function list(options: Options & FilterOptions & { readonly limit?: number }): Promise<void> {
  return withQueue(options, store => {
    const json = options.json === true;
    const now = systemClock.now();
    const most = options.limit ?? (json ? Infinity : SHOWN);
    const listing = { filter: filterOf(options, now) ?? {}, limit: most, now, width: width(), print };
    return json ? listInJson(store, listing) : listInWords(store, listing);
  });
}

function look(
  id: string,
  options: Options,
  as: { readonly words: (life: Life, now: Date) => string; readonly json: (life: Life) => object },
): Promise<void> {
  return withQueue(options, async store => {
    const life = await lifeOf(store, id);
    if (life === null) {
      process.stderr.write(unknownInWords(id));
      process.exitCode = 1;
      return;
    }
    print(options.json === true ? inJson(as.json(life)) : as.words(life, systemClock.now()));
  });
}

function stats(options: Options & { readonly limit?: number }): Promise<void> {
  return withQueue(options, async store => {
    const now = systemClock.now();
    const top = Math.min(options.limit ?? TOP, Number.MAX_SAFE_INTEGER);
    const statistics = await store.statistics({ now, top });
    const figures = { statistics, suspensions: await store.suspensions() };
    print(options.json === true ? inJson(statsInJson(figures)) : statsInWords(figures, now, width()));
  });
}

function flushAll(destination: string | null, options: Options): Promise<void> {
  return withQueue(options, async store => {
    const shows = process.stderr.isTTY && options.json !== true;
    const progress = (recipients: number) => void (shows && process.stderr.write(`\r${recipients} recipients due now`));
    const recipients = await flush(store, destination, { clock: systemClock, progress });
    if (shows) process.stderr.write('\r\u001b[K');
    const suspensions = await store.suspensions();
    if (options.json === true) print(inJson({ recipients, suspensions }));
    else print(flushedInWords(recipients, destination) + remaining(suspensions));
  });
}

function suspendOne(destination: string | null, options: Options & { readonly why: string }): Promise<void> {
  return withQueue(options, async store => {
    const said = destination === null ? null : await suspend(store, destination, orderBy(options.why));
    const suspensions = await store.suspensions();
    if (options.json === true) print(inJson(suspensions));
    else print(said ?? suspensionsInWords(suspensions));
  });
}

function resumeOne(destination: string, options: Options): Promise<void> {
  return withQueue(options, async store => {
    const said = await resume(store, destination);
    const suspensions = await store.suspensions();
    if (options.json === true) print(inJson(suspensions));
    else if (said !== null) print(said);
    else process.stderr.write(`${destination} is not suspended.\n${suspensionsInWords(suspensions)}`);
    if (said === null) process.exitCode = 1;
  });
}

function traceOnScreen(life: Life, now: Date): string {
  return traceInWords(life, now, paperFor(process.stdout, process.env));
}

function print(text: string): void {
  process.stdout.write(text);
}

function inJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Lines are cut for a terminal alone. */
function width(): number {
  return process.stdout.isTTY ? process.stdout.columns : Infinity;
}

function limit(text: string): number {
  if (text === 'all') return Infinity;
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('Not a number, nor `all`.');
  return Number(text);
}
