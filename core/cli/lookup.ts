/** `mailframe lookup`: what a table holds for a key, asked as its plugin would ask. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { type CompiledConfiguration, compile } from '../compile.ts';
import { bootError, formatComplaint } from '../config/complaint.ts';
import { dotted } from '../config/place.ts';
import { readConfigurationText } from '../config/read.ts';
import { describeError } from '../mail/failure.ts';
import { didYouMean } from '../plugin/suggest.ts';
import { type Entry, TABLES, type Table, type Tables, TableUnavailable } from '../plugin/table.ts';
import { isTableSetting, type TableSetting, tableSetting } from '../plugin/table-setting.ts';
import { validate } from '../plugin/validate.ts';
import { systemClock } from '../system/clock.ts';
import { systemFiles } from '../system/files.ts';
import { openTables } from '../table/open-tables.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { inertServices, SILENT } from './inert-services.ts';

/** Exit codes, so that a program can tell "there is none" from "nobody could say". The last one is EX_TEMPFAIL. */
const NO_SUCH_KEY = 2;
const UNAVAILABLE = 75;

export function register(program: Command): void {
  program
    .command('lookup')
    .description('Looks a key up in a table, as the plugin would whose table it is.')
    .argument('[key]', 'an address, a domain, a name; without one the tables are listed')
    .option('-c, --config <file>', 'the configuration', DEFAULT_FILE)
    .option('--in <table>', 'which table: a plugin, or a plugin and its option; needless where there is one table')
    .option('--of <yaml>', "a table that stands in no configuration, such as '{ file: ./aliases }'")
    .option('--json', 'prints one JSON object')
    .addHelpText(
      'after',
      `
Exit codes: 0 the key is there, ${NO_SUCH_KEY} it is not, ${UNAVAILABLE} the table cannot say, 1 anything else.`,
    )
    .action(lookup);
}

/** As on the command line. */
export interface LookupFlags {
  readonly config: string;
  readonly in?: string;
  readonly of?: string;
  readonly json?: boolean;
}

/** What the verb prints, and its exit code. */
export interface Said {
  readonly text: string;
  readonly code: number;
}

async function lookup(key: string | undefined, flags: LookupFlags): Promise<void> {
  try {
    const { text, code } = await lookedUp(key ?? null, flags);
    process.stdout.write(text);
    process.exitCode = code;
  } catch (error) {
    if (error instanceof Misnamed) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    } else refuse(error);
  }
}

/** No table is of the name that was given, or the name is not enough. */
class Misnamed extends Error {}

/** A table, and how it is called here. */
interface NamedTable {
  /** `aliases.table`. */
  readonly name: string;
  readonly setting: TableSetting;
}

/**
 * Looks up, or lists the tables where `key` is `null`.
 * @throws MailframeError where a gateway would not start
 */
export async function lookedUp(key: string | null, flags: LookupFlags): Promise<Said> {
  const json = flags.json === true;
  const { tables, named } = flags.of === undefined ? await ofConfiguration(flags.config) : await ofText(flags.of);
  if (key === null) return listed(named, json);
  const { name, setting } = chosen(named, flags.in ?? null);
  const faults = await tables.check(setting, []);
  if (faults.length > 0)
    throw new Misnamed(faults.map(({ path, message }) => `${name}.${dotted(path)}: ${message}`).join('\n'));
  const table = tables.open(setting, SILENT);
  try {
    return await asked(table, key, { name, json });
  } finally {
    await table.close();
  }
}

async function asked(
  table: Table,
  key: string,
  { name, json }: { readonly name: string; readonly json: boolean },
): Promise<Said> {
  const since = systemClock.monotonic();
  const answer = await answerOf(table, key);
  const milliseconds = Math.round(systemClock.monotonic() - since);
  if (json) return { text: inJson({ key, table: name, ...answer, milliseconds }), code: CODES[answer.kind] };
  switch (answer.kind) {
    case 'found':
      return {
        text: [`${key}: ${answer.source} (${milliseconds} ms)`, ...answer.values.map(value => `  ${value}`), ''].join(
          '\n',
        ),
        code: 0,
      };
    case 'none':
      return { text: `${key}: not in ${table.name} (${milliseconds} ms)\n`, code: NO_SUCH_KEY };
    case 'unavailable':
      return { text: `${answer.cause} (${milliseconds} ms)\n`, code: UNAVAILABLE };
  }
}

