/** The command line: one file a verb, put together here. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { register as alias } from './alias.ts';
import { register as check } from './check.ts';
import { register as conformance } from './conformance.ts';
import { register as dev } from './dev.ts';
import { register as explain } from './explain.ts';
import { register as init } from './init.ts';
import { register as logs } from './logs.ts';
import { register as lookup } from './lookup.ts';
import { register as passwd } from './passwd.ts';
import { register as plan } from './plan.ts';
import { register as queue } from './queue.ts';
import { register as reload } from './reload.ts';
import { register as replay } from './replay.ts';
import { register as route } from './route.ts';
import { register as schema } from './schema.ts';
import { register as send } from './send.ts';
import { register as shadow } from './shadow.ts';
import { register as show } from './show.ts';
import { register as start } from './start.ts';
import { register as status } from './status.ts';
import { register as tlsrpt } from './tlsrpt.ts';
import { register as trace } from './trace.ts';

/** Runs the verb that the arguments name. `process.exitCode` says how it went. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('mailframe')
    .description('A mail gateway whose every decision is a plugin.')
    .version(version())
    .showHelpAfterError('(mailframe --help lists the verbs)');
  const verbs = [
    start,
    dev,
    check,
    plan,
    explain,
    trace,
    replay,
    route,
    schema,
    send,
    queue,
    show,
    logs,
    passwd,
    lookup,
    alias,
    tlsrpt,
    conformance,
    reload,
    status,
    shadow,
    init,
  ];
  for (const register of verbs) register(program);
  // A reader that goes away early (`mailframe plan | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  await program.parseAsync([...argv]);
}

/** From the nearest `package.json` above: the sources and the built package lie at different depths. */
function version(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === 'mailframe' && found.version !== undefined) return found.version;
    } catch {
      // Not at this depth.
    }
  }
  return 'unknown';
}
