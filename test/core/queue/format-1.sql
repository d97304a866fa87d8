-- A queue as format 1 had it, before priorities: what the migration starts from.
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
  attempts INTEGER NOT NULL DEFAULT 0,
  delay_notified INTEGER NOT NULL DEFAULT 0,
  outcome TEXT,
  owner TEXT,
  fence INTEGER,
  until INTEGER,
  PRIMARY KEY (mail, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipient_waiting ON recipient (destination, due) WHERE state = 'waiting';
CREATE INDEX recipient_leased ON recipient (until) WHERE state = 'leased';

CREATE TABLE destination (name TEXT PRIMARY KEY, due INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX destination_due ON destination (due);

CREATE TABLE step (
  mail INTEGER NOT NULL REFERENCES mail,
  number INTEGER NOT NULL,
  steps TEXT NOT NULL,
  PRIMARY KEY (mail, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (fence INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (0);

CREATE TABLE owner (process INTEGER NOT NULL, host TEXT NOT NULL) STRICT;
PRAGMA user_version = 1;
PRAGMA application_id = 0x6d667271;
