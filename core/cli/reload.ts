/** `mailframe reload`: the gateway that runs reads its configuration again, and goes over to it if nothing is wrong with it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Complaint, formatComplaint } from '../config/complaint.ts';
import { MailframeError } from '../mail/error.ts';
import type { Reload } from '../reload/reload.ts';
import { escapeControls } from '../system/escape.ts';
import { refuse } from './common.ts';
import type { Place } from './queue/open.ts';
import { askRunning, withPlace } from './running/ask.ts';

interface Options extends Place {
  readonly json?: boolean;
}

export function register(program: Command): void {
  withPlace(program.command('reload'))
    .description(
      'The running gateway reads its configuration again, as at SIGHUP. Exit code 1 where the old one goes on in use.',
    )
    .option('--json', 'prints one JSON object')
    .action(reload);
}

async function reload({ json = false, ...place }: Options): Promise<void> {
  try {
    const file = place.directory === undefined ? { file: resolve(place.config) } : {};
    const came = (await askRunning(place, { verb: 'reload', with: file })) as Told;
    process.stdout.write(json ? `${JSON.stringify(came, null, 2)}\n` : inWords(came));
    if (came.kind === 'refused') process.exitCode = 1;
  } catch (error) {
    refuse(error);
    if (error instanceof MailframeError && error.code !== 'MF_CONTROL') process.stderr.write(NOT_ASKED);
  }
}

/** Where its queue is stands in the file that cannot be read. */
const NOT_ASKED = 'A gateway that runs has not been asked, and goes on; --directory asks it all the same.\n';

/** What the gateway says came of it. */
type Told = { readonly file: string; readonly complaints: readonly (Complaint & { readonly page: string })[] } & (
  | Omit<Extract<Reload, { kind: 'reloaded' }>, 'warnings'>
  | { readonly kind: 'refused' }
);

/** What the verb prints for people. */
export function inWords(came: Told): string {
  const lines = came.complaints.map(formatComplaint);
  if (came.kind === 'refused') {
    const errors = came.complaints.filter(({ severity }) => severity === 'error');
    const pages = [...new Set(errors.map(({ page }) => page))];
    const count = `${errors.length} error${errors.length === 1 ? '' : 's'}`;
    lines.push('', `${count}: the gateway goes on with the configuration that it had; more in ${pages.join(', ')}`);
  } else {
    const { generation, changes, file } = came;
    lines.push(`${file} is in use, as generation ${generation}`);
    if (changes.length === 0) lines.push('  nothing is different in it; its plugins have begun anew');
    else lines.push(...changes.map(change => `  ${change}`));
  }
  return `${lines.map(escapeControls).join('\n')}\n`;
}
