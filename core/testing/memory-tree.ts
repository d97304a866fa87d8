/** What a file system in memory consists of: nodes by path, and the failures that a test has ordered. */
import { posix } from 'node:path';
import type { Clock, FileFacts } from '../plugin/ports.ts';

/** A file or a folder, whatever its names are. */
export interface Node {
  readonly kind: 'file' | 'directory';
  readonly inode: number;
  readonly mode: number;
  octets: Buffer;
  /** User id. */
  owner: number;
  modifiedAt: Date;
}

const OWNER = 1000;

/** An error as node:fs throws it. */
export function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: '${path}'`), { code });
}

/** The tree by absolute path. Two paths with one node are hard links. */
export class MemoryTree {
  readonly #clock: Clock;
  readonly #nodes = new Map<string, Node>();
  readonly #failures = new Map<string, { readonly code: string; readonly operation: string | null }>();
  #inodes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nodes.set('/', this.#node('directory', 0o755));
  }

  fail(path: string, code: string, operation: string | null): void {
    this.#failures.set(path, { code, operation });
  }

  heal(path: string): void {
    this.#failures.delete(path);
  }

  failure(path: string, operation: string): Error | null {
    const wanted = this.#failures.get(path);
    if (wanted === undefined || (wanted.operation ?? operation) !== operation) return null;
    return errno(wanted.code, path);
  }

  failing(path: string, operation: string): void {
    const failure = this.failure(path, operation);
    if (failure !== null) throw failure;
  }

  files(): readonly string[] {
    return [...this.#nodes].flatMap(([path, node]) => (node.kind === 'file' ? [path] : [])).sort();
  }

  /** What is there. A path through a file leads nowhere. */
  find(path: string): Node | null {
    return this.#nodes.get(path) ?? null;
  }

  /** @throws what the system says of a path at which nothing is, or something other than a file. */
  file(path: string): Node {
    const node = this.#existing(path);
    if (node.kind === 'directory') throw errno('EISDIR', path);
    return node;
  }

  folder(path: string): Node {
    const node = this.#existing(path);
    if (node.kind === 'file') throw errno('ENOTDIR', path);
    return node;
  }

  names(path: string): readonly string[] {
    this.folder(path);
    return [...this.#nodes.keys()]
      .filter(one => one !== '/' && posix.dirname(one) === path)
      .map(one => posix.basename(one))
      .sort();
  }

  makeFolder(path: string, mode: number): void {
    const there = this.find(path);
    if (there?.kind === 'file') throw errno('EEXIST', path);
    if (there !== null) return;
    const parent = posix.dirname(path);
    if (this.find(parent)?.kind === 'file') throw errno('ENOTDIR', path);
    this.makeFolder(parent, mode);
    this.#nodes.set(path, this.#node('directory', mode));
  }

  write(path: string, octets: Buffer, mode: number): Node {
    const node = this.find(path) ?? this.#make(path, mode);
    this.splice(node, octets, 0);
    return this.resize(node, octets.length);
  }

  open(path: string, how: 'read' | 'append' | 'create', mode: number): Node {
    if (how === 'read') return this.#existing(path);
    if (this.find(path) === null) return this.#make(path, mode);
    if (how === 'create') throw errno('EEXIST', path);
    return this.file(path);
  }

  /** Another node, so that who has the old one open goes on to see it. */
  append(path: string, octets: Buffer, mode: number): void {
    const node = this.open(path, 'append', mode);
    this.splice(node, octets, node.octets.length);
  }

  replace(path: string, octets: Buffer, mode: number): void {
    if (this.find(path)?.kind === 'directory') throw errno('EISDIR', path);
    this.splice(this.#make(path, mode), octets, 0);
  }

  rename(from: string, to: string): void {
    const node = this.#existing(from);
    this.folder(posix.dirname(to));
    if (this.find(to)?.kind === 'directory') throw errno('EISDIR', to);
    this.#nodes.delete(from);
    this.#nodes.set(to, node);
    for (const [path, below] of this.#nodes) {
      if (!path.startsWith(`${from}/`)) continue;
      this.#nodes.delete(path);
      this.#nodes.set(to + path.slice(from.length), below);
    }
  }

  link(from: string, to: string): void {
    const node = this.#existing(from);
    this.folder(posix.dirname(to));
    if (this.find(to) !== null) throw errno('EEXIST', to);
    this.#nodes.set(to, node);
  }

  remove(path: string): void {
    this.file(path);
    this.#nodes.delete(path);
  }

  splice(node: Node, octets: Buffer, position: number): void {
    const size = Math.max(node.octets.length, position + octets.length);
    const changed = Buffer.alloc(size);
    node.octets.copy(changed);
    octets.copy(changed, position);
    this.#set(node, changed);
  }

  resize(node: Node, size: number): Node {
    const changed = Buffer.alloc(size);
    node.octets.copy(changed);
    return this.#set(node, changed);
  }

  facts(node: Node | null): FileFacts | null {
    return node === null ? null : this.factsOf(node);
  }

  factsOf(node: Node): FileFacts {
    return {
      kind: node.kind,
      size: node.octets.length,
      mode: node.mode,
      owner: node.owner,
      links: [...this.#nodes.values()].filter(one => one === node).length,
      modifiedAt: node.modifiedAt,
      identity: `1:${node.inode}`,
    };
  }

  #existing(path: string): Node {
    const node = this.find(path);
    if (node !== null) return node;
    throw errno(this.find(posix.dirname(path))?.kind === 'file' ? 'ENOTDIR' : 'ENOENT', path);
  }

  #make(path: string, mode: number): Node {
    this.folder(posix.dirname(path));
    const node = this.#node('file', mode);
    this.#nodes.set(path, node);
    return node;
  }

  #node(kind: Node['kind'], mode: number): Node {
    this.#inodes += 1;
    return { kind, inode: this.#inodes, mode, octets: Buffer.alloc(0), owner: OWNER, modifiedAt: this.#clock.now() };
  }

  #set(node: Node, octets: Buffer): Node {
    node.octets = octets;
    node.modifiedAt = this.#clock.now();
    return node;
  }
}
