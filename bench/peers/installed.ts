/** The peers: those that are installed, and what must be brought, into a folder of the run. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath, run } from '../../test/support/program.ts';
import { haraka } from './haraka.ts';
import type { SystemName } from './load.ts';
import { mailframe } from './mailframe.ts';
import { type PostfixPackage, postfix } from './postfix.ts';
import type { Absent, MailSystem } from './system.ts';
import type { TestPrograms } from './test-programs.ts';

/** The version that the figures are of. */
const HARAKA = 'Haraka@3.3.4';
const LONGEST_INSTALLATION = 300_000;
/** Accounts and groups that every Debian has and hardly any uses, for a Postfix whose own ones are not there. */
const SPARE = { account: 'uucp', group: 'games' } as const;

/** Where things come from. */
export interface Sources {
  /** What is brought goes in here, and is found here the next time. */
  readonly folder: string;
  /** `downloaded`: also where Postfix is installed. */
  readonly postfix: 'installed' | 'downloaded';
  readonly profile: string | null;
  readonly progress: (line: string) => void;
}

/** Finds Postfix's package, or brings it. @throws Error where that is not possible, saying what to do. */
export async function postfixPackage(sources: Sources): Promise<PostfixPackage> {
  if (sources.postfix === 'installed' && programPath('postfix') !== null) return { root: '/', unpacked: null };
  const root = join(sources.folder, 'postfix');
  if (programPath(join(root, 'usr/sbin/smtp-sink')) === null) {
    sources.progress('bringing Postfix from Debian');
    await mkdir(root, { recursive: true });
    await download(root);
    const archive = (await readdir(root)).find(name => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get has downloaded nothing');
    await done(run('dpkg', ['-x', join(root, archive), root]));
  }
  const env = { LD_LIBRARY_PATH: join(root, 'usr/lib/postfix') };
  return { root, unpacked: { folder: join(root, 'usr/sbin'), env, ...SPARE } };
}

/** Without it there is neither a load nor a next hop. */
async function download(folder: string): Promise<void> {
  try {
    await done(run('apt-get', ['download', 'postfix'], { cwd: folder, timeout: LONGEST_INSTALLATION }));
  } catch (error) {
    const hint = 'install the package postfix, whose smtp-source and smtp-sink are needed for every load';
    throw new Error(`Debian's Postfix cannot be brought: ${hint}`, { cause: error });
  }
}

/** Load generator and next hop. */
export function testPrograms({ root, unpacked }: PostfixPackage): TestPrograms {
  const at = (name: string) => join(root, 'usr/sbin', name);
  return { source: at('smtp-source'), sink: at('smtp-sink'), env: unpacked?.env ?? {} };
}

/** Makes a system ready to be started. */
export async function install(name: SystemName, from: PostfixPackage, sources: Sources): Promise<MailSystem | Absent> {
  try {
    switch (name) {
      case 'mailframe':
        return await mailframe(sources.profile);
      case 'postfix':
        if (process.getuid?.() !== 0) return { name, absent: 'Postfix runs as root only: start this as root' };
        return await postfix(from);
      case 'haraka':
        return await haraka(await harakaFolder(sources), 'alone');
      case 'haraka-cluster':
        return await haraka(await harakaFolder(sources), 'cluster');
    }
  } catch (error) {
    return { name, absent: error instanceof Error ? error.message : String(error) };
  }
}

async function harakaFolder({ folder, progress }: Sources): Promise<string> {
  const home = join(folder, 'haraka');
  const there = await readdir(join(home, 'node_modules/Haraka')).catch(() => null);
  if (there !== null) return home;
  progress(`bringing ${HARAKA} from npm`);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--prefix', home, '--ignore-scripts', '--no-audit', '--no-fund', HARAKA];
  await done(run('npm', args, { cwd: home, timeout: LONGEST_INSTALLATION }));
  return home;
}

async function done(running: ReturnType<typeof run>): Promise<void> {
  const { code, stderr, stdout } = await running;
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}${stdout}`);
}
