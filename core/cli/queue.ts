/** `mailframe queue`: looks at the queue and acts on it, of a gateway that runs and of one that is stopped. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { bootError } from '../config/complaint.ts';
import { loadConfiguration } from '../config/load.ts';
import { MailframeError } from '../mail/error.ts';
import { describeWithRemedy } from '../mail/remedy.ts';
import type { Clock } from '../plugin/ports.ts';
import type { QueueControl, QueueEntry } from '../plugin/queue-control.ts';
import type { QueueStore } from '../plugin/queue-store.ts';
import { openSqliteStore } from '../queue/sqlite-store.ts';
import { systemClock } from '../system/clock.ts';
import { createLog } from '../system/log.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { entryInJson, entryInWords, mailInJson, mailInWords } from './queue-listing.ts';

interface Options {
  readonly config: string;
  readonly directory?: string;
  readonly json?: boolean;
  readonly reason?: string;
}

/** An action on one mail: what it did in words, given how many recipients it concerned. */
interface Action {
  readonly act: (
    queue: QueueControl,
    id: string,
    at: { readonly now: Date; readonly reason: string },
  ) => Promise<number | null>;
  readonly done: string;
}

const ACTIONS = {
  retry: { act: (queue, id, { now }) => queue.retry(id, now), done: 'due now' },
  hold: { act: (queue, id, { reason }) => queue.hold(id, { by: 'the command line', reason }), done: 'on hold' },
  release: { act: (queue, id, { now }) => queue.release(id, now), done: 'released' },
  remove: { act: (queue, id) => queue.remove(id), done: 'removed; nobody is told' },
} as const satisfies Readonly<Record<string, Action>>;

export type ActionName = keyof typeof ACTIONS;

const PAGE = 500;

export function register(program: Command): void {
  const queue = program.command('queue').description('Looks at the queue and acts on it.');
  const verb = (name: string, description: string) =>
    queue
      .command(name)
      .description(description)
      .option('-c, --config <file>', 'the configuration that names the queue', DEFAULT_FILE)
      .option('-d, --directory <folder>', 'the folder of the queue, without a configuration')
      .option('--json', 'prints JSON');
  verb('list', 'Every mail in the queue, the oldest first.').action((options: Options) =>
    withQueue(options, store => list(store, options, line => process.stdout.write(line))),
  );
  verb('show', 'One mail with its recipients, its trace and its last answers.')
    .argument('<id>', 'the queue id, as in the 250 reply')
    .action((id: string, options: Options) => withQueue(options, store => show(store, id, options)));
  const acting = (name: ActionName, description: string) =>
    verb(name, description)
      .argument('<id...>', 'queue ids')
      .action((ids: readonly string[], options: Options) =>
        withQueue(options, store => act(store, name, ids, options)),
      );
  acting('retry', 'Makes the recipients that wait due now.');
  acting('hold', 'Keeps mail from delivery until it is released.').option('-r, --reason <text>', 'why', 'by hand');
  acting('release', 'Delivers mail that is on hold, or that was set aside because it could not be read.');
  acting('remove', 'Throws mail away. Its sender is not told.');
}

/** Prints the queue: a few lines a mail, or one JSON array, page by page. */
export async function list(
  queue: QueueControl,
  { json = false }: { readonly json?: boolean },
  print: (text: string) => void,
): Promise<void> {
  let count = 0;
  if (json) print('[');
  for await (const entry of entries(queue)) {
    if (json) print(`${count === 0 ? '' : ','}\n${JSON.stringify(entryInJson(entry))}`);
    else print(`${entryInWords(entry)}\n`);
    count += 1;
  }
  print(
    json
      ? '\n]\n'
      : `${count === 0 ? 'The queue is empty.' : `${count} ${count === 1 ? 'mail' : 'mails'} in the queue.`}\n`,
  );
}

/** Acts on each mail, and says what was done and to how many. */
export async function actOn(
  queue: QueueControl,
  name: ActionName,
  ids: readonly string[],
  at: { readonly clock: Clock; readonly reason: string },
): Promise<readonly { readonly id: string; readonly recipients: number | null; readonly text: string }[]> {
  const { act, done }: Action = ACTIONS[name];
  const results = [];
  for (const id of ids) {
    const recipients = await act(queue, id, { now: at.clock.now(), reason: at.reason });
    const text = recipients === null ? 'there is no such mail in the queue' : `${counted(recipients)} ${done}`;
    results.push({ id, recipients, text });
  }
  return results;
}

async function act(store: QueueStore, name: ActionName, ids: readonly string[], options: Options): Promise<void> {
  const results = await actOn(store, name, ids, { clock: systemClock, reason: options.reason ?? 'by hand' });
  const lines = results.map(({ id, text }) => `${id}: ${text}\n`).join('');
  process.stdout.write(options.json === true ? `${JSON.stringify(results)}\n` : lines);
  if (results.some(({ recipients }) => recipients === null)) process.exitCode = 1;
}

async function show(store: QueueStore, id: string, { json = false }: Options): Promise<void> {
  const found = await store.find(id);
  if (found === null) {
    process.stderr.write(`${id}: there is no such mail in the queue\n`);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(json ? `${JSON.stringify(mailInJson(found), null, 2)}\n` : `${mailInWords(found)}\n`);
}

async function* entries(queue: QueueControl): AsyncIterable<QueueEntry> {
  for (let after: string | null = null; ; ) {
    const page: readonly QueueEntry[] = await queue.list({ after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

function counted(recipients: number): string {
  return `${recipients} ${recipients === 1 ? 'recipient' : 'recipients'}`;
}

async function withQueue(options: Options, use: (store: QueueStore) => Promise<void>): Promise<void> {
  try {
    const store = await open(await directoryOf(options));
    try {
      await use(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    refuse(error);
  }
}

/** A mistake elsewhere in the configuration does not hide the queue: that is when people want to look at it. */
async function directoryOf({ directory, config }: Options): Promise<string> {
  if (directory !== undefined) return resolve(directory);
  const loaded = await loadConfiguration(config, { env: process.env, now: systemClock.now() });
  if (loaded.kind === 'ok') return loaded.configuration.queue.directory;
  const doubtful = loaded.complaints.some(({ path: [section] }) => section === undefined || section === 'queue');
  if (loaded.draft === null || doubtful) throw bootError(loaded.complaints);
  return loaded.draft.configuration.queue.directory;
}

async function open(directory: string): Promise<QueueStore> {
  const log = createLog({ level: 'warn', format: 'auto', destination: process.stderr, clock: systemClock });
  try {
    return await openSqliteStore({ directory, role: 'guest', log });
  } catch (cause) {
    throw new MailframeError(
      'MF_QUEUE_OPEN',
      `the queue in ${directory} cannot be opened: ${describeWithRemedy(cause)}`,
      {
        cause,
      },
    );
  }
}
