/**
 * A table kept in files: aliases, users, mailboxes. Changes on disk take effect without a restart.
 *
 * Guarantee: the table is always one complete reading of its files. A version that is missing, unreadable or wrong is
 * logged and the table stays as it was; a file that changed within the last second is left alone until it has been still
 * for one, because somebody may be half way through writing it.
 */
import { describeError } from '../mail/failure.ts';
import type { Awaitable } from './awaitable.ts';
import type { OptionComplaint } from './plugin.ts';
import type { Clock, Files, Log, OpenFile } from './ports.ts';

/** Where a table comes from. */
export interface FileTableSource<T> {
  readonly paths: readonly string[];
  /**
   * Makes the table of the octets of all files, in the order of `paths`.
   * Who reads much takes turns with others: what is slow here keeps all mail waiting.
   * @throws TableFaults where they make none
   */
  parse(contents: readonly Buffer[]): Awaitable<T>;
}

/** All that is wrong with the files of a table. */
export class TableFaults extends Error {
  override readonly name = 'TableFaults';
  /** One sentence each, with its place: `aliases:3:8: a comma is missing`. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('; '));
    this.faults = faults;
  }
}

/** The services that a table needs. */
export interface FileTableServices {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often the files are looked at, and how long a file must be still, in milliseconds. */
const INTERVAL = 1000;

interface Version {
  /** The same for the same octets, as far as can be told without reading them. */
  readonly mark: string;
  readonly modifiedAt: number;
}

/**
 * A table kept in files.
 * @example
 * const table = new FileTable({ paths: ['./hosts'], parse: ([hosts]) => parseHosts(hosts) }, { files, clock, log });
 * return { start: () => table.load(), rcpt: async () => lookUp(await table.current()) };
 */
export class FileTable<T> {
  readonly #source: FileTableSource<T>;
  readonly #services: FileTableServices;
  #table: { readonly value: T; readonly mark: string } | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  /** The version that the last look found. */
  #seen = '';
  /** The version that is known to be wrong: it is not read again. */
  #refused = '';
  /** The last complaint that was logged: each is logged once. */
  #complained = '';

  constructor(source: FileTableSource<T>, services: FileTableServices) {
    this.#source = source;
    this.#services = services;
  }

  /** Reads the files, however young they are. Rejects where they cannot be read or make no table. */
  async load(): Promise<void> {
    const { versions, contents } = await readAll(this.#services.files, this.#source.paths);
    this.#table = { value: await this.#source.parse(contents), mark: markOf(versions) };
    this.#lookedAt = this.#services.clock.monotonic();
  }

  /**
   * The table as the files have it: at once where they need no looking at, which they do once a second at most. Rejects
   * only before the first `load`.
   */
  current(): Awaitable<T> {
    const { clock } = this.#services;
    const isFresh = this.#looking === null && clock.monotonic() - this.#lookedAt < INTERVAL;
    return isFresh && this.#table !== null ? this.#table.value : this.#looked();
  }

  async #looked(): Promise<T> {
    if (this.#table === null) await this.load();
    if (this.#services.clock.monotonic() - this.#lookedAt >= INTERVAL) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
    }
    await this.#looking;
    if (this.#table === null) throw new Error('a table that was loaded is gone');
    return this.#table.value;
  }

  async #look(): Promise<void> {
    const { files, clock, log } = this.#services;
    this.#lookedAt = clock.monotonic();
    try {
      const versions = await versionsOf(files, this.#source.paths);
      const mark = markOf(versions);
      const youngest = Math.max(...versions.map(version => version.modifiedAt));
      const still = mark === this.#seen || clock.now().getTime() - youngest >= INTERVAL;
      this.#seen = mark;
      if (mark === this.#table?.mark) this.#complained = '';
      if (mark === this.#table?.mark || mark === this.#refused || !still) return;
      await this.#readAgain();
      log.info('reloaded', { files: this.#source.paths });
    } catch (error) {
      this.#complain(describeError(error));
    }
  }

  async #readAgain(): Promise<void> {
    const { versions, contents } = await readAll(this.#services.files, this.#source.paths);
    const mark = markOf(versions);
    try {
      this.#table = { value: await this.#source.parse(contents), mark };
      this.#complained = '';
    } catch (error) {
      this.#refused = mark;
      throw error;
    }
  }

  #complain(cause: string): void {
    if (cause === this.#complained) return;
    this.#complained = cause;
    this.#services.log.error('refused', { files: this.#source.paths, cause, kept: 'the table as it was' });
  }
}

/** What a plugin's `check` has to say about a table. `path`: the option that names the files. */
export async function checkTable(
  source: FileTableSource<unknown>,
  files: Files,
  path: OptionComplaint['path'],
): Promise<readonly OptionComplaint[]> {
  try {
    await source.parse((await readAll(files, source.paths)).contents);
    return [];
  } catch (error) {
    const faults = error instanceof TableFaults ? error.faults : [`cannot be read: ${describeError(error)}`];
    return faults.map(message => ({ path, message }));
  }
}

async function readAll(files: Files, paths: readonly string[]) {
  const read = await Promise.all(
    paths.map(path =>
      opened(files, path, async file => {
        const { size, ...version } = await versionOf(file);
        return { version, content: await file.read(0, size) };
      }),
    ),
  );
  return { versions: read.map(({ version }) => version), contents: read.map(({ content }) => content) };
}

function versionsOf(files: Files, paths: readonly string[]): Promise<readonly Version[]> {
  return Promise.all(paths.map(path => opened(files, path, versionOf)));
}

/** Opened, so that a link is followed and the facts belong to the octets that are read. */
async function opened<R>(files: Files, path: string, look: (file: OpenFile) => Promise<R>): Promise<R> {
  const file = await files.open(path, 'read');
  try {
    return await look(file);
  } finally {
    await file.close();
  }
}

async function versionOf(file: OpenFile): Promise<Version & { readonly size: number }> {
  const { identity, modifiedAt, size } = await file.facts();
  return { mark: `${identity} ${modifiedAt.getTime()} ${size}`, modifiedAt: modifiedAt.getTime(), size };
}

function markOf(versions: readonly Version[]): string {
  return versions.map(version => version.mark).join('\n');
}
