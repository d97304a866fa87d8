/** The files of the page, served as they are: no build step makes them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PageFile {
  readonly type: string;
  readonly octets: Buffer;
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['svg', 'image/svg+xml'],
]);

/** Beside the sources; an installed package has the folder where the sources would be, and runs from `dist/`. */
const FOLDERS = ['./page/', '../../../core/dev/page/'].map(path => fileURLToPath(new URL(path, import.meta.url)));

/** All of them, by name. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const folder = FOLDERS.find(existsSync);
  if (folder === undefined) throw new Error(`the files of the page are missing: ${FOLDERS.join(', ')}`);
  return new Map(
    readdirSync(folder).flatMap((name): readonly (readonly [string, PageFile])[] => {
      const type = TYPES.get(name.split('.').at(-1) ?? '');
      return type === undefined ? [] : [[name, { type, octets: readFileSync(join(folder, name)) }]];
    }),
  );
}
