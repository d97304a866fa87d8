/** Asks the gateway that runs, for a verb: finds it by its queue, and says what to do where it cannot be asked. */
import type { Command } from 'commander';
import { type Asked, askGateway, type Question } from '../../control/control-client.ts';
import { MailframeError } from '../../mail/error.ts';
import { DEFAULT_FILE } from '../common.ts';
import { directoryOf, type Place } from '../queue/open.ts';

/** The options by which people name a gateway. */
export function withPlace(verb: Command): Command {
  return verb
    .option('-c, --config <file>', 'the configuration of the gateway', DEFAULT_FILE)
    .option('-d, --directory <folder>', 'the folder of its queue, without a configuration');
}

/** Its answer. @throws MailframeError `MF_CONTROL` where there is none. */
export async function askRunning(place: Place, question: Omit<Question, 'directory'>): Promise<unknown> {
  const directory = await directoryOf(place);
  const asked = await askGateway({ ...question, directory });
  if (asked.kind === 'done') return asked.result;
  throw new MailframeError('MF_CONTROL', whyNot(asked, directory));
}

function whyNot(asked: Exclude<Asked, { kind: 'done' }>, directory: string): string {
  switch (asked.kind) {
    case 'refused':
      return asked.message;
    case 'nobody':
      return (
        `no gateway runs with the queue in ${directory}: "mailframe start" starts one. ` +
        'If queue.directory was changed after one was started, name the old folder with --directory'
      );
    case 'forbidden':
      return `this user may not ask the gateway with the queue in ${directory}: become the user that it runs as, or root`;
    case 'broken-off':
      return 'the gateway ended before it had answered: its log says why';
  }
}
