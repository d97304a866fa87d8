/** `mailframe tlsrpt`: what became of TLS with other domains on one day, as reports to them (RFC 8460). Sends nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { bootError } from '../config/complaint.ts';
import { loadConfiguration } from '../config/load.ts';
import { errnoOf } from '../mail/failure.ts';
import { type TlsReport, tlsReportsFor } from '../mail/tls-report.ts';
import { dayOf } from '../system/tls-counts.ts';
import { formatTlsJson, parseTlsDay } from '../system/tls-report-text.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { type Column, Table } from './table.ts';

export function register(program: Command): void {
  program
    .command('tlsrpt')
    .description('Shows what became of TLS with domains that have a policy, on one day (UTC).')
    .option('-c, --config <file>', 'the configuration', DEFAULT_FILE)
    .option('--day <date>', 'as 2026-11-23; yesterday without it, the last day that is over', day)
    .option('--domain <domain>', 'that domain alone')
    .option('--json', 'prints a list of reports, one for each domain, as they are sent')
    .action(tlsrpt);
}

interface Options {
  readonly config: string;
  readonly day?: string;
  readonly domain?: string;
  readonly json?: boolean;
}

const DAY = 24 * 3_600_000;

function day(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('A day is expected, such as 2026-11-23.');
}

async function tlsrpt({ config, json = false, domain, day: asked }: Options): Promise<void> {
  try {
    const on = asked ?? dayOf(new Date(Date.now() - DAY));
    const reports = (await reportsOf(config, on)).filter(
      ({ policies }) => domain === undefined || policies.some(({ policy }) => policy['policy-domain'] === domain),
    );
    process.stdout.write(json ? formatTlsJson(reports) : inWords(reports, on));
  } catch (error) {
    refuse(error);
  }
}

/**
 * The reports of one day, of a gateway that runs or of one that is stopped. What was counted in the last seconds may be
 * missing.
 * @throws MailframeError where the configuration is wrong.
 */
export async function reportsOf(file: string, on: string): Promise<readonly TlsReport[]> {
  const loaded = await loadConfiguration(file, { env: process.env, now: new Date() });
  if (loaded.kind === 'refused') throw bootError(loaded.complaints);
  const { tlsReports } = loaded.configuration;
  if (tlsReports === 'off') return [];
  return tlsReportsFor(on, await policiesOf(join(tlsReports.directory, `${on}.json`)), tlsReports);
}

async function policiesOf(path: string) {
  try {
    return parseTlsDay(await readFile(path, 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'domain', align: 'left', most: 60 },
  { title: 'policy', align: 'left', most: 20 },
  { title: 'good', align: 'right', most: 12 },
  { title: 'failed', align: 'right', most: 12 },
  { title: 'why', align: 'left', most: 200 },
];

function inWords(reports: readonly TlsReport[], on: string): string {
  const rows = reports.flatMap(({ policies }) =>
    policies.map(({ policy, summary, 'failure-details': failures = [] }) => [
      policy['policy-domain'] ?? '',
      policy['policy-type'],
      String(summary['total-successful-session-count'] ?? 0),
      String(summary['total-failure-session-count'] ?? 0),
      failures.map(one => `${one['result-type']} ${one['failed-session-count']}`).join(', '),
    ]),
  );
  if (rows.length === 0) return `nothing was counted on ${on}\n`;
  return new Table(COLUMNS, Infinity).lines(rows);
}
