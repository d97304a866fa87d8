/** The files that a gateway is made of: its configuration, what that includes, plugins and their modules, what they read. */
import { registerHooks } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from '../config/place.ts';
import { readConfiguration } from '../config/read.ts';
import type { Env } from '../config/tags.ts';

/** Of ours, nothing is edited while somebody develops a configuration. */
const OURS = ['../../core/', '../../plugins/'].map(path => new URL(path, import.meta.url).href);
/** More are not worth a watch. */
const MOST = 1000;

export class MadeOf {
  readonly #files = new Set<string>();

  constructor() {
    registerHooks({
      load: (url, context, nextLoad) => {
        const isOurs = OURS.some(folder => url.startsWith(folder));
        if (url.startsWith('file:') && !isOurs && !url.includes('/node_modules/')) this.add(fileURLToPath(url));
        return nextLoad(url, context);
      },
    });
  }

  /** Sorted. */
  get files(): readonly string[] {
    return [...this.#files].sort();
  }

  add(file: string): void {
    if (this.#files.size < MOST) this.#files.add(file);
  }

  /** The file, and all that it includes. */
  addConfiguration(file: string, env: Env): void {
    this.add(resolve(file));
    const { document, complaints } = readConfiguration(file, env);
    const places = document === null ? [] : [...positions(document.place)];
    for (const named of [...places, ...complaints.map(complaint => complaint.file)]) {
      this.add(resolve(named));
    }
  }
}

function* positions(place: Place): Generator<string> {
  yield place.value.file;
  for (const inner of place.entries.values()) yield* positions(inner);
}

/** The folders in which the files lie. */
export function foldersOf(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.map(file => dirname(file)));
}
