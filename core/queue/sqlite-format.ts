/**
 * The tables of the queue in the format of this version, and what leads there from each older one.
 *
 * `mail.hold` and the state of each recipient say where things stand; `sqlite-store.ts` has the table of states.
 * `lane.due` is the smallest `due` of the recipients that wait for the destination at the priority, or later where the row
 * of the destination keeps it back (`sqlite-lanes.ts`). A destination without a row is not kept back. `content.crc32` is
 * NULL where nobody knows. Up to the fence `counter.landed` all mail of the journal is here or has left;
 * `counter.seal` is what its records bear, in hexadecimal digits (`passage.ts`).
 */
import { NEVER } from './sqlite-protocol.ts';

export const SCHEMA_VERSION = 5;

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

export const TABLES = `
  CREATE TABLE content (
    key INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    crc32 INTEGER,
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

  CREATE TABLE counter (fence INTEGER NOT NULL, landed INTEGER NOT NULL DEFAULT 0, seal TEXT NOT NULL DEFAULT '') STRICT;
  INSERT INTO counter (fence) VALUES (0);

  CREATE TABLE owner (process INTEGER NOT NULL, host TEXT NOT NULL) STRICT;
`;

/** SQL, or a statement for the mails whose keys are above its first parameter, and not above its second. */
export type Step = string | { readonly ofMails: string };

/** What leads from each version to the next one. What lies in the queue stays there. */
export const MIGRATIONS: Readonly<Record<number, readonly Step[]>> = {
  // No mail of version 1 had another priority than 0.
  1: [
    'ALTER TABLE recipient ADD COLUMN priority INTEGER NOT NULL DEFAULT 0',
    'DROP INDEX recipient_waiting',
    LANES,
    'INSERT INTO lane SELECT name, 0, due FROM destination',
    'DROP TABLE destination',
  ],
  // When its mail expires is written down with its next attempt. For statistics its size stands with each recipient.
  2: [
    `ALTER TABLE recipient ADD COLUMN expires INTEGER NOT NULL DEFAULT ${NEVER}`,
    'ALTER TABLE recipient ADD COLUMN size INTEGER NOT NULL DEFAULT 0',
    {
      ofMails: `
        UPDATE recipient SET size =
          coalesce((SELECT c.size FROM mail m JOIN content c ON c.key = m.content WHERE m.key = recipient.mail), 0)
        WHERE mail > ? AND mail <= ?`,
    },
    LIMITS,
  ],
  // What came before has no checksum: the octets that lie there now may be damaged already.
  3: ['ALTER TABLE content ADD COLUMN crc32 INTEGER'],
  // There was no journal.
  4: [
    'ALTER TABLE counter ADD COLUMN landed INTEGER NOT NULL DEFAULT 0',
    "ALTER TABLE counter ADD COLUMN seal TEXT NOT NULL DEFAULT ''",
  ],
};
