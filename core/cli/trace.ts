/** `mailframe trace`: the way that a mail really went, in the shape in which `mailframe explain` tells of one that it would go. */
import type { Command } from 'commander';
import { systemClock } from '../system/clock.ts';
import { accountInWords } from './account/in-words.ts';
import { accountOfLife } from './account/of-life.ts';
import { DEFAULT_FILE } from './common.ts';
import { type PaperSettings, paperFor } from './paper.ts';
import { type Life, lifeOf, unknownInWords } from './queue/life.ts';
import { type Place, withQueue } from './queue/open.ts';

interface Options extends Place {
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('trace')
    .description('Tells the way of a mail that went through: who was asked, what was decided, what became of it.')
    .argument('<id>', 'the queue id, as in the 250 reply')
    .option('-c, --config <file>', 'the configuration that names the queue', DEFAULT_FILE)
    .option('-d, --directory <folder>', 'the folder of the queue, without a configuration')
    .option('--json', 'prints one JSON object, as mailframe explain --json does')
    .action(trace);
}

function trace(id: string, options: Options): Promise<void> {
  return withQueue(options, async store => {
    const life = await lifeOf(store, id);
    if (life === null) {
      process.stderr.write(unknownInWords(id));
      process.exitCode = 1;
      return;
    }
    const now = systemClock.now();
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(accountOfLife(life, now), null, 2)}\n`
        : traceInWords(life, now, paperFor(process.stdout, process.env)),
    );
  });
}

/** For people. */
export function traceInWords(life: Life, now: Date, settings: PaperSettings): string {
  return accountInWords(accountOfLife(life, now), life.entry.id, settings);
}
