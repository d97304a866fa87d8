/** `mailframe start`: runs the gateway until it is told to stop. */
import { closeSync, openSync } from 'node:fs';
import { url as inspectedAt } from 'node:inspector';
import type { Command } from 'commander';
import { createEngine, type Engine } from '../engine.ts';
import { describeError } from '../mail/failure.ts';
import { outliveReaders } from '../system/standard-output.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { watchStrayErrors } from './stray-errors.ts';

/** Frames of a stack that V8 keeps; ten by itself, which a library of a plugin's fills alone: whose line it was would be lost. */
const FRAMES = 40;

export function register(program: Command): void {
  program
    .command('start')
    .description('Runs the gateway.')
    .argument('[file]', 'the configuration', DEFAULT_FILE)
    .action(start);
}

async function start(file: string): Promise<void> {
  Error.stackTraceLimit = FRAMES;
  let engine: Engine;
  try {
    engine = await createEngine({ file });
    // Taking mail matters more than telling of it.
    outliveReaders();
    reloadOnSignal(engine);
    closeOnSignal(engine);
    watchStrayErrors(engine, () => end(engine));
    await engine.start();
  } catch (error) {
    refuse(error);
    return;
  }
  warnOfDebugger(engine);
  if (process.stdout.isTTY || engine.configuration.log.format === 'human') process.stdout.write(`${welcome(engine)}\n`);
}

/**
 * SIGHUP is `mailframe reload`; the log says what came of it. Where the terminal has been closed that the gateway
 * was started from, it still means the end: a gateway that nobody sees would keep port and queue for itself.
 */
function reloadOnSignal(engine: Engine): void {
  const terminal = process.stdin.isTTY;
  process.on('SIGHUP', () => {
    if (!terminal || isThere('/dev/tty')) return void reload(engine);
    process.kill(process.pid, 'SIGTERM');
  });
}

async function reload(engine: Engine): Promise<void> {
  try {
    await engine.reload();
  } catch (error) {
    engine.log.error('failed', { reloading: describeError(error) });
  }
}

function isThere(device: string): boolean {
  try {
    closeSync(openSync(device, 'r'));
    return true;
  } catch {
    return false;
  }
}

/** SIGINT and SIGTERM close in good order; a second one ends the process at once. */
function closeOnSignal(engine: Engine): void {
  let closing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (closing) process.exit(130);
    closing = true;
    engine.log.info('interrupted', { signal, hint: 'a second signal ends it at once' });
    end(engine);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

/** Closes in good order, and then ends the process. */
function end(engine: Engine): void {
  engine.close().then(
    () => process.exit(),
    error => {
      engine.log.error('failed', { closing: describeError(error) });
      process.exit(1);
    },
  );
}

/** Whoever reaches that port runs what he likes. */
function warnOfDebugger(engine: Engine): void {
  const at = inspectedAt();
  if (at === undefined) return;
  const message = `a debugger may attach at ${at}: until that is closed no deadline of a plugin passes`;
  engine.log.warn('warned', { message });
}

/** What listens where, and what to do next. */
function welcome(engine: Engine): string {
  const { configuration, listeners } = engine;
  const width = Math.max(...listeners.map(listener => listener.id.length));
  const [first] = listeners;
  const server = first === undefined ? '' : ` --server ${bracketed(first.address)}:${first.port}`;
  return [
    `mailframe runs as ${configuration.hostname}`,
    ...listeners.map(({ id, address, port }) => `  ${id.padEnd(width)}  ${bracketed(address)}:${port}`),
    `  ${'queue'.padEnd(width)}  ${configuration.queue.directory}`,
    '',
    'Send a first message from another terminal:',
    `  npx mailframe send${server} --to hello@${firstDomain(engine)} --subject "First light"`,
    'Ctrl-C closes in good order.',
    '',
  ].join('\n');
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** A domain that the configuration treats as its own, as far as the relay policy says; else the host's. */
function firstDomain({ configuration }: Engine): string {
  for (const { options } of configuration.plugins) {
    const domains = (options as { localDomains?: unknown } | null | undefined)?.localDomains;
    if (Array.isArray(domains) && typeof domains[0] === 'string') return domains[0];
  }
  return configuration.hostname;
}
