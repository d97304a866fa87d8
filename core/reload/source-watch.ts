/**
 * Watches the files of a configuration, and says when they have changed and come to rest.
 *
 * They are looked at every other second: that works on every file system, over links, and where an editor or a deployment
 * writes a new file and renames it. What has changed is waited for until one look finds it as the last one did, so that
 * several files that are written one after the other are one change.
 */
import { factsOfFile } from '../file-facts.ts';
import type { Clock, Files } from '../plugin/ports.ts';

/** In milliseconds. */
const EVERY = 2000;

export interface SourceWatchParts {
  readonly files: Files;
  readonly clock: Clock;
  /** Called for each change. The next look comes when it has resolved. Must not reject. */
  readonly changed: () => Promise<unknown>;
}

export class SourceWatch {
  readonly #parts: SourceWatchParts;
  /** What was last seen, by path. */
  #seen: ReadonlyMap<string, string> = new Map();
  #isMoving = false;
  #running: AbortController | null = null;

  constructor(parts: SourceWatchParts) {
    this.#parts = parts;
  }

  /** Begins to look, or ends it. Begun twice it goes on. */
  turn(to: 'on' | 'off'): void {
    if (to === 'off') {
      this.#running?.abort();
      this.#running = null;
    } else if (this.#running === null) {
      this.#running = new AbortController();
      void this.#watch(this.#running.signal);
    }
  }

  /** Somebody is about to read these files: what they are now is no news. */
  async isRead(paths: readonly string[] = [...this.#seen.keys()]): Promise<void> {
    this.#seen = await this.#look(paths);
    this.#isMoving = false;
  }

  /** Looks at these from now on. Those that were looked at before are as they were seen then. */
  async follow(paths: readonly string[]): Promise<void> {
    const now = await this.#look(paths);
    this.#seen = new Map(paths.map(path => [path, this.#seen.get(path) ?? now.get(path) ?? '']));
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#parts.clock.sleep(EVERY, signal);
      } catch {
        return;
      }
      const before = this.#seen;
      const now = await this.#look([...before.keys()]);
      // Somebody has read them meanwhile.
      if (this.#seen !== before) continue;
      const isNew = [...now].some(([path, facts]) => before.get(path) !== facts);
      this.#seen = now;
      const isAtRest = this.#isMoving && !isNew;
      this.#isMoving = isNew;
      if (isAtRest && !signal.aborted) await this.#parts.changed();
    }
  }

  async #look(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { files } = this.#parts;
    return new Map(await Promise.all(paths.map(async path => [path, await factsOfFile(path, files)] as const)));
  }
}
