/**
 * The history of the queue on the disk: one line of JSON for each mail that has left, in files of a day, below the folder of
 * the queue. So "where did it go" has an answer for some days.
 *
 * Lines are written after the commit that they are about, all those of a group at once, and not synced: a crash may lose
 * the last of them, never mail. Whatever goes wrong here costs lines and delays nobody.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** How much of the past is kept. */
export interface HistorySettings {
  /** For how long, in milliseconds. */
  readonly keep: number;
  /** How much of it, in octets. */
  readonly size: number;
}

export const DEFAULT_HISTORY: HistorySettings = { keep: 7 * 86_400_000, size: 2 ** 30 };

/** What lines are written with. */
export interface HistoryParts {
  /** `null`: nobody here knows what is to be kept, so nothing is removed, and nothing written where there is no folder. */
  readonly settings: HistorySettings | null;
  /** The time of the machine, in milliseconds since the epoch: it names the files and ends them. */
  readonly now: () => number;
  /** Told of a failure, and not again before a line was written. */
  readonly report: (error: unknown) => void;
}

/** The name of the folder below the queue's. */
export const HISTORY_FOLDER = 'history';

/** A file: the day (UTC), and its number within the day. In the order of their names they are in order of time. */
const FILE = /^(\d{4}-\d{2}-\d{2})-(\d{4,})\.jsonl$/;
const DAY = 86_400_000;
/** A file is this part of all that is kept, at the most: removing the oldest must not remove everything. */
const PARTS = 16;
const LARGEST_FILE = 64 * 1024 * 1024;

interface File {
  readonly name: string;
  readonly day: string;
  readonly number: number;
}

export class HistoryFolder {
  readonly #path: string;
  readonly #parts: HistoryParts;
  /** The file that is written to, and its size, as far as this process knows. */
  #current: (File & { size: number }) | null = null;
  #failing = false;

  constructor(queueDirectory: string, parts: HistoryParts) {
    this.#path = join(queueDirectory, HISTORY_FOLDER);
    this.#parts = parts;
  }

  /** The time that lines bear. */
  now(): number {
    return this.#parts.now();
  }

  /** Whether lines are kept at all. */
  get isKept(): boolean {
    return this.#parts.settings !== null || existsSync(this.#path);
  }

  /** Writes lines, each with its line end. Never throws. */
  append(lines: readonly string[]): void {
    if (lines.length === 0 || !this.isKept) return;
    try {
      this.#write(Buffer.from(lines.join('')));
      this.#failing = false;
    } catch (error) {
      this.#current = null;
      this.#fail(error);
    }
  }

  /** What an owner does first: from here on guests write, too. */
  begin(): void {
    try {
      mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    } catch (error) {
      this.#fail(error);
    }
    this.sweep();
  }

  /** Removes what is too old, and the oldest of what is too much. */
  sweep(): void {
    const { settings } = this.#parts;
    if (settings === null) return;
    try {
      const oldest = dayOf(this.now() - settings.keep);
      let left = settings.size - this.#largestFile(settings);
      for (const { name, day } of filesIn(this.#path).toReversed()) {
        left -= statSync(join(this.#path, name)).size;
        if (day < oldest || left < 0) unlinkSync(join(this.#path, name));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!this.#failing) this.#parts.report(error);
    this.#failing = true;
  }

  #write(octets: Buffer): void {
    const { settings } = this.#parts;
    const file = this.#file();
    const descriptor = openSync(join(this.#path, file.name), 'a', 0o600);
    try {
      for (let written = 0; written < octets.length; ) written += writeSync(descriptor, octets, written);
    } finally {
      closeSync(descriptor);
    }
    file.size += octets.length;
    if (settings !== null && file.size >= this.#largestFile(settings)) {
      this.#current = { ...fileOf(file.day, file.number + 1), size: 0 };
      this.sweep();
    }
  }

  #file(): File & { size: number } {
    const day = dayOf(this.now());
    if (this.#current?.day === day) return this.#current;
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    if (this.#current !== null) this.sweep();
    const last = filesIn(this.#path).findLast(file => file.day === day) ?? fileOf(day, 1);
    this.#current = { ...last, size: this.#begin(last.name) };
    return this.#current;
  }

  /** A line that a crash has cut short must not take the next one with it. @returns the size of the file. */
  #begin(name: string): number {
    const path = join(this.#path, name);
    const descriptor = openSync(path, 'a', 0o600);
    try {
      if (statSync(path).size > 0) writeSync(descriptor, '\n');
      return statSync(path).size;
    } finally {
      closeSync(descriptor);
    }
  }

  #largestFile({ size }: HistorySettings): number {
    return Math.min(Math.ceil(size / PARTS), LARGEST_FILE);
  }
}

/** Removes a history that nobody wants any more, and its folder where nothing else is in it. */
export function forgetHistory(queueDirectory: string): void {
  const path = join(queueDirectory, HISTORY_FOLDER);
  if (!existsSync(path)) return;
  for (const { name } of filesIn(path)) unlinkSync(join(path, name));
  if (readdirSync(path).length === 0) rmdirSync(path);
}

/** Its files, the oldest first. Other files are left alone. */
export function filesIn(path: string): readonly File[] {
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .flatMap(name => {
      const [, day, number] = FILE.exec(name) ?? [];
      return day === undefined ? [] : [{ name, day, number: Number(number) }];
    })
    .sort((one, other) => (one.day === other.day ? one.number - other.number : one.day < other.day ? -1 : 1));
}

/** The day of a time, as the names of the files have it. */
export function dayOf(time: number): string {
  return new Date(Math.floor(time / DAY) * DAY).toISOString().slice(0, 10);
}

function fileOf(day: string, number: number): File {
  return { name: `${day}-${String(number).padStart(4, '0')}.jsonl`, day, number };
}
