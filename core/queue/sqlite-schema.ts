/**
 * The tables of the queue, and how the database is opened so that a commit is on the disk when it returns.
 *
 * `mail.hold` and the state of each recipient say where things stand; `sqlite-store.ts` has the table of states.
 * `lane.due` is the smallest `due` of the recipients that wait for the destination at the priority, or later where the row
 * of the destination keeps it back (`sqlite-lanes.ts`). A destination without a row is not kept back.
 */
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
import { SPOOL_FOLDER, syncFolder } from './spool-folder.ts';
import { NEVER, type Role } from './sqlite-protocol.ts';
import { troubleOf } from './sqlite-query.ts';
import { StoreError } from './store-error.ts';

const SCHEMA_VERSION = 3;
/** "mfrq": says to `file` and to other programs whose database it is. */
const APPLICATION_ID = 0x6d667271;
const BUSY_TIMEOUT = 10_000;
const FILE_NAME = 'queue.db';
const LOCK_NAME = 'owner.lock';
/** The code of a database that is not of this version. */
const FORMAT = 'QUEUE_FORMAT';
/** The code of a folder whose database is lost. */
const DAMAGED = 'QUEUE_DAMAGED';
const LOST =
  'put the database back from a copy, or move the whole folder away to begin with an empty queue; docs/durability.md says more';

/** How those who wait are found (`sqlite-lanes.ts`). Migrations use it too: who changes it gives them this one. */
const LANES = `
  CREATE INDEX recipient_waiting ON recipient (destination, priority, due) WHERE state = 'waiting';
  CREATE TABLE lane (
    destination TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (destination, priority)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lane_due ON lane (priority, due);
`;

/** How those whose time is over are found, and what is kept back as a whole. */
const LIMITS = `
  CREATE INDEX recipient_expiring ON recipient (expires) WHERE state = 'waiting';
  CREATE TABLE destination (
    name TEXT PRIMARY KEY,
    not_before INTEGER NOT NULL DEFAULT 0,
    suspended TEXT
  ) STRICT, WITHOUT ROWID;
`;

const TABLES = `
  CREATE TABLE content (
    key INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    octets BLOB,
    spool TEXT,
    CHECK ((octets IS NULL) <> (spool IS NULL))
  ) STRICT;
  CREATE UNIQUE INDEX content_spool ON content (spool) WHERE spool IS NOT NULL;

  CREATE TABLE mail (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    content INTEGER NOT NULL REFERENCES content,
    received INTEGER NOT NULL,
    record TEXT NOT NULL,
    trace TEXT NOT NULL,
    bounce TEXT,
    hold TEXT
  ) STRICT;
  CREATE INDEX mail_content ON mail (content);

  CREATE TABLE recipient (
    mail INTEGER NOT NULL REFERENCES mail,
    position INTEGER NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'held', 'damaged', 'done')),
    due INTEGER NOT NULL,
    expires INTEGER NOT NULL DEFAULT ${NEVER},
    priority INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    delay_notified INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    outcome TEXT,
    owner TEXT,
    fence INTEGER,
    until INTEGER,
    PRIMARY KEY (mail, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX recipient_leased ON recipient (until) WHERE state = 'leased';
  ${LANES}
  ${LIMITS}

  CREATE TABLE step (
    mail INTEGER NOT NULL REFERENCES mail,
    number INTEGER NOT NULL,
    steps TEXT NOT NULL,
    PRIMARY KEY (mail, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE counter (fence INTEGER NOT NULL) STRICT;
  INSERT INTO counter VALUES (0);

  CREATE TABLE owner (process INTEGER NOT NULL, host TEXT NOT NULL) STRICT;
`;

/** What leads from each version to the next one. What lies in the queue stays there. */
const MIGRATIONS: Readonly<Record<number, string>> = {
  // No mail of version 1 had another priority than 0.
  1: `
    ALTER TABLE recipient ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
    DROP INDEX recipient_waiting;
    ${LANES}
    INSERT INTO lane SELECT name, 0, due FROM destination;
    DROP TABLE destination;
  `,
  // When its mail expires is written down with its next attempt. For statistics its size stands with each recipient.
  2: `
    ALTER TABLE recipient ADD COLUMN expires INTEGER NOT NULL DEFAULT ${NEVER};
    ALTER TABLE recipient ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
    UPDATE recipient SET size =
      coalesce((SELECT c.size FROM mail m JOIN content c ON c.key = m.content WHERE m.key = recipient.mail), 0);
    ${LIMITS}
  `,
};

/** The open database, and the lock that says that this process works on it. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  readonly close: () => void;
}

/** Opens the queue of a folder; an owner makes what is missing. */
export function openDatabase(directory: string, role: Role, process: { pid: number; host: string }): OpenDatabase {
  const file = join(directory, FILE_NAME);
  if (role === 'guest' && !existsSync(file)) throw new StoreError('there is none', 'ENOENT');
  if (role === 'owner') makeFolder(directory);
  const lock = role === 'owner' ? takeLock(directory) : null;
  try {
    if (role === 'owner') makeQueue(directory);
    const database = connect(file);
    if (role === 'owner') become(database, process);
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
  const file = join(directory, FILE_NAME);
  if (!existsSync(file)) {
    const left = [`${FILE_NAME}-wal`, SPOOL_FOLDER].filter(name => isThereAndNotEmpty(join(directory, name)));
    if (left.length > 0)
      throw new StoreError(`${FILE_NAME} is missing, and ${left.join(' and ')} is there: ${LOST}`, DAMAGED);
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
    throw new StoreError(`${FILE_NAME} is empty, or is not a queue of mailframe: ${LOST}`, DAMAGED);
  }
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -16384;
    PRAGMA temp_store = MEMORY;
  `);
  return database;
}

/**
 * A lock that ends with the process, however it ends: an exclusive transaction, never finished, on a file of its own.
 */
function takeLock(directory: string): DatabaseSync {
  makePrivate(join(directory, LOCK_NAME));
  const lock = new DatabaseSync(join(directory, LOCK_NAME), { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (troubleOf(error).code !== 'SQLITE_BUSY') throw error;
    throw new StoreError(
      `it is in use by ${currentOwner(join(directory, FILE_NAME))}: ` +
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
function become(database: DatabaseSync, process: { readonly pid: number; readonly host: string }): void {
  database.exec('BEGIN IMMEDIATE');
  for (let version = versionOf(database); ; version += 1) {
    const migration = MIGRATIONS[version];
    if (migration === undefined) break;
    database.exec(`${migration}; PRAGMA user_version = ${version + 1}`);
  }
  requireVersion(database);
  database.exec('DELETE FROM owner');
  database.prepare('INSERT INTO owner VALUES (?, ?)').run(process.pid, process.host);
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
