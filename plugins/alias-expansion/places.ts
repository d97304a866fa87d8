/** Where aliases, their targets and the members of lists stand: looked up again in the file, for the few that are told of. */
import type { Files, Position } from '../../core/index.ts';
import type { Alias } from './alias.ts';
import { nameOf } from './alias-files.ts';
import { type LogicalLine, logicalLines } from './logical-line.ts';
import { nameOf as aliasNameOf, itemsOf } from './words.ts';

type Lines = ReadonlyMap<number, LogicalLine>;

export class Places {
  readonly #paths: ReadonlyMap<string, string>;
  readonly #files: Files;
  readonly #lines = new Map<string, Lines>();

  /** `paths`: as the options name the files. */
  constructor(paths: readonly string[], files: Files) {
    this.#paths = new Map(paths.map(path => [nameOf(path), path]));
    this.#files = files;
  }

  /** Reads the files, so that `of` can tell columns. */
  async read(): Promise<void> {
    for (const [name, path] of this.#paths) {
      const text = (await this.#files.read(path)).toString().replace(/^\ufeff/, '');
      this.#lines.set(name, new Map([...logicalLines(text)].map(line => [line.placeOf(0).line, line])));
    }
  }

  /** The place of an alias, or of one of its targets. */
  of({ at }: Alias, target: number | null): Position | null {
    const found = placeIn(at);
    const path = found === null ? undefined : this.#paths.get(found.name);
    if (found === null || path === undefined) return null;
    const line = this.#lines.get(found.name)?.get(found.line);
    return { file: this.#files.resolve(path), ...(columnOf(line, target) ?? { line: found.line, column: 1 }) };
  }

  /** The place of a member of a list: `lists/all:12`. */
  ofMember(at: string, path: string): Position | null {
    const found = placeIn(at);
    return found === null ? null : { file: this.#files.resolve(path), line: found.line, column: 1 };
  }
}

function placeIn(at: string): { readonly name: string; readonly line: number } | null {
  const [, name, line] = /^(.*):(\d+)$/s.exec(at) ?? [];
  return name === undefined ? null : { name, line: Number(line) };
}

function columnOf(line: LogicalLine | undefined, target: number | null) {
  if (line === undefined || target === null) return null;
  const item = itemsOf(line.text, aliasNameOf(line.text).rest)[target];
  return item === undefined ? null : line.placeOf(item.offset);
}
