/** How the database of the queue is made and opened, so that a commit is on the disk when it returns, and by one owner alone. */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { JOURNAL_FILE } from './journal-file.ts';
import { QUEUE_FILE } from './queue-file.ts';
import { SPOOL_FOLDER, syncFolder } from './spool-folder.ts';
import { MIGRATIONS, SCHEMA_VERSION, TABLES } from './sqlite-format.ts';
import type { Role } from './sqlite-protocol.ts';
import { troubleOf } from './sqlite-query.ts';
import { bringUpToDate, type Telling } from './sqlite-update.ts';
import { StoreError } from './store-error.ts';

/** "mfrq": says to `file` and to other programs whose database it is. */
const APPLICATION_ID = 0x6d667271;
const BUSY_TIMEOUT = 10_000;
/** A guest that lands what a killed gateway has left owns the queue for an instant. In milliseconds. */
const GUEST_OWNS = 500;
const LOCK_NAME = 'owner.lock';
/** The code of a database that is not of this version. */
const FORMAT = 'QUEUE_FORMAT';
/** The code of a folder whose database is lost. */
const DAMAGED = 'QUEUE_DAMAGED';
const LOST =
  'put the database back from a copy, or move the whole folder away to begin with an empty queue; docs/durability.md says more';

/** The open database, and the lock that says that this process works on it. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  readonly close: () => void;
}

/** Whoever opens it, and who is told while an older queue is brought up to date. */
export interface Opener extends Partial<Telling> {
  readonly pid: number;
  readonly host: string;
  /** How long an owner waits for another one to end, in milliseconds. Missing: as long as a guest may own the queue. */
  readonly patience?: number;
}

/** Opens the queue of a folder; an owner makes what is missing. */
export function openDatabase(directory: string, role: Role, opener: Opener): OpenDatabase {
  const file = join(directory, QUEUE_FILE);
  if (role === 'guest' && !existsSync(file)) throw new StoreError('there is none', 'ENOENT');
  if (role === 'owner') makeFolder(directory);
  const lock = role === 'owner' ? takeLock(directory, opener.patience) : null;
  try {
    if (role === 'owner') makeQueue(directory);
    const database = connect(file);
    if (role === 'owner') become(database, opener);
    else requireVersion(database);
    return {
      database,
      close: () => {
        database.close();
        lock?.close();
      },
    };
  } catch (error) {
    lock?.close();
    throw error;
  }
}

function makeFolder(directory: string): void {
  const made = mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  for (let folder = directory; folder !== dirname(made); folder = dirname(folder)) syncFolder(dirname(folder));
}

/**
 * Makes an empty queue where there is none, under another name until it is whole: what bears the name of the queue is one,
 * or was damaged. Whoever has lost the database, and not the rest, must not find an empty queue in its place.
 */
function makeQueue(directory: string): void {
  const file = join(directory, QUEUE_FILE);
  if (!existsSync(file)) {
    const left = [`${QUEUE_FILE}-wal`, JOURNAL_FILE, SPOOL_FOLDER].filter(name =>
      isThereAndNotEmpty(join(directory, name)),
    );
    if (left.length > 0)
      throw new StoreError(`${QUEUE_FILE} is missing, and ${left.join(' and ')} is there: ${LOST}`, DAMAGED);
    const beside = `${file}.new`;
    for (const name of [beside, `${beside}-journal`]) rmSync(name, { force: true });
    makePrivate(beside);
    const database = new DatabaseSync(beside);
    database.exec(`
      PRAGMA synchronous = FULL;
      BEGIN;
      ${TABLES};
      PRAGMA user_version = ${SCHEMA_VERSION};
      PRAGMA application_id = ${APPLICATION_ID};
      COMMIT`);
    database.close();
    renameSync(beside, file);
    syncFolder(directory);
  }
  makePrivate(file);
}

function isThereAndNotEmpty(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.isDirectory() ? readdirSync(path).length > 0 : found.size > 0);
}

/**
 * For the owner's eyes only, whoever made the folder. SQLite gives its log the same permissions. A file that is there is
 * never opened: to close it would end all locks that this process has on it.
 */
function makePrivate(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

function connect(file: string): DatabaseSync {
  // The busy timeout must stand before the journal mode: recovery after a crash takes locks too.
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT });
  // Before anything is written: what is none of ours stays as it is.
  if (versionOf(database) === 0) {
    database.close();
    throw new StoreError(`${QUEUE_FILE} is empty, or is not a queue of mailframe: ${LOST}`, DAMAGED);
  }
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -10240;
    PRAGMA temp_store = MEMORY;
  `);
  return database;
}

/**
 * A lock that ends with the process, however it ends: an exclusive transaction, never finished, on a file of its own.
 */
function takeLock(directory: string, timeout = GUEST_OWNS): DatabaseSync {
  makePrivate(join(directory, LOCK_NAME));
  const lock = new DatabaseSync(join(directory, LOCK_NAME), { timeout });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (troubleOf(error).code !== 'SQLITE_BUSY') throw error;
    throw new StoreError(
      `it is in use by ${currentOwner(join(directory, QUEUE_FILE))}: ` +
        'stop that gateway, or give this one a queue directory of its own',
      'QUEUE_IN_USE',
    );
  }
}

function currentOwner(file: string): string {
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT });
    const owner = database.prepare('SELECT process, host FROM owner').get();
    database.close();
    return owner === undefined ? 'another process' : `process ${String(owner.process)} on ${String(owner.host)}`;
  } catch {
    return 'another process';
  }
}

/** Brings old tables up to date, and writes down who works here. */
function become(database: DatabaseSync, { pid, host, tell = () => undefined, now = () => 0 }: Opener): void {
  database.exec('BEGIN IMMEDIATE');
  bringUpToDate(database, versionOf(database), { tell, now });
  requireVersion(database);
  database.exec('DELETE FROM owner');
  database.prepare('INSERT INTO owner VALUES (?, ?)').run(pid, host);
  database.exec('COMMIT');
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

function requireVersion(database: DatabaseSync): void {
  const version = versionOf(database);
  if (version === SCHEMA_VERSION) return;
  if (MIGRATIONS[version] !== undefined) {
    throw new StoreError(
      `it has the older format ${version}: start the gateway once, which brings it up to date`,
      FORMAT,
    );
  }
  throw new StoreError(
    `it has format ${version}, and this version of mailframe knows format ${SCHEMA_VERSION}: ` +
      'use the version that wrote it, or empty the queue with that one first',
    FORMAT,
  );
}
