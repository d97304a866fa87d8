/** The gateway as it is shipped: `mailframe.config.yaml`, with no more changed than the port and the way to the next hop. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Guarded, guarded } from './guarded.ts';
import type { Assignment, MailSystem, RunningSystem } from './system.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const PLUGIN = at('bench/peers/hold-everything.ts');

/** `profile`: the folder for what V8 notes of every thread while it runs, or `null`. */
export async function mailframe(profile: string | null): Promise<MailSystem> {
  const { version } = JSON.parse(await readFile(at('package.json'), 'utf8')) as { readonly version: string };
  return {
    name: 'mailframe',
    version: `mailframe ${version}`,
    differences:
      'mailframe.config.yaml, with a free port and the next hop as hosts of the last route; "accept": one more plugin, ' +
      'which answers hold',
    goals: ['next-hop', 'queue', 'mailboxes'],
    start: assignment => start(profile, assignment),
  };
}

async function start(profile: string | null, { folder, goal, nextHop }: Assignment): Promise<RunningSystem> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'mailframe.config.yaml');
  const shipped = await readFile(at('mailframe.config.yaml'), 'utf8');
  const routed = changed(
    changed(shipped, 'port: 2525', 'port: 0'),
    '- { deliver: internet }',
    `- { deliver: internet, hosts: ["[127.0.0.1]:${nextHop}"] }`,
  );
  const held = () => changed(routed, '\nroutes:', `\n  - { use: ${PLUGIN} }\n\nroutes:`);
  await writeFile(file, goal === 'queue' ? held() : routed);
  await copyFile(at('aliases'), join(folder, 'aliases'));
  const running = await guarded({
    command: [process.execPath, at('core/cli/mailframe.js'), 'start', file],
    output: join(folder, 'log'),
    ...(profile !== null && { env: profiling(profile) }),
  });
  try {
    const port = await Promise.race([portOf(running), running.ended]);
    return { port, pid: running.pid, mailboxes: join(folder, 'var/mail'), log: running.log, stop: running.stop };
  } catch (error) {
    const said = await running.log();
    await running.stop();
    throw new Error(`mailframe does not start: ${said}`, { cause: error });
  }
}

/** The worker of the store takes options from the environment alone. */
function profiling(folder: string): Readonly<Record<string, string>> {
  return { MAILFRAME_PROFILE: folder, NODE_OPTIONS: `--import=${at('bench/peers/profile-thread.ts')}` };
}

/** @throws Error where the shipped configuration no longer reads so: then this file is to be changed with it. */
function changed(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`mailframe.config.yaml has not exactly one "${from.trim()}"`);
  return text.replace(from, () => to);
}

/** It says on a line of JSON where it listens. */
async function portOf({ log }: Guarded): Promise<number> {
  for (const end = performance.now() + 20_000; performance.now() < end; await sleep(20)) {
    const port = /"port":(\d+)/.exec(await log())?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error('it does not listen after 20 s');
}
