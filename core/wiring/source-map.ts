/**
 * Where compiled JavaScript comes from: the place in the source that its source map names.
 *
 * Only asked when something has failed. Node can do the same for all modules as they are loaded (`--enable-source-maps`),
 * which every start would pay for.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { type Place, pathOf } from './stack.ts';

/** Files with their maps, as far as they were asked about. `null`: there is none that can be read. */
const maps = new Map<string, SourceMap | null>();
/** Plugins are few files. */
const MOST_MAPS = 200;

/** The place in the source, or the place itself where nothing says that there is another one. */
export function sourceOf(place: Place): Place {
  if (!/\.[cm]?js$/.test(place.file)) return place;
  const origin = mapOf(place.file)?.findOrigin(place.line, place.column);
  if (origin === undefined || !('fileName' in origin) || typeof origin.fileName !== 'string') return place;
  return {
    file: resolve(dirname(place.file), pathOf(origin.fileName)),
    line: origin.lineNumber,
    column: origin.columnNumber,
  };
}

function mapOf(file: string): SourceMap | null {
  const known = maps.get(file);
  if (known !== undefined) return known;
  const map = readMap(file);
  if (maps.size < MOST_MAPS) maps.set(file, map);
  return map;
}

/** The map that the last line of the file names, or holds. */
function readMap(file: string): SourceMap | null {
  try {
    const address = /^\/\/[#@] sourceMappingURL=(\S+)\s*$/m.exec(readFileSync(file, 'utf8').slice(-MOST_INLINE))?.[1];
    if (address === undefined) return null;
    const inline = /^data:application\/json[^,]*;base64,(.*)$/.exec(address)?.[1];
    const text =
      inline === undefined
        ? readFileSync(resolve(dirname(file), decodeURIComponent(address)), 'utf8')
        : Buffer.from(inline, 'base64').toString('utf8');
    return new SourceMap(JSON.parse(text) as ConstructorParameters<typeof SourceMap>[0]);
  } catch {
    return null;
  }
}

/** Characters of a file's end in which its map is looked for. */
const MOST_INLINE = 4 * 1024 ** 2;
