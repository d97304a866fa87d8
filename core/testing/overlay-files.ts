/**
 * Files that can be read as they are, and written without a trace: what is written stays in memory, on top of what is there.
 *
 * For running a gateway on somebody's real configuration without changing anything of theirs. Hard links to files that were
 * there before become copies; modes and owners of those are not kept.
 */
import { posix } from 'node:path';
import type { Clock, Files } from '../plugin/ports.ts';
import { memoryFiles } from './memory-files.ts';
import { errno } from './memory-tree.ts';

/** Files with a view of what was written. */
export interface OverlayFiles extends Files {
  /** The absolute paths of the files that were written, sorted. */
  written(): readonly string[];
  /** What was written to a file, or `null` where nothing was. */
  text(path: string): string | null;
}

/**
 * Lays memory over files.
 * @example const files = overlayFiles(systemFiles('/etc/mailframe'), clock);
 */
export function overlayFiles(below: Files, clock: Clock): OverlayFiles {
  const above = memoryFiles({}, { base: below.resolve('.'), clock });
  const gone = new Set<string>();
  const at = (path: string) => below.resolve(path);

  const isAbove = async (path: string) => (await above.facts(path))?.kind === 'file' || gone.has(at(path));
  const facts = async (path: string) => {
    if (await isAbove(path)) return above.facts(path);
    return (await below.facts(path)) ?? above.facts(path);
  };
  /** The one of both that has it; the upper one, where none has. */
  const having = async (path: string): Promise<Files> =>
    (await isAbove(path)) || (await below.facts(path)) === null ? above : below;
  /** Brings up what is there below: a folder without what is in it, a file with its octets. */
  const bringUp = async (path: string) => {
    const there = (await having(path)) === below ? await below.facts(path) : null;
    if (there?.kind === 'directory') await above.makeDirectory(path);
    else if (there !== null) above.put(path, await below.read(path));
  };
  const prepare = (path: string) => bringUp(posix.dirname(at(path)));
  const copy = async (path: string) => {
    await prepare(path);
    await bringUp(path);
    gone.delete(at(path));
  };
  const untaken = async (path: string) => {
    if ((await facts(path)) !== null) throw errno('EEXIST', at(path));
    await prepare(path);
    gone.delete(at(path));
  };
  return {
    written: () => above.paths(),
    text: path => above.text(path),
    resolve: at,
    facts,
    read: async path => (await having(path)).read(path),
    async list(path) {
      const first = await (await having(path)).list(path);
      const others = (await above.facts(path)) === null ? [] : await above.list(path);
      const names = new Set([...first, ...others]);
      return [...names].filter(name => !gone.has(posix.join(at(path), name))).sort();
    },
    async makeDirectory(path, mode) {
      await copy(path);
      return above.makeDirectory(path, mode);
    },
    async open(path, how, mode) {
      if (how === 'read') return (await having(path)).open(path, how, mode);
      await (how === 'append' ? copy(path) : untaken(path));
      return above.open(path, how, mode);
    },
    async replace(path, octets, mode) {
      await copy(path);
      return above.replace(path, octets, mode);
    },
    async append(path, octets, mode) {
      await copy(path);
      return above.append(path, octets, mode);
    },
    async rename(from, to) {
      await copy(from);
      await prepare(to);
      await above.rename(from, to);
      gone.add(at(from));
      gone.delete(at(to));
    },
    async link(from, to) {
      await copy(from);
      await untaken(to);
      return above.link(from, to);
    },
    async remove(path) {
      if ((await facts(path)) === null) throw errno('ENOENT', at(path));
      await bringUp(path);
      await above.remove(path);
      gone.add(at(path));
    },
    async syncDirectory(path) {
      if ((await facts(path)) === null) throw errno('ENOENT', at(path));
    },
  };
}
