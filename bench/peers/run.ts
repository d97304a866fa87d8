/** The whole of it: brings the peers, gives every load to each in turn, says what came of it, and leaves nothing behind. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { duration } from '../compare.ts';
import { machine } from '../machine.ts';
import { type Disk, diskOf, isMemory } from './disk.ts';
import { install, postfixPackage, type Sources, testPrograms } from './installed.ts';
import { measure } from './measure.ts';
import type { PeerOptions } from './options.ts';
import { type LoadReport, reportOf, tableOf } from './report.ts';
import { client } from './source.ts';
import type { Absent, MailSystem } from './system.ts';

/** Where what is said goes. */
export interface Voice {
  readonly say: (text: string) => void;
  readonly progress: (line: string) => void;
}

/** For systems that work as somebody else. */
const OPEN = 0o755;

export async function runPeers(
  options: PeerOptions,
  voice: Voice,
  signal: AbortSignal,
): Promise<readonly LoadReport[]> {
  const { folder: given } = options;
  if (given !== null) await mkdir(given, { recursive: true, mode: OPEN });
  const folder = given === null ? await mkdtemp('/var/tmp/mailframe-peers-') : resolve(given);
  const queues = await mkdtemp(join(folder, 'run-'));
  try {
    for (const path of [folder, queues]) await chmod(path, OPEN);
    return await inFolders({ folder, queues }, options, voice, signal);
  } finally {
    await rm(given === null ? folder : queues, { recursive: true, force: true });
  }
}

async function inFolders(
  { folder, queues }: { readonly folder: string; readonly queues: string },
  options: PeerOptions,
  { say, progress }: Voice,
  signal: AbortSignal,
): Promise<readonly LoadReport[]> {
  const disk = await diskOf(queues);
  if (isMemory(disk))
    progress(`${folder} is in memory (${disk.type}): no figure of a queue there means anything, see --folder`);
  const sources: Sources = { folder, postfix: options.postfix, profile: options.profile, progress };
  const from = await postfixPackage(sources);
  const found = await Promise.all(options.systems.map(name => install(name, from, sources)));
  const systems = found.filter((one): one is MailSystem => 'start' in one);
  say(headOf(found, disk));
  const sender = client();
  const reports: LoadReport[] = [];
  try {
    const context = {
      folder: queues,
      rounds: options.rounds,
      pause: options.pause,
      programs: testPrograms(from),
      client: sender,
      progress,
      signal,
    };
    for (const load of options.loads) {
      signal.throwIfAborted();
      const report = reportOf(load, await measure(load, systems, context));
      reports.push(report);
      say(`\n${tableOf(report)}`);
    }
  } finally {
    await sender.stop();
  }
  if (options.json !== null)
    await writeFile(options.json, JSON.stringify({ machine: machine(), disk, found, reports }, null, 2));
  return reports;
}

function headOf(found: readonly (MailSystem | Absent)[], disk: Disk): string {
  return [
    machine(),
    `queues on ${disk.type}, where 4 KB are synced in ${duration(disk.sync)}`,
    ...found.map(one =>
      'start' in one ? `${one.version}: ${one.differences}` : `${one.name} is MISSING: ${one.absent}`,
    ),
  ].join('\n');
}