type Answer =
  | ({ readonly kind: 'found' } & Entry)
  | { readonly kind: 'none' }
  | { readonly kind: 'unavailable'; readonly cause: string };

const CODES = { found: 0, none: NO_SUCH_KEY, unavailable: UNAVAILABLE } as const satisfies Record<
  Answer['kind'],
  number
>;

async function answerOf(table: Table, key: string): Promise<Answer> {
  try {
    const entry = await table.lookup(key, new AbortController().signal);
    return entry === null ? { kind: 'none' } : { kind: 'found', ...entry };
  } catch (error) {
    if (error instanceof TableUnavailable) return { kind: 'unavailable', cause: describeError(error) };
    throw error;
  }
}

function listed(named: readonly NamedTable[], json: boolean): Said {
  const rows = named.map(({ name, setting: { source } }) => ({ table: name, kind: source.kind }));
  if (json) return { text: inJson(rows), code: 0 };
  const lines = rows.map(({ table, kind }) => `${table}: ${kind}\n`).join('');
  return { text: lines || 'no plugin of the configuration has a table\n', code: 0 };
}

function chosen(named: readonly NamedTable[], wanted: string | null): NamedTable {
  const of = wanted === null ? named : named.filter(({ name }) => name === wanted || name.startsWith(`${wanted}.`));
  const [table, other] = of;
  if (table !== undefined && other === undefined) return table;
  const names = named.map(({ name }) => name);
  const known = names.length === 0 ? 'no plugin has one' : `there are: ${names.join(', ')}`;
  if (other !== undefined) throw new Misnamed(`which table? Name it with --in; ${known}`);
  throw new Misnamed(`there is no table ${wanted ?? ''}${didYouMean(wanted ?? '', names) || `; ${known}`}`);
}

interface Found {
  readonly tables: Tables;
  readonly named: readonly NamedTable[];
}

async function ofConfiguration(file: string): Promise<Found> {
  const compiled = await compile(file, { env: process.env, now: new Date(), scope: inertServices });
  if (compiled.kind === 'refused') throw bootError(compiled.complaints);
  return { tables: compiled.scope.get(TABLES), named: await tablesIn(compiled) };
}

async function ofText(text: string): Promise<Found> {
  const { document, complaints } = readConfigurationText(text, join(process.cwd(), '--of'), process.env);
  const [complaint] = complaints;
  if (document === null || complaint !== undefined) {
    throw new Misnamed(complaint === undefined ? `this is no table: ${text}` : formatComplaint(complaint));
  }
  const read = await validate(tableSetting(), document.value);
  if (read.kind === 'invalid') {
    throw new Misnamed(read.faults.map(({ path, message }) => `--of ${dotted(path)}: ${message}`).join('\n'));
  }
  const tables = openTables({ files: systemFiles(process.cwd()), clock: systemClock });
  return { tables, named: [{ name: '--of', setting: read.value }] };
}

/** All tables that stand in the options of plugins. */
async function tablesIn({ mounted }: CompiledConfiguration): Promise<readonly NamedTable[]> {
  const found: NamedTable[] = [];
  for (const { id, plugin, entry } of mounted) {
    if (plugin.options === null) continue;
    const options = await validate(plugin.options, entry.options ?? {});
    if (options.kind === 'valid') found.push(...tablesBelow(options.value, [id]));
  }
  return found;
}

function tablesBelow(value: unknown, path: readonly (string | number)[]): readonly NamedTable[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isTableSetting(value)) return [{ name: dotted(path), setting: value }];
  if (Array.isArray(value)) return value.flatMap((one, index) => tablesBelow(one, [...path, index]));
  return Object.entries(value).flatMap(([key, one]) => tablesBelow(one, [...path, key]));
}

function inJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
