/** `mailframe dev`: runs the gateway for those who are writing it: nothing leaves, everything shows, changes count at once. */
import { dirname, join, relative, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatComplaint } from '../config/complaint.ts';
import { Development, type DevelopmentParts, type GatewayStatus } from '../dev/development.ts';
import { openPage } from '../dev/page-server.ts';
import { escapeControls } from '../system/escape.ts';
import { DEFAULT_FILE, refuse } from './common.ts';

interface Options {
  readonly port?: number;
  readonly folder?: string;
  readonly dns: DevelopmentParts['dns'];
  readonly programs: DevelopmentParts['programs'];
  readonly inspect?: string | true;
  readonly json?: true;
}

const FOLDER = '.mailframe-dev';

export function register(program: Command): void {
  program
    .command('dev')
    .description(
      'Runs the gateway for development: restarts on change, catches all that would leave, shows it on a page.',
    )
    .argument('[file]', 'the configuration', DEFAULT_FILE)
    .option(
      '--port <number>',
      'of the page, on 127.0.0.1; without it 8025, or another one where that is taken',
      portNumber,
    )
    .option('--folder <path>', `for caught mail and mailboxes; ${FOLDER} beside the configuration without it`)
    .addOption(
      new Option('--dns <which>', 'invented: every domain leads here, no network is needed; live: DNS is asked')
        .choices(['invented', 'live'])
        .default('invented'),
    )
    .addOption(
      new Option('--programs <what>', 'programs that deliver: what they would get is caught, or they are run')
        .choices(['caught', 'run'])
        .default('caught'),
    )
    .option('--inspect [host:port]', 'opens the gateway to a debugger')
    .option('--json', 'says what happens as lines of JSON')
    .action(dev);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a number from 0 to 65535.');
  return port;
}

async function dev(file: string, { port, folder, dns, programs, inspect, json }: Options): Promise<void> {
  const configuration = resolve(file);
  const development = await Development.begin({
    file: configuration,
    folder: resolve(folder ?? join(dirname(configuration), FOLDER)),
    dns,
    programs,
    output: 'terminal',
    inspect: inspect === true ? '127.0.0.1:9229' : (inspect ?? null),
  });
  const say = json === true ? inJson : inWords;
  try {
    const page = await openPage(development, port ?? null);
    say({ kind: 'page', url: page.url, development });
    let before = development.status;
    const tell = (status: GatewayStatus) => {
      if (
        status.starts !== before.starts ||
        status.complaints !== before.complaints ||
        status.trouble !== before.trouble
      )
        say({ kind: 'status', status, development });
      before = status;
    };
    development.listen({ status: tell });
    closeOnSignal(async () => {
      await page.close();
      await development.close();
    });
  } catch (error) {
    await development.close();
    refuse(error);
  }
}

type Said =
  | { readonly kind: 'page'; readonly url: string; readonly development: Development }
  | { readonly kind: 'status'; readonly status: GatewayStatus; readonly development: Development };

function inJson(said: Said): void {
  const { development, ...rest } = said;
  const more = said.kind === 'page' ? { mailbox: development.mailbox } : {};
  process.stdout.write(`${JSON.stringify({ ...rest, ...more })}\n`);
}

function inWords(said: Said): void {
  if (said.kind === 'page') {
    const mailbox = relative(process.cwd(), said.development.mailbox);
    const lines = [
      '',
      `  page      ${said.url}`,
      `  mailbox   ${mailbox} (all that would leave: mutt -f ${mailbox})`,
      '  Ctrl-C ends it. Nothing is sent to anybody.',
      '',
    ];
    return void process.stdout.write(`${lines.join('\n')}\n`);
  }
  const { status } = said;
  if (status.complaints.length > 0 || status.trouble !== null) {
    const trouble = status.trouble === null ? [] : status.trouble.split('\n').map(escapeControls);
    const goesOn = status.running === 'running' ? 'The gateway of before goes on. ' : '';
    const lines = [...status.complaints.map(formatComplaint).map(escapeControls), ...trouble];
    return void process.stdout.write(`\n${lines.join('\n')}\n${goesOn}Waiting for a change.\n\n`);
  }
  const because = status.because === null ? '' : ` (${relative(process.cwd(), status.because)} has changed)`;
  const width = Math.max(...status.listeners.map(({ id }) => id.length), 8);
  const listeners = status.listeners.map(({ id, address, port, insteadOf }) => {
    const instead = insteadOf === null ? '' : ` (port ${insteadOf} could not be had)`;
    return `  ${id.padEnd(width)}  ${address}:${port}${instead}`;
  });
  const warnings = (status.plan?.warnings ?? []).map(formatComplaint).map(escapeControls);
  if (warnings.length > 0) process.stdout.write(`\n${warnings.join('\n')}\n`);
  process.stdout.write(`\n  ${status.plan?.hostname ?? ''} runs${because}\n${listeners.join('\n')}\n\n`);
}

/** A second signal ends it at once. */
function closeOnSignal(close: () => Promise<void>): void {
  let closing = false;
  const onSignal = (): void => {
    if (closing) process.exit(130);
    closing = true;
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
