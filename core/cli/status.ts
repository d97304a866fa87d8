/** `mailframe status`: what the gateway that runs is doing. */
import type { Command } from 'commander';
import type { EngineState } from '../engine.ts';
import type { QueueStatistics } from '../plugin/queue-statistics.ts';
import { escapeControls } from '../system/escape.ts';
import { refuse } from './common.ts';
import type { Place } from './queue/open.ts';
import { askRunning, withPlace } from './running/ask.ts';

/** As JSON has it: dates are text. */
type Told<T> = { readonly [K in keyof T]: T[K] extends Date | null ? string | Extract<T[K], null> : T[K] };

/** What the gateway says. */
export interface Status extends Told<EngineState> {
  readonly pid: number;
  readonly hostname: string;
  readonly file: string;
  readonly queue: Pick<QueueStatistics, 'mails' | 'states' | 'destinations'>;
}

export function register(program: Command): void {
  withPlace(program.command('status'))
    .description('What the running gateway does: its configuration, listeners, sessions and queue.')
    .option('--json', 'prints one JSON object')
    .action(status);
}

async function status({ json = false, ...place }: Place & { readonly json?: boolean }): Promise<void> {
  try {
    const told = (await askRunning(place, { verb: 'status' })) as Status;
    process.stdout.write(json ? `${JSON.stringify(told, null, 2)}\n` : inWords(told));
  } catch (error) {
    refuse(error);
  }
}

/** What the verb prints for people. */
export function inWords({ pid, hostname, file, generation, since, listeners, former, queue }: Status): string {
  const width = Math.max(...listeners.map(({ id }) => id.length));
  const { waiting, leased, held, damaged } = queue.states;
  const lines = [
    `mailframe runs as ${hostname}, process ${pid}`,
    `  configuration  ${file}, generation ${generation} since ${since}`,
    ...listeners.map(({ id, address, port, sessions }) => {
      const at = `${address.includes(':') ? `[${address}]` : address}:${port}`;
      return `  listener       ${id.padEnd(width)}  ${at}, ${counted(sessions, 'session')}`;
    }),
    `  queue          ${counted(queue.mails, 'mail')}: ${waiting.recipients} recipients wait, ${leased.recipients} are tried now, ` +
      `${held.recipients} are held, ${damaged.recipients} damaged; ${counted(queue.destinations, 'destination')}`,
  ];
  if (former.generations > 0) {
    lines.push(
      `  before         ${counted(former.sessionsAndDeliveries, 'session or delivery', 'sessions and deliveries')} ` +
        `with ${counted(former.generations, 'older generation')}`,
    );
  }
  return `${lines.map(escapeControls).join('\n')}\n`;
}

function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}
