/** The command line: one file a verb, put together here. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';

interface Verb {
  readonly register: (program: Command) => void;
}

/** In the order in which the help shows them. Each is loaded where it is meant: a gateway has no use for the others in its memory. */
export const VERBS = {
  init: () => import('./init.ts'),
  start: () => import('./start.ts'),
  dev: () => import('./dev.ts'),
  check: () => import('./check.ts'),
  plan: () => import('./plan.ts'),
  explain: () => import('./explain.ts'),
  replay: () => import('./replay.ts'),
  route: () => import('./route.ts'),
  trace: () => import('./trace.ts'),
  show: () => import('./show.ts'),
  logs: () => import('./logs.ts'),
  queue: () => import('./queue.ts'),
  reload: () => import('./reload.ts'),
  status: () => import('./status.ts'),
  shadow: () => import('./shadow.ts'),
  send: () => import('./send.ts'),
  conformance: () => import('./conformance.ts'),
  alias: () => import('./alias.ts'),
  lookup: () => import('./lookup.ts'),
  passwd: () => import('./passwd.ts'),
  schema: () => import('./schema.ts'),
  tlsrpt: () => import('./tlsrpt.ts'),
} as const satisfies Readonly<Record<string, () => Promise<Verb>>>;

/** Runs the verb that the arguments name. `process.exitCode` says how it went. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('mailframe')
    .description('A mail gateway whose every decision is a plugin.')
    .version(version())
    .showHelpAfterError('(mailframe --help lists the verbs)');
  for (const { register } of await verbsFor(argv[2])) register(program);
  // A reader that goes away early (`mailframe plan | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  await program.parseAsync([...argv]);
}

/** The one that is named; all of them where help is wanted, or something that is none. */
async function verbsFor(name: string | undefined): Promise<readonly Verb[]> {
  const isVerb = name !== undefined && Object.hasOwn(VERBS, name);
  return isVerb ? [await VERBS[name as keyof typeof VERBS]()] : Promise.all(Object.values(VERBS).map(load => load()));
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
