/** `mailframe init`: a few questions, and a configuration that runs. */
import { existsSync, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { MailframeError } from '../mail/error.ts';
import { checked } from './check.ts';
import { refuse } from './common.ts';
import { type Answers, PGP_CHOICES, PURPOSES, STORES } from './init/answers.ts';
import { type Flags, findAnswers } from './init/find-answers.ts';
import { nobody, somebody } from './init/questions.ts';
import { CONFIGURATION, SCHEMA, type Written, writeStartingFiles } from './init/starting-files.ts';
import { schemaFor } from './schema.ts';

export function register(program: Command): void {
  const purposes = Object.entries(PURPOSES).map(([purpose, means]) => `  ${purpose.padEnd(11)}${means}`);
  program
    .command('init')
    .description('Writes a first configuration. Asks what the flags do not say.')
    .argument('[folder]', 'where it is written', '.')
    .option('--for <purpose>', `what the gateway is for: ${Object.keys(PURPOSES).join(', ')}`)
    .option('--hostname <name>', 'the full name of this machine')
    .option('--domain <domain...>', 'a domain of ours')
    .option('--relay <host:port>', 'where mail goes on to: a smarthost, or the server that stands behind')
    .option('--relay-user <name>', 'the name to log in with there')
    .option('--relay-password-file <file>', 'the file that holds the password')
    .option('--address <ip>', 'the address to listen on; 127.0.0.1 is this machine alone')
    .option('--port <port>', 'the port to listen on')
    .option('--cert <file>', 'the certificate, a PEM file in the folder')
    .option('--key <file>', 'its key, a PEM file in the folder')
    .option('--store <kind>', `how mailboxes are kept: ${STORES.join(', ')}`)
    .option('--pgp <choice>', `what becomes of OpenPGP signatures: ${PGP_CHOICES.join(', ')}`)
    .option('--sign-key <file>', 'the secret OpenPGP key to sign with')
    .option('-y, --yes', 'asks nothing: what no flag says is as usual')
    .option('--force', `writes over ${CONFIGURATION}; users, aliases and keys stay`)
    .addHelpText('after', `\nPurposes:\n${purposes.join('\n')}`)
    .action(init);
}

interface InitFlags extends Flags {
  readonly yes?: boolean;
  readonly force?: boolean;
}

async function init(path: string, flags: InitFlags): Promise<void> {
  const mayAsk = flags.yes !== true && process.stdin.isTTY && process.stdout.isTTY;
  const asking = mayAsk ? somebody(process.stdin, process.stdout, leave) : nobody;
  const folder = resolve(path);
  try {
    refuseToOverwrite(folder, flags.force === true);
    const answers = await findAnswers(flags, asking, folder);
    const { ok, text } = await initialize(folder, answers);
    process.stdout.write(text);
    if (!ok) process.exitCode = 1;
  } catch (error) {
    refuse(error);
  } finally {
    asking.close();
  }
}

/** Ctrl-C and Ctrl-D. */
function leave(): void {
  process.stdout.write('\nNothing was written.\n');
  process.exit(130);
}

function refuseToOverwrite(folder: string, force: boolean): void {
  if (force || !existsSync(join(folder, CONFIGURATION))) return;
  throw new MailframeError('MF_INIT', `${join(folder, CONFIGURATION)} is there already: --force writes over it`);
}

/** Writes the files and checks them as `mailframe check` does. */
export async function initialize(
  folder: string,
  answers: Answers,
): Promise<{ readonly ok: boolean; readonly text: string }> {
  mkdirSync(folder, { recursive: true });
  const written = [...writeStartingFiles(folder, answers)];
  const file = join(folder, CONFIGURATION);
  await writeFile(join(folder, SCHEMA), await schemaFor(file));
  const { ok, text } = await checked(file);
  const files = [...written, { path: SCHEMA, what: 'written' }] as const;
  return { ok, text: ok ? whatNext(folder, answers, files) : text };
}

function whatNext(folder: string, { purpose, address, port, domains }: Answers, files: readonly Written[]): string {
  const shown = relative('', folder);
  const host = address.includes(':') ? `[${address}]` : address;
  // What `send` takes by itself, and what nobody knows before the start.
  const isUsual = port === 0 || (address === '127.0.0.1' && port === 2525);
  const at = isUsual ? '' : ` --server ${host}:${port}`;
  const to = `someone@${domains[0] ?? 'example.test'}`;
  const commands = [
    ...(shown === '' ? [] : [[`cd ${shown}`, '']]),
    ...(purpose === 'submission' ? [['npx mailframe passwd --scram ./users ann', 'adds a user']] : []),
    ['npx mailframe check', 'says what is wrong with the configuration'],
    ['npx mailframe start', 'runs it'],
    ...(purpose === 'submission' ? [] : [[`npx mailframe send${at} --to ${to}`, 'sends a first mail']]),
  ];
  const width = Math.max(...commands.map(([command = '']) => command.length)) + 2;
  return [
    ...files.map(({ path, what }) => `${what === 'kept' ? 'kept   ' : 'written'}  ${join(shown, path)}`),
    '',
    'Next:',
    ...commands.map(([command = '', what = '']) => `  ${command.padEnd(width)}${what}`.trimEnd()),
    '',
  ].join('\n');
}
