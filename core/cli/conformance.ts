/** `mailframe conformance`: a suite of what a mail server must do, run against a configuration or a server that runs. */
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { CASE_GROUPS, type CaseResult } from '../conformance/conformance-case.ts';
import { Conversation } from '../conformance/conversation.ts';
import { refusalOf } from '../conformance/own-address.ts';
import type { Target } from '../conformance/probe.ts';
import { countsOf, reportOn } from '../conformance/report.ts';
import { CASES, casesNamed, runSuite } from '../conformance/suite.ts';
import { describeError } from '../mail/failure.ts';
import { conformanceGateway } from '../sealed/conformance-gateway.ts';
import { DEFAULT_FILE, refuse } from './common.ts';

interface ServerName {
  readonly host: string;
  readonly port: number;
}

interface ConformanceOptions {
  readonly config: string;
  readonly listener: readonly string[];
  readonly server?: ServerName;
  readonly tls?: boolean;
  readonly to?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly only: readonly string[];
  readonly list?: boolean;
  readonly json?: boolean;
}

/** How long a server may take for a reply, in milliseconds. */
const PATIENCE = 20_000;
const SMTP = 25;

export function register(program: Command): void {
  program
    .command('conformance')
    .description(
      'Runs a suite of RFC dialogues, smuggling, limits, relaying and notifications against a configuration.',
    )
    .option('-c, --config <file>', 'the configuration; a gateway is started for it that touches nothing', DEFAULT_FILE)
    .option('--listener <id>', 'only this listener; may stand several times', several, [])
    .option('--server <host:port>', 'a server that runs, in the place of a configuration', serverIn)
    .option('--tls', 'with --server: TLS from the first octet')
    .option('--to <address>', 'an address that takes mail: with --server, mail is sent to it')
    .option('--user <name>', 'with --server: logs in')
    .option('--password-file <file>', 'with --user: the password')
    .option('--only <name>', 'only this case or group; may stand several times', several, [])
    .option('--list', 'prints the cases and runs none')
    .option('--json', 'prints one JSON object')
    .action(conformance);
}

function several(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function serverIn(text: string): ServerName {
  const [, bracketed, plain, port = String(SMTP)] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new InvalidArgumentError('A host and a port are expected, such as mx.example.test:25.');
  return { host, port: Number(port) };
}

async function conformance(options: ConformanceOptions): Promise<void> {
  try {
    if (options.list === true) return list(options.json === true);
    casesNamed(options.only);
    const { servers, close } =
      options.server === undefined ? await ownServers(options) : await otherServer(options, options.server);
    try {
      await tested(servers, options);
    } finally {
      await close();
    }
  } catch (error) {
    if (!(error instanceof RangeError)) return refuse(error);
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

interface Servers {
  readonly servers: readonly { readonly name: string; readonly target: Target }[];
  readonly close: () => Promise<void>;
}

async function ownServers({ config, listener, to }: ConformanceOptions): Promise<Servers> {
  const { targets, close } = await conformanceGateway(config, { listeners: listener, to: to ?? null });
  const servers = targets.map(target => ({ name: `${config}, listener ${target.listener}`, target }));
  return { servers, close };
}

async function otherServer(
  { tls = false, to, user, passwordFile }: ConformanceOptions,
  { host, port }: ServerName,
): Promise<Servers> {
  const password = passwordFile === undefined ? '' : (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, '');
  const target: Target = {
    host,
    port,
    tls: tls ? 'implicit' : 'none',
    patience: PATIENCE,
    login: user === undefined ? null : { user, password },
    to: to ?? null,
    refusal: null,
    own: null,
  };
  await reached(target);
  const looked = { ...target, refusal: await refusalOf(target) };
  return { servers: [{ name: `${host} port ${port}`, target: looked }], close: () => Promise.resolve() };
}

/** @throws RangeError where nobody listens there: one sentence is better than all cases failing. */
async function reached(target: Target): Promise<void> {
  try {
    (await Conversation.open(target)).close();
  } catch (error) {
    throw new RangeError(`${target.host} port ${target.port} cannot be reached: ${describeError(error)}`, {
      cause: error,
    });
  }
}

async function tested(servers: Servers['servers'], { only, json = false }: ConformanceOptions): Promise<void> {
  const reports: {
    server: string;
    to: string | null;
    counts: ReturnType<typeof countsOf>;
    cases: readonly CaseResult[];
  }[] = [];
  for (const { name, target } of servers) {
    const cases = await runSuite(target, { only, onCase: progress });
    clearProgress();
    const counts = countsOf(cases);
    reports.push({ server: name, to: target.to, counts, cases });
    const heading = `${name}; mail to ${target.to ?? 'nobody: no address is known'}`;
    if (!json) process.stdout.write(`${reportOn(heading, cases)}\n`);
  }
  const ok = reports.every(({ counts }) => counts.failed === 0);
  if (json) process.stdout.write(`${JSON.stringify({ ok, reports }, null, 2)}\n`);
  if (!ok) process.exitCode = 1;
}

function progress(name: string, done: number, all: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${done + 1} of ${all}: ${name}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

function list(json: boolean): void {
  const cases = CASES.map(({ group, name, source, sentence }) => ({ group, name, source, sentence }));
  if (json) {
    process.stdout.write(`${JSON.stringify(cases, null, 2)}\n`);
    return;
  }
  const width = Math.max(...cases.map(({ name }) => name.length));
  for (const group of CASE_GROUPS) {
    process.stdout.write(`${group}\n`);
    for (const one of cases.filter(each => each.group === group)) {
      process.stdout.write(`  ${one.name.padEnd(width)}  ${one.sentence} (${one.source})\n`);
    }
  }
}
