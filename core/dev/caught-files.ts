/**
 * The files of this machine, with everything that is written put into a folder of its own: mailboxes, and what plugins keep.
 *
 * A folder that a plugin makes is its own and begins empty, so that mail of before is neither copied nor touched; elsewhere
 * what was written here hides what lies there. Guarantee: nothing outside of the folder is written, renamed or removed.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { Files } from '../plugin/ports.ts';

/** Where what lies outside of the configuration's folder goes. */
const ELSEWHERE = 'outside';

export interface CaughtFilesSettings {
  readonly machine: Files;
  /** Where the configuration is. */
  readonly base: string;
  /** Where everything is written. */
  readonly folder: string;
  /** A folder that is there for this gateway alone: what is in it is read and written where it is. */
  readonly own: string;
  /** Files that are read with something behind them, by their path. */
  readonly appendices: ReadonlyMap<string, string>;
  /** Told of every file of the machine that is read. */
  readonly reads: (path: string) => void;
}

/** Makes them. */
export function caughtFiles({ machine, base, folder, own, appendices, reads }: CaughtFilesSettings): Files {
  /** The folders that plugins have made, where nothing of the machine is seen. */
  const owned = new Set<string>();
  const isOwned = (path: string): boolean =>
    [...owned].some(one => path === one || path.startsWith(one.endsWith(sep) ? one : one + sep));
  /** Where a path is written. */
  const here = (path: string): string => {
    const absolute = machine.resolve(path);
    if (isWithin(own, absolute)) return absolute;
    return isWithin(base, absolute) ? join(folder, relative(base, absolute)) : join(folder, ELSEWHERE, absolute);
  };
  /** Where a path is read. */
  const seen = (path: string): string => {
    const written = here(path);
    const absolute = machine.resolve(path);
    return isOwned(absolute) || existsSync(written) ? written : absolute;
  };
  const forWriting = async (path: string): Promise<string> => {
    const written = here(path);
    if (!isOwned(machine.resolve(path))) await mkdir(dirname(written), { recursive: true, mode: 0o700 });
    return written;
  };
  return {
    resolve: path => machine.resolve(path),
    async read(path) {
      const at = seen(path);
      if (at !== here(path)) reads(at);
      const octets = await machine.read(at);
      const appendix = appendices.get(machine.resolve(path));
      return appendix === undefined ? octets : Buffer.concat([octets, Buffer.from(`\n${appendix}`)]);
    },
    facts: path => machine.facts(seen(path)),
    async list(path) {
      const [written, absolute] = [here(path), machine.resolve(path)];
      if (isOwned(absolute) || !existsSync(absolute)) return machine.list(written);
      const names = await machine.list(absolute);
      return existsSync(written) ? [...new Set([...names, ...(await machine.list(written))])].sort() : names;
    },
    async makeDirectory(path, mode) {
      owned.add(machine.resolve(path));
      await machine.makeDirectory(here(path), mode);
    },
    async open(path, how, mode) {
      if (how !== 'read') return machine.open(await forWriting(path), how, mode);
      const at = seen(path);
      if (at !== here(path)) reads(at);
      return machine.open(at, how, mode);
    },
    replace: async (path, octets, mode) => machine.replace(await forWriting(path), octets, mode),
    append: async (path, octets, mode) => machine.append(await forWriting(path), octets, mode),
    rename: async (from, to) => machine.rename(here(from), await forWriting(to)),
    link: async (from, to) => machine.link(here(from), await forWriting(to)),
    remove: path => machine.remove(here(path)),
    syncDirectory: async path => machine.syncDirectory(dirname(await forWriting(join(path, 'any')))),
  };
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
