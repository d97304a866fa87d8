/** The files port over a tree that keeps every change in memory: plugins write as they do in reality, and nothing is written. */
import { dirname } from 'node:path';
import type { Files, OpenFile } from '../plugin/ports.ts';
import { errno, type FileNode, type OverlayTree } from './overlay-tree.ts';

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/**
 * Files that are changed in the tree that holds at the moment of each call. `blocking` is missing: threads of their own would
 * go past it.
 */
export function overlayFiles(below: Files, current: () => OverlayTree): Files {
  const at = (path: string) => below.resolve(path);
  const last = new WeakMap<OverlayTree, Promise<unknown>>();
  /** One after the other in each tree: what is looked at must not change before it is acted on. */
  const inTurn = <T>(work: (tree: OverlayTree) => Promise<T>): Promise<T> => {
    const tree = current();
    const done = (last.get(tree) ?? Promise.resolve()).then(() => work(tree));
    last.set(
      tree,
      done.catch(() => undefined),
    );
    return done;
  };
  return {
    resolve: at,
    read: path => inTurn(tree => read(tree, below, at(path))),
    facts: path => inTurn(tree => tree.facts(at(path))),
    list: path => inTurn(tree => tree.names(at(path))),
    makeDirectory: (path, mode = OWNER_ONLY_FOLDER) => inTurn(tree => tree.makeFolder(at(path), mode)),
    open: (path, how, mode = OWNER_ONLY) => inTurn(tree => open(tree, below, at(path), how, mode)),
    replace: (path, octets, mode = OWNER_ONLY) =>
      inTurn(async tree => {
        if ((await tree.facts(at(path)))?.kind === 'directory') throw errno('EISDIR', path);
        (await tree.make(at(path), mode)).octets.write(octets, 0);
      }),
    append: (path, octets, mode = OWNER_ONLY) =>
      inTurn(async tree => {
        const node = await existingOrNew(tree, at(path), mode);
        node.octets.write(octets, node.octets.size);
        tree.touch(node);
      }),
    rename: (from, to) => inTurn(tree => tree.rename(at(from), at(to))),
    link: (from, to) => inTurn(tree => tree.link(at(from), at(to))),
    remove: path => inTurn(tree => tree.remove(at(path))),
    syncDirectory: path => inTurn(tree => tree.checkFolder(at(path))),
  };
}

async function read(tree: OverlayTree, below: Files, path: string): Promise<Buffer> {
  const place = tree.place(path);
  if (place.kind === 'below') return below.read(place.path);
  if (place.kind !== 'here') throw errno(place.kind === 'nowhere' ? 'ENOENT' : 'ENOTDIR', path);
  if (place.node.kind === 'directory') throw errno('EISDIR', path);
  return place.node.octets.read(0, place.node.octets.size);
}

async function open(
  tree: OverlayTree,
  below: Files,
  path: string,
  how: 'read' | 'append' | 'create',
  mode: number,
): Promise<OpenFile> {
  if (how === 'read') {
    const place = tree.place(path);
    if (place.kind === 'below') return below.open(place.path, 'read');
    if (place.kind !== 'here') throw errno(place.kind === 'nowhere' ? 'ENOENT' : 'ENOTDIR', path);
    if (place.node.kind === 'directory') throw errno('EISDIR', path);
    return opened(tree, place.node, path);
  }
  if (how === 'create') {
    await tree.checkFolder(dirname(path));
    if ((await tree.facts(path)) !== null) throw errno('EEXIST', path);
  }
  return opened(tree, await existingOrNew(tree, path, mode), path);
}

async function existingOrNew(tree: OverlayTree, path: string, mode: number): Promise<FileNode> {
  await tree.checkFolder(dirname(path));
  return (await tree.file(path)) ?? (await tree.make(path, mode));
}

function opened(tree: OverlayTree, node: FileNode, path: string): OpenFile {
  let isOpen = true;
  const act = async <T>(work: () => T | Promise<T>): Promise<T> => {
    if (!isOpen) throw errno('EBADF', path);
    return work();
  };
  return {
    facts: () => act(() => tree.factsOf(node)),
    read: (position, length) => act(() => node.octets.read(position, length)),
    write: (octets, position) =>
      act(() => {
        node.octets.write(octets, position);
        tree.touch(node);
      }),
    truncate: size =>
      act(() => {
        node.octets.resize(size);
        tree.touch(node);
      }),
    own: user =>
      act(() => {
        node.owner = user ?? node.owner;
      }),
    sync: () => act(() => undefined),
    close: () => {
      isOpen = false;
      return Promise.resolve();
    },
  };
}
