/** Says when one of some files has changed, however editors save: into the file, or beside it with a rename. */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { foldersOf } from './made-of.ts';

/** Editors write in several steps. In milliseconds. */
const SETTLING = 80;
/** What people write. A log that lies there must not count: it tells of what is begun because of it. */
const WRITTEN = /^[^.~#]+$|^[^.~#].*\.(?:[cm]?[jt]s|json|ya?ml|pem|crt|key)$/;

export class Watch {
  readonly #changed: (file: string) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  /** When each was modified, and how large it was; `''`: it is not there. */
  readonly #state = new Map<string, string>();
  #anything = false;
  #timer: NodeJS.Timeout | null = null;
  #last: string | null = null;

  constructor(changed: (file: string) => void) {
    this.#changed = changed;
  }

  /** `anything`: whatever changes beside them counts too, for what is wrong may be that a file is missing. */
  files(files: readonly string[], anything: boolean): void {
    this.#anything = anything;
    for (const file of files) if (!this.#state.has(file)) this.#state.set(file, stateOf(file));
    for (const known of this.#state.keys()) if (!files.includes(known)) this.#state.delete(known);
    const folders = foldersOf(files);
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) this.#watch(folder);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, (_, name) => this.#look(name === null ? null : join(folder, name)));
      watcher.on('error', () => watcher.close());
      this.#watchers.set(folder, watcher);
    } catch {
      // A folder that is not there is seen when something else makes it be asked for again.
    }
  }

  #look(file: string | null): void {
    if (file !== null && !this.#state.has(file) && !(this.#anything && WRITTEN.test(basename(file)))) return;
    this.#last = file;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), SETTLING);
  }

  /** What was only looked at, or written with the same content in the same instant, has not changed. */
  #settle(): void {
    this.#timer = null;
    let changed: string | null = null;
    for (const [file, before] of this.#state) {
      const now = stateOf(file);
      if (now !== before) changed = file;
      this.#state.set(file, now);
    }
    const beside = this.#anything ? this.#last : null;
    if (changed !== null || beside !== null) this.#changed(changed ?? beside ?? dirname('.'));
  }
}

function stateOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}
