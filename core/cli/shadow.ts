/** `mailframe shadow`: what plugins in shadow mode would have done, as the gateway that runs has counted it, or the last one had. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { askGateway } from '../control/control-client.ts';
import { MailframeError } from '../mail/error.ts';
import { errnoOf } from '../mail/failure.ts';
import { parseShadowFile, SHADOW_FILE } from '../shadow/shadow-file.ts';
import type { Answered, HookTally, TallyRecord } from '../shadow/tally.ts';
import { escapeControls } from '../system/escape.ts';
import { refuse } from './common.ts';
import { directoryOf, type Place } from './queue/open.ts';
import { numberInWords, timeInWords } from './queue/words.ts';
import { withPlace } from './running/ask.ts';

type Records = Readonly<Record<string, TallyRecord>>;

/** What was counted, and whether it is being counted now. */
interface Counted {
  readonly plugins: Records;
  readonly from: 'gateway' | 'file';
}

interface Options extends Place {
  readonly json?: boolean;
  readonly examples: string;
}

export function register(program: Command): void {
  withPlace(program.command('shadow'))
    .description('What plugins in shadow mode would have done, with the latest mails and sessions of each kind.')
    .argument('[plugin]', 'its name in the configuration; all without it')
    .option('-n, --examples <count>', 'so many of each kind', '5')
    .option('--json', 'prints one JSON object')
    .action(shadow);
}

async function shadow(plugin: string | undefined, { json = false, examples, ...place }: Options): Promise<void> {
  try {
    const counted = await countedIn(await directoryOf(place));
    const plugins = plugin === undefined ? counted.plugins : only(counted.plugins, plugin);
    const text = json
      ? JSON.stringify({ ...counted, plugins }, null, 2)
      : inWords({ ...counted, plugins }, Math.max(0, Math.trunc(Number(examples) || 0)));
    process.stdout.write(`${text}\n`);
  } catch (error) {
    refuse(error);
  }
}

async function countedIn(directory: string): Promise<Counted> {
  const asked = await askGateway({ directory, verb: 'shadow' });
  if (asked.kind === 'done') return { plugins: asked.result as Records, from: 'gateway' };
  if (asked.kind === 'refused') throw new MailframeError('MF_CONTROL', asked.message);
  try {
    return { plugins: parseShadowFile(await readFile(join(directory, SHADOW_FILE), 'utf8')), from: 'file' };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { plugins: {}, from: 'file' };
    throw error;
  }
}

function only(plugins: Records, id: string): Records {
  const found = plugins[id];
  if (found !== undefined) return { [id]: found };
  const others = Object.keys(plugins).join(', ');
  throw new MailframeError(
    'MF_CONTROL',
    `no plugin in shadow mode is named ${JSON.stringify(id)}${others === '' ? '' : `; there are ${others}`}`,
  );
}

/** What the verb prints for people: so many examples of each kind. */
export function inWords({ plugins, from }: Counted, examples: number): string {
  const told = Object.entries(plugins).flatMap(([id, record]) => ['', ...pluginInWords(id, record, examples)]);
  const lines =
    told.length === 0 ? ['no plugin is in shadow mode: "mode: shadow" in its entry puts it there'] : told.slice(1);
  if (from === 'file' && told.length > 0) lines.push('', 'no gateway runs: this is what the last one had counted');
  return lines.map(escapeControls).join('\n');
}

function pluginInWords(id: string, { since, hooks }: TallyRecord, examples: number): readonly string[] {
  const entries = Object.entries(hooks);
  if (entries.length === 0) return [`${id}: not asked since ${timeInWords(new Date(since))}`];
  return [
    `${id}, since ${timeInWords(new Date(since))}`,
    ...entries.flatMap(([hook, tally]) => hookInWords(hook, tally, examples)),
  ];
}

function hookInWords(hook: string, { asked, answers }: HookTally, examples: number): readonly string[] {
  const acting = Object.entries(answers).filter(([kind]) => kind !== 'silent');
  const of = `of ${numberInWords(asked)}`;
  if (acting.length === 0) return [`  ${hook}  no opinion on any ${of}`];
  return acting.flatMap(([kind, answered]) => [
    `  ${hook}  ${deed(kind)} ${numberInWords(answered.count)} ${of}${changed(answered)}`,
    ...answerInWords(answered, examples),
  ]);
}

function changed({ accepted, examples }: Answered): string {
  return accepted === 0 || examples.length === 0
    ? ''
    : `, ${numberInWords(accepted)} of them in mail that was accepted`;
}

function answerInWords({ details, examples }: Answered, most: number): readonly string[] {
  const words = Object.entries(details).sort(([, one], [, other]) => other - one);
  return [
    ...words.slice(0, most).map(([text, count]) => `    ${numberInWords(count).padStart(7)}  ${text}`),
    ...examples.slice(0, most).map(({ at, asked, queueId, session }) => {
      const where = queueId === null ? `session ${session ?? 'unknown'}` : `queue id ${queueId}`;
      return `    ${timeInWords(new Date(at))}  ${asked}  ${where}`;
    }),
  ];
}

/** What an answer would have done. */
function deed(kind: string): string {
  switch (kind) {
    case 'reject':
      return 'would have refused';
    case 'defer':
      return 'would have deferred';
    case 'hold':
      return 'would have held';
    case 'discard':
      return 'would have discarded';
    case 'rewrite':
      return 'would have rewritten';
    case 'accept':
      return 'would have claimed';
    case 'expand':
      return 'would have expanded';
    case 'note':
      return 'would have stated facts about';
    case 'route':
      return 'would have routed';
    case 'authenticated':
      return 'would have let in';
    case 'failed':
      return 'failed at';
    case 'late':
      return 'was too late at';
    default:
      return `would have answered "${kind}" to`;
  }
}
