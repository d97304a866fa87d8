/**
 * A file system over another one: what is changed is changed in memory, what is not is read through.
 *
 * Guarantee: of the files below only `read`, `facts`, `list` and `open` for reading are ever called. Paths are absolute. Limit:
 * two paths that a symbolic link makes one are two here, and whether the disk would permit a change is not asked.
 */
import { basename, dirname, join } from 'node:path';
import type { Clock, FileFacts, Files } from '../plugin/ports.ts';
import { PatchedOctets } from './patched-octets.ts';

interface Common {
  readonly mode: number;
  owner: number;
  modifiedAt: Date;
  readonly identity: string;
}

/** A file that was made or changed here. Two paths with one node are hard links. */
export interface FileNode extends Common {
  readonly kind: 'file';
  readonly octets: PatchedOctets;
  /** Names that it has below, without the one by which it came here. */
  readonly otherNames: number;
  /** Its size below; `null`: it was made here. */
  readonly before: number | null;
}

/** A folder that was made or moved here. What is in it and not here stands below at `origin`, if that is not `null`. */
export interface FolderNode extends Common {
  readonly kind: 'directory';
  readonly origin: string | null;
}

export type OverlayNode = FileNode | FolderNode;

/** Where a path leads. */
type Place =
  | { readonly kind: 'here'; readonly node: OverlayNode }
  | { readonly kind: 'below'; readonly path: string }
  | { readonly kind: 'nowhere' }
  /** Through something that is no folder. */
  | { readonly kind: 'blocked' };

/** What became of one path. */
export type Changed =
  | { readonly kind: 'written'; readonly path: string; readonly node: FileNode }
  | { readonly kind: 'removed'; readonly path: string };

