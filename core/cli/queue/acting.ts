/** Acting on mail from the command line: which mail is meant, whether somebody should be asked first, and what came of it. */
import { createInterface } from 'node:readline/promises';
import type { QueueControl, QueueFilter } from '../../plugin/queue-control.ts';
import { type ActionName, actOn, meantBy, type Result, resultInJson, resultInWords, resultsInWords } from './act.ts';
import { remaining } from './destinations.ts';
import { type FilterOptions, filterOf } from './filter-options.ts';
import { orderBy } from './open.ts';
import { counted } from './words.ts';

export interface ActOptions extends FilterOptions {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly why?: string;
}

/** What cannot be taken back. */
const ASKED_ABOUT: ReadonlySet<ActionName> = new Set(['remove', 'bounce']);
/** After these people wait for something to happen. */
const TRIES: ReadonlySet<ActionName> = new Set(['retry', 'release']);

export async function act(
  queue: QueueControl,
  name: ActionName,
  ids: readonly string[],
  options: ActOptions,
): Promise<void> {
  const order = orderBy(options.why ?? '');
  const filter = options.all === true ? (filterOf(options, order.now) ?? {}) : filterOf(options, order.now);
  if (ids.length > 0 && filter !== null) return refused('Name queue ids, or a filter: not both.');
  if (ids.length === 0 && filter === null) return refused('Name queue ids, or a filter such as --to, or --all.');
  const meant = filter === null ? ids : await meantBy(queue, filter);
  if (filter !== null && !(await agreed(name, meant.length, options))) return;
  const results: Result[] = [];
  for await (const some of actOn(queue, name, meant, order)) results.push(...some);
  await tell(queue, name, { results, filter, json: options.json === true });
}

async function tell(
  queue: QueueControl,
  name: ActionName,
  {
    results,
    filter,
    json,
  }: { readonly results: readonly Result[]; readonly filter: QueueFilter | null; json: boolean },
): Promise<void> {
  if (json) {
    process.stdout.write(`[${results.map(one => `\n${JSON.stringify(resultInJson(one))}`).join(',')}\n]\n`);
  } else if (filter === null) {
    for (const one of results) process.stdout.write(await resultInWords(queue, name, one));
  } else {
    process.stdout.write(results.length === 0 ? 'No mail in the queue is meant.\n' : resultsInWords(name, results));
  }
  if (!json && TRIES.has(name)) process.stdout.write(remaining(await queue.suspensions()));
  if (filter === null && results.some(({ acted }) => acted === null)) process.exitCode = 1;
}

/** Asks before something that cannot be taken back is done to mail that was not named. */
async function agreed(name: ActionName, mails: number, { yes }: ActOptions): Promise<boolean> {
  if (!ASKED_ABOUT.has(name) || yes === true || mails === 0) return true;
  const what = `${name} ${counted(mails, 'mail')}`;
  if (!process.stdin.isTTY) {
    refused(`This would ${what}: say --yes.`);
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`This will ${what}. It cannot be taken back. Go on? [y/N] `);
  terminal.close();
  if (/^y(es)?$/i.test(answer.trim())) return true;
  refused('Nothing was done.');
  return false;
}

function refused(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
}
