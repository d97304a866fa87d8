/**
 * The tallies of all plugins in shadow mode of one gateway, over its configurations and restarts: in memory, and some
 * seconds later in the file `shadow.json` in the folder of the queue.
 *
 * Guarantees: a reload or a restart loses no count as long as a plugin is the same; one that is another (other options,
 * another condition, another source) begins anew. A gateway that is killed loses the last seconds. Nothing that happens here
 * costs mail: what the disk does not take stays in memory, and the log says so.
 */
import { join } from 'node:path';
import type { ShadowWatch } from '../chain/shadow-watch.ts';
import { describeError, errnoOf } from '../mail/failure.ts';
import { formatPath } from '../mail/path.ts';
import type { TraceStep } from '../mail/trace.ts';
import type { Happenings } from '../plugin/observer.ts';
import type { Clock, Files, Log } from '../plugin/ports.ts';
import { parseShadowFile, SHADOW_FILE } from './shadow-file.ts';
import { Tally, type TallyRecord } from './tally.ts';

/** A plugin in shadow mode. */
export interface Shadowed {
  readonly id: string;
  /** The same as long as the plugin is the same. */
  readonly fingerprint: string;
}

export interface ShadowBookParts {
  /** The folder of the queue. */
  readonly directory: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

/** In milliseconds. */
const WRITE_AFTER = 10_000;
const OWNER_ONLY = 0o600;

export class ShadowBook {
  readonly #parts: ShadowBookParts;
  readonly #end = new AbortController();
  /** Of the configuration in use, by the id of the plugin. */
  #tallies: ReadonlyMap<string, Tally> = new Map();
  #writing: Promise<void> | null = null;

  constructor(parts: ShadowBookParts) {
    this.#parts = parts;
  }

  /** Adds what was counted before this start. Does not reject. */
  async load(): Promise<void> {
    try {
      const saved = parseShadowFile((await this.#parts.files.read(this.#path)).toString());
      for (const [id, record] of Object.entries(saved)) {
        const tally = this.#tallies.get(id);
        if (tally?.fingerprint === record.fingerprint) tally.add(record);
      }
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      this.#parts.log.warn('failed', { reading: this.#path, cause: describeError(error) });
    }
  }

  /** The tallies for a configuration: those of plugins that are the same go on. Nothing has changed before `use`. */
  open(plugins: readonly Shadowed[]): { readonly watch: ShadowWatch; use(): void } {
    const now = this.#parts.clock.now();
    const tallies = new Map(
      plugins.map(({ id, fingerprint }) => {
        const before = this.#tallies.get(id);
        return [id, before?.fingerprint === fingerprint ? before : new Tally(fingerprint, now)] as const;
      }),
    );
    return {
      watch: new Watch(tallies, () => this.#changed()),
      use: () => {
        this.#tallies = tallies;
        this.#changed();
      },
    };
  }

  /** What there is now, by the id of the plugin. */
  records(): Readonly<Record<string, TallyRecord>> {
    return Object.fromEntries([...this.#tallies].map(([id, tally]) => [id, tally.record]));
  }

  /** Writes down what is left. Does not reject. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#writing;
  }

  get #path(): string {
    return join(this.#parts.directory, SHADOW_FILE);
  }

  #changed(): void {
    if (this.#end.signal.aborted) return;
    this.#writing ??= this.#writeSoon().finally(() => {
      this.#writing = null;
    });
  }

  async #writeSoon(): Promise<void> {
    const { clock, files, log } = this.#parts;
    await clock.sleep(WRITE_AFTER, this.#end.signal).catch(() => undefined);
    // A gateway that shadows nothing leaves no file, and none of what it shadowed before.
    const isEmpty = this.#tallies.size === 0;
    try {
      if (isEmpty) await files.remove(this.#path);
      else await files.replace(this.#path, Buffer.from(JSON.stringify(this.records())), OWNER_ONLY);
    } catch (error) {
      if (isEmpty && errnoOf(error) === 'ENOENT') return;
      log.warn('failed', { writing: this.#path, cause: describeError(error) });
    }
  }
}

/** What the chain of one generation tells. */
class Watch implements ShadowWatch {
  readonly #tallies: ReadonlyMap<string, Tally>;
  readonly #changed: () => void;

  constructor(tallies: ReadonlyMap<string, Tally>, changed: () => void) {
    this.#tallies = tallies;
    this.#changed = changed;
  }

  asked(step: TraceStep, about: Readonly<Record<string, string>>): void {
    this.#tallies.get(step.plugin)?.count(step, about);
    this.#changed();
  }

  told<E extends keyof Happenings>(event: E, happening: Happenings[E]): void {
    if (event === 'accepted') this.#accepted(happening as Happenings['accepted']);
  }

  /** Steps of recipients that were refused are in the trace too: it is not they who were accepted. */
  #accepted({ mail, trace }: Happenings['accepted']): void {
    if (this.#tallies.size === 0) return;
    const originals = new Set(mail.envelope.recipients.map(({ original }) => formatPath(original)));
    for (const step of trace) {
      if (step.mode !== 'shadow' || (step.hook === 'rcpt' && !originals.has(step.asked))) continue;
      this.#tallies.get(step.plugin)?.accept(step, mail.id);
      this.#changed();
    }
  }
}
