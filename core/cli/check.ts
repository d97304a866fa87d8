/** `mailframe check`: every complaint about a configuration at once, as `file:line:column: message`. */
import { type Command, InvalidArgumentError } from 'commander';
import { compile } from '../compile.ts';
import { type Complaint, formatComplaint, pageFor } from '../config/complaint.ts';
import type { Configuration } from '../config/configuration.ts';
import { examine } from '../examine.ts';
import { escapeControls } from '../system/escape.ts';
import type { Scope } from '../wiring/scope.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { inertServices, secludedServices } from './inert-services.ts';
import { progressLine } from './progress-line.ts';

/** In days: as a gateway that runs warns in its log. */
const EXPIRES_WITHIN = 14;
/** How long plugins may look at themselves, in milliseconds. */
const PATIENCE = 60_000;

export function register(program: Command): void {
  program
    .command('check')
    .description('Says everything that is wrong with a configuration. Exit code 1 where there is an error.')
    .argument('[file]', 'the configuration', DEFAULT_FILE)
    .option('--strict', 'warnings count as errors: for CI')
    .option('--live', 'asks DNS and the tables on other machines too')
    .option('--expires <days>', 'warns of certificates that expire sooner', daysIn, EXPIRES_WITHIN)
    .option('--json', 'prints one JSON object')
    .addHelpText('after', '\nEach code is explained in docs/errors.md; docs/check.md says what is looked for.')
    .action(check);
}

function daysIn(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('A number of days is expected, such as 30.');
  return Number(text);
}

interface CheckOptions {
  readonly strict?: boolean;
  readonly live?: boolean;
  readonly expires?: number;
  readonly json?: boolean;
}

async function check(file: string, options: CheckOptions): Promise<void> {
  const line = progressLine(process.stderr);
  try {
    const { ok, text } = await checked(file, { ...options, progress: what => line.show(`looking at ${what}`) });
    line.clear();
    process.stdout.write(text);
    if (!ok) process.exitCode = 1;
  } catch (error) {
    line.clear();
    refuse(error);
  }
}

/** How it is looked at. */
export interface Checking extends CheckOptions {
  readonly now?: Date;
  /** The services of plugins. Without it those of this machine, none of which acts. */
  readonly scope?: (configuration: Configuration) => Scope;
  readonly progress?: (what: string) => void;
}

/** What the verb prints, and whether there is nothing against the configuration: with `strict`, no warning either. */
export async function checked(
  file: string,
  how: Checking = {},
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const { json = false, strict = false } = how;
  const complaints = await complaintsAbout(file, how);
  const runs = complaints.every(({ severity }) => severity === 'warning');
  const ok = strict ? complaints.length === 0 : runs;
  return { ok, text: json ? inJson(ok, complaints) : inWords(file, { ok, runs }, complaints) };
}

async function complaintsAbout(file: string, how: Checking): Promise<readonly Complaint[]> {
  const { live = false, expires = EXPIRES_WITHIN, now = new Date(), progress = () => undefined } = how;
  const scope = how.scope ?? (live ? inertServices : secludedServices);
  const compiled = await compile(file, { env: process.env, now, scope });
  if (compiled.kind === 'refused') return compiled.complaints;
  return examine(compiled, { now, expiresWithin: expires, live, progress, signal: AbortSignal.timeout(PATIENCE) });
}

function inJson(ok: boolean, complaints: readonly Complaint[]): string {
  return `${JSON.stringify({ ok, complaints: complaints.map(one => ({ ...one, page: pageFor(one) })) }, null, 2)}\n`;
}

function inWords(
  file: string,
  { ok, runs }: { readonly ok: boolean; readonly runs: boolean },
  complaints: readonly Complaint[],
): string {
  // Tables are written by people whom nobody here knows.
  const lines = complaints.map(one => escapeControls(formatComplaint(one)));
  if (complaints.length === 0) return `${file}: nothing to complain about\n`;
  const errors = complaints.filter(({ severity }) => severity === 'error').length;
  const counts = [...count(errors, 'error'), ...count(complaints.length - errors, 'warning')].join(', ');
  const pages = [...new Set(complaints.map(pageFor))];
  lines.push('', `${counts}; more in ${pages.join(', ')}`);
  if (runs) lines.push(`${file}: can run as it is${ok ? '' : ', and --strict wants no warnings'}`);
  return `${lines.join('\n')}\n`;
}

function count(number: number, noun: string): readonly string[] {
  return number === 0 ? [] : [`${number} ${noun}${number === 1 ? '' : 's'}`];
}
