/** What a person can do about a failure of the machine, by its code: the end of a message, after what happened and where. */
import { describeError, errnoOf } from './failure.ts';

const ROOM = 'make room on that volume; nothing else is needed, it goes on by itself then';
const WRITABLE =
  'mount the volume for writing and let the user that the gateway runs as write there; it goes on by itself then';
const HANDLES =
  'this process may open no more files: raise its limit (LimitNOFILE= of systemd, ulimit -n) or lower limits.connections of the listeners; it goes on by itself when there are fewer';
const DAMAGED =
  'the database is damaged: stop the gateway, keep a copy of the whole folder, and follow docs/durability.md to get the mail out of it';
const DISK =
  'the disk refused a read or a write: look whether the volume is mounted read-only or the disk fails (dmesg); it goes on by itself when that is over';

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: ROOM,
  EDQUOT: ROOM,
  SQLITE_FULL: ROOM,
  EFBIG: 'raise the limit on the size of files (ulimit -f)',
  EROFS: WRITABLE,
  EACCES: WRITABLE,
  EPERM: WRITABLE,
  SQLITE_READONLY: WRITABLE,
  SQLITE_CANTOPEN: 'see that the folder is there, and that the user that the gateway runs as may read and write it',
  EMFILE: HANDLES,
  ENFILE: 'the whole machine may open no more files: raise fs.file-max (sysctl)',
  EIO: DISK,
  SQLITE_IOERR: DISK,
  SQLITE_BUSY:
    'another program has locked the database (a backup, sqlite3): let it finish, or end it; it goes on by itself then',
  SQLITE_CORRUPT: DAMAGED,
  SQLITE_NOTADB: DAMAGED,
};

/** What to do about an error with this code, or `null` where nobody can tell. */
export function remedyFor(code: string | null): string | null {
  return REMEDIES[code ?? ''] ?? null;
}

/** A thrown value in one line, with what to do about it. */
export function describeWithRemedy(error: unknown): string {
  const remedy = remedyFor(errnoOf(error));
  return remedy === null ? describeError(error) : `${describeError(error)}: ${remedy}`;
}
