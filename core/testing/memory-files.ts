/**
 * A file system in memory that fails where a test wants it to.
 *
 * It answers as the files port of the machine does: one suite of tests holds for both. It knows hard links but no
 * symbolic ones, and no users.
 */
import { posix } from 'node:path';
import type { Clock, Files, OpenFile } from '../plugin/ports.ts';
import { ManualClock } from './manual-clock.ts';
import { errno, MemoryTree, type Node } from './memory-tree.ts';

/** What can be made to fail: the operations of `Files` and of the files that it opens. */
export type FileOperation = Exclude<keyof Files, 'resolve' | 'blocking'> | keyof OpenFile;

/** Where `memoryFiles` begins. */
export interface MemoryFilesSettings {
  /** The folder to which relative paths are relative. */
  readonly base?: string;
  /** Says when files are modified. */
  readonly clock?: Clock;
}

/** Files in memory, with a view from outside. */
export interface MemoryFiles extends Files {
  /** The absolute paths of all files, sorted. */
  paths(): readonly string[];
  /** What a file holds, or `null` where there is none. */
  text(path: string): string | null;
  /** Puts a file there as if another program had written it, and makes the folders above it. */
  put(path: string, octets: string | Buffer): void;
  /**
   * From now on what is done with the path fails, on files already open too; with an operation named, that one alone.
   * A write that fails has put the first half of its octets there, as a disk does that runs full.
   * @example files.fail('mail/ann', 'ENOSPC', 'write')
   */
  fail(path: string, errno: string, operation?: FileOperation): void;
  /** Ends what `fail` began. */
  heal(path: string): void;
}

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/**
 * Makes one.
 * @example const files = memoryFiles({ aliases: 'staff: ann, bob\n' });
 */
export function memoryFiles(
  initial: Readonly<Record<string, string | Buffer>> = {},
  { base = '/config', clock = new ManualClock() }: MemoryFilesSettings = {},
): MemoryFiles {
  const tree = new MemoryTree(clock);
  const at = (path: string) => posix.resolve(base, path);
  tree.makeFolder(base, OWNER_ONLY_FOLDER);
  const put = (path: string, octets: string | Buffer) => {
    tree.makeFolder(posix.dirname(at(path)), OWNER_ONLY_FOLDER);
    tree.write(at(path), Buffer.from(octets), OWNER_ONLY);
  };
  for (const [path, octets] of Object.entries(initial)) put(path, octets);
  /** Does something unless it is to fail. */
  const act = async <T>(path: string, operation: FileOperation, action: () => T): Promise<T> => {
    tree.failing(at(path), operation);
    return Promise.resolve(action());
  };
  return {
    paths: () => tree.files(),
    text: path => tree.find(at(path))?.octets.toString() ?? null,
    put,
    fail: (path, errno, operation) => tree.fail(at(path), errno, operation ?? null),
    heal: path => tree.heal(at(path)),
    resolve: at,
    read: path => act(path, 'read', () => Buffer.from(tree.file(at(path)).octets)),
    facts: path => act(path, 'facts', () => tree.facts(tree.find(at(path)))),
    list: path => act(path, 'list', () => tree.names(at(path))),
    makeDirectory: (path, mode = OWNER_ONLY_FOLDER) =>
      act(path, 'makeDirectory', () => tree.makeFolder(at(path), mode)),
    open: (path, how, mode = OWNER_ONLY) =>
      act(path, 'open', () => openFile(tree, at(path), tree.open(at(path), how, mode))),
    replace: (path, octets, mode = OWNER_ONLY) =>
      act(path, 'replace', () => tree.replace(at(path), Buffer.from(octets), mode)),
    append: (path, octets, mode = OWNER_ONLY) =>
      act(path, 'append', () => tree.append(at(path), Buffer.from(octets), mode)),
    rename: (from, to) => act(from, 'rename', () => tree.rename(at(from), at(to))),
    link: (from, to) => act(from, 'link', () => tree.link(at(from), at(to))),
    remove: path => act(path, 'remove', () => tree.remove(at(path))),
    syncDirectory: path => act(path, 'syncDirectory', () => void tree.folder(at(path))),
  };
}

function openFile(tree: MemoryTree, path: string, node: Node): OpenFile {
  let open = true;
  const act = async <T>(operation: FileOperation, action: () => T): Promise<T> => {
    if (!open && operation !== 'close') throw errno('EBADF', path);
    tree.failing(path, operation);
    return Promise.resolve(action());
  };
  return {
    facts: () => act('facts', () => tree.factsOf(node)),
    read: (position, length) => act('read', () => Buffer.from(node.octets.subarray(position, position + length))),
    async write(octets, position) {
      if (tree.failure(path, 'write') !== null) tree.splice(node, octets.subarray(0, octets.length / 2), position);
      await act('write', () => tree.splice(node, octets, position));
    },
    truncate: size => act('truncate', () => void tree.resize(node, size)),
    own: user => act('own', () => void (node.owner = user ?? node.owner)),
    sync: () => act('sync', () => undefined),
    close: () =>
      act('close', () => {
        open = false;
      }),
  };
}