/** An error as node:fs throws it. */
export function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: '${path}'`), { code });
}

let made = 0;

export class OverlayTree {
  readonly #below: Files;
  readonly #clock: Pick<Clock, 'now'>;
  /** `null`: it was removed. */
  readonly #nodes = new Map<string, OverlayNode | null>();

  constructor(below: Files, clock: Pick<Clock, 'now'>) {
    this.#below = below;
    this.#clock = clock;
  }

  /** All that is not as it is below, by path. */
  changes(): readonly Changed[] {
    const changes: Changed[] = [];
    for (const [path, node] of this.#nodes) {
      if (node === null) changes.push({ kind: 'removed', path });
      else if (node.kind === 'file') changes.push({ kind: 'written', path, node });
    }
    return changes.sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  place(path: string): Place {
    for (let at = path, rest = ''; ; rest = join(basename(at), rest), at = dirname(at)) {
      const node = this.#nodes.get(at);
      if (node === null) return { kind: 'nowhere' };
      if (node !== undefined) {
        if (at === path) return { kind: 'here', node };
        if (node.kind === 'file') return { kind: 'blocked' };
        return node.origin === null ? { kind: 'nowhere' } : { kind: 'below', path: join(node.origin, rest) };
      }
      if (at === dirname(at)) return { kind: 'below', path };
    }
  }

  async facts(path: string): Promise<FileFacts | null> {
    const place = this.place(path);
    switch (place.kind) {
      case 'here':
        return this.factsOf(place.node);
      case 'below':
        return this.#below.facts(place.path);
      case 'nowhere':
      case 'blocked':
        return null;
    }
  }

  factsOf(node: OverlayNode): FileFacts {
    const { kind, mode, owner, modifiedAt, identity } = node;
    const names = [...this.#nodes.values()].filter(one => one === node).length;
    const [size, links] = kind === 'file' ? [node.octets.size, names + node.otherNames] : [0, 1];
    return { kind, size, mode, owner, links, modifiedAt, identity };
  }

  async names(path: string): Promise<readonly string[]> {
    const place = this.place(path);
    const names = new Set(await this.#namesAt(place, path));
    for (const [one, node] of this.#nodes) {
      if (one === path || dirname(one) !== path) continue;
      if (node === null) names.delete(basename(one));
      else names.add(basename(one));
    }
    return [...names].sort();
  }

  async #namesAt(place: Place, path: string): Promise<readonly string[]> {
    if (place.kind === 'below') return this.#below.list(place.path);
    if (place.kind === 'nowhere') throw errno('ENOENT', path);
    if (place.kind === 'blocked' || place.node.kind === 'file') throw errno('ENOTDIR', path);
    const { origin } = place.node;
    return origin === null || (await this.#below.facts(origin)) === null ? [] : this.#below.list(origin);
  }

  /** @throws where a file cannot be made at the path, for its folder is none */
  async checkFolder(path: string): Promise<void> {
    const found = await this.facts(path);
    if (found?.kind === 'directory' || found?.kind === 'link') return;
    throw errno(found === null && !(await this.#isBlocked(path)) ? 'ENOENT' : 'ENOTDIR', path);
  }

  async #isBlocked(path: string): Promise<boolean> {
    for (let at = dirname(path); ; at = dirname(at)) {
      const found = await this.facts(at);
      if (found !== null) return found.kind !== 'directory' && found.kind !== 'link';
      if (at === dirname(at)) return false;
    }
  }

  async makeFolder(path: string, mode: number): Promise<void> {
    const found = await this.facts(path);
    if (found?.kind === 'directory' || found?.kind === 'link') return;
    if (found !== null) throw errno('EEXIST', path);
    const parent = dirname(path);
    const above = await this.facts(parent);
    if (above !== null && above.kind !== 'directory' && above.kind !== 'link') throw errno('ENOTDIR', path);
    if (above === null) await this.makeFolder(parent, mode);
    // Somebody else may make it below meanwhile: what he puts there shows.
    const place = this.place(path);
    const origin = place.kind === 'below' ? place.path : null;
    this.#nodes.set(path, { kind: 'directory', origin, ...this.#common(mode) });
  }

  /** A new file at the path, whatever stood there. */
  async make(path: string, mode: number): Promise<FileNode> {
    await this.checkFolder(dirname(path));
    const node: FileNode = {
      kind: 'file',
      octets: new PatchedOctets(null),
      otherNames: 0,
      before: (await this.#sizeBelow(path)) ?? null,
      ...this.#common(mode),
    };
    this.#nodes.set(path, node);
    return node;
  }

  /** The file at the path, so that it can be changed; `null` where nothing is. */
  async file(path: string): Promise<FileNode | null> {
    const node = await this.#node(path);
    if (node?.kind === 'directory') throw errno('EISDIR', path);
    return node;
  }

  async rename(from: string, to: string): Promise<void> {
    const node = await this.#node(from);
    if (node === null) throw errno('ENOENT', from);
    await this.checkFolder(dirname(to));
    if ((await this.facts(to))?.kind === 'directory') throw errno('EISDIR', to);
    await this.#forget(from);
    const moved = [...this.#nodes].filter(([path]) => path.startsWith(`${from}/`));
    for (const [path, below] of moved) {
      this.#nodes.delete(path);
      this.#nodes.set(to + path.slice(from.length), below);
    }
    this.#nodes.set(to, node);
  }

  async link(from: string, to: string): Promise<void> {
    const node = await this.file(from);
    if (node === null) throw errno('ENOENT', from);
    await this.checkFolder(dirname(to));
    if ((await this.facts(to)) !== null) throw errno('EEXIST', to);
    this.#nodes.set(to, node);
  }

  async remove(path: string): Promise<void> {
    const found = await this.facts(path);
    if (found === null) throw errno('ENOENT', path);
    if (found.kind === 'directory') throw errno('EISDIR', path);
    await this.#forget(path);
  }

  touch(node: FileNode): void {
    node.modifiedAt = this.#clock.now();
  }

  /** What stands below is removed; what was only here leaves no trace. */
  async #forget(path: string): Promise<void> {
    if ((await this.#sizeBelow(path)) === undefined) this.#nodes.delete(path);
    else this.#nodes.set(path, null);
  }

  /** Of what would be there without this tree; `undefined`: nothing. */
  async #sizeBelow(path: string): Promise<number | undefined> {
    return (await this.#below.facts(path))?.size;
  }

  async #node(path: string): Promise<OverlayNode | null> {
    const place = this.place(path);
    if (place.kind === 'here') return place.node;
    if (place.kind === 'nowhere') return null;
    if (place.kind === 'blocked') throw errno('ENOTDIR', path);
    const found = await this.#below.facts(place.path);
    if (found === null) return null;
    if (found.kind === 'link') throw errno('ELOOP', path);
    if (found.kind === 'other') throw errno('ENXIO', path);
    const { mode, owner, modifiedAt, identity, size, links } = found;
    const common = { mode, owner, modifiedAt, identity };
    if (found.kind === 'directory') return { kind: 'directory', origin: place.path, ...common };
    const octets = new PatchedOctets({ files: this.#below, path: place.path, size });
    const node: FileNode = { kind: 'file', octets, otherNames: links - 1, before: size, ...common };
    this.#nodes.set(path, node);
    return node;
  }

  #common(mode: number): Common {
    made += 1;
    const owner = process.getuid?.() ?? 0;
    return { mode, owner, modifiedAt: this.#clock.now(), identity: `rehearsal:${made}` };
  }
}
