/**
 * Counts what became of TLS, in a file for each day (UTC), so that a restart forgets nothing.
 *
 * Guarantee: what was counted is on the disk some seconds later, and at the end; a gateway that is killed loses those
 * seconds, and no more. What the disk does not take stays in memory and is tried again.
 */
import { describeError, errnoOf } from '../mail/failure.ts';
import type { Clock, Files, Log } from '../plugin/ports.ts';
import type { TlsReports, TlsSession } from '../plugin/tls-reports.ts';
import { TlsDay } from './tls-day.ts';
import { formatTlsJson, parseTlsDay } from './tls-report-text.ts';

export interface TlsCountsSettings {
  readonly directory: string;
  /** How long the file of a day is kept, in milliseconds. */
  readonly keep: number;
}

/** In milliseconds. */
const WRITE_AFTER = 10_000;
const DAY_FILE = /^(\d{4}-\d{2}-\d{2})\.json$/;
const OWNER_ONLY = 0o600;

export class TlsCounts implements TlsReports {
  readonly #settings: TlsCountsSettings;
  readonly #ports: { readonly files: Files; readonly clock: Clock; readonly log: Log };
  readonly #end = new AbortController();
  /** Days that are being counted, and whether what their file holds has been added. */
  readonly #days = new Map<string, { readonly day: TlsDay; loaded: boolean }>();
  #writing: Promise<void> | null = null;

  constructor(settings: TlsCountsSettings, ports: { readonly files: Files; readonly clock: Clock; readonly log: Log }) {
    this.#settings = settings;
    this.#ports = ports;
  }

  count(session: TlsSession): void {
    const name = this.#today();
    let counting = this.#days.get(name);
    if (counting === undefined) {
      counting = { day: new TlsDay(), loaded: false };
      this.#days.set(name, counting);
    }
    counting.day.count(session);
    this.#writing ??= this.#writeSoon().finally(() => {
      this.#writing = null;
    });
  }

  /** Writes down what is left. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#writing;
  }

  async #writeSoon(): Promise<void> {
    const { clock, log } = this.#ports;
    await clock.sleep(WRITE_AFTER, this.#end.signal).catch(() => undefined);
    try {
      for (const name of this.#days.keys()) await this.#write(name);
    } catch (error) {
      log.warn('failed', { tlsReports: this.#settings.directory, cause: describeError(error) });
    }
  }

  async #write(name: string): Promise<void> {
    const { files } = this.#ports;
    const { directory } = this.#settings;
    const counting = this.#days.get(name);
    if (counting === undefined) return;
    if (!counting.loaded) {
      await files.makeDirectory(directory);
      counting.day.add(await this.#read(name));
      counting.loaded = true;
      await this.#removeOld();
    }
    await files.replace(`${directory}/${name}.json`, Buffer.from(formatTlsJson(counting.day.policies())), OWNER_ONLY);
    if (name !== this.#today()) this.#days.delete(name);
  }

  async #read(name: string) {
    const path = `${this.#settings.directory}/${name}.json`;
    try {
      return parseTlsDay((await this.#ports.files.read(path)).toString());
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      // A file that is damaged must not keep the rest of the day from being counted.
      if (errnoOf(error) === null) {
        this.#ports.log.warn('failed', { tlsReports: path, cause: describeError(error) });
        return [];
      }
      throw error;
    }
  }

  async #removeOld(): Promise<void> {
    const { files, clock } = this.#ports;
    const { directory, keep } = this.#settings;
    const oldest = dayOf(new Date(clock.now().getTime() - keep));
    for (const file of await files.list(directory)) {
      const [, day] = DAY_FILE.exec(file) ?? [];
      if (day !== undefined && day < oldest) await files.remove(`${directory}/${file}`);
    }
  }

  #today(): string {
    return dayOf(this.#ports.clock.now());
  }
}

/** The day in UTC, as `2026-11-23`. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
