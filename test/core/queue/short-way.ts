/** A queue with its journal, worked on without a thread of its own, and the folder that a crash of it would leave. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { deliveredTo } from '../../../core/mail/outcome.ts';
import type { NewMail } from '../../../core/plugin/queue-store.ts';
import { HistoryFolder } from '../../../core/queue/history-folder.ts';
import { JOURNAL_FILE, JournalFile } from '../../../core/queue/journal-file.ts';
import { Spool } from '../../../core/queue/spool.ts';
import { SpoolFolder } from '../../../core/queue/spool-folder.ts';
import { Group } from '../../../core/queue/sqlite-group.ts';
import type { Call, OperationName, Operations, Reply } from '../../../core/queue/sqlite-protocol.ts';
import { prepareRows, settlementRow } from '../../../core/queue/sqlite-rows.ts';
import { openDatabase } from '../../../core/queue/sqlite-schema.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { after } from './queued-mail.ts';

export const SEAL = Buffer.from('a secret');
export const UNTIL = after(60_000).getTime();
export const PAGE = { after: null, limit: 100, filter: {} } as const;
export const DONE = settlementRow({ index: 0, kind: 'done', outcome: deliveredTo('bob') });

export interface Queue {
  readonly directory: string;
  readonly database: DatabaseSync;
  readonly group: Group;
  readonly journal: JournalFile;
  /** Performs one call. @throws where it failed */
  readonly call: <K extends OperationName>(kind: K, input: Operations[K]['input']) => Operations[K]['output'];
  /** Commits with a claim. @returns the fence of the lease, or `null`. */
  readonly enter: (one: NewMail) => Promise<number | null>;
  readonly settle: (id: string, fence: number, ...settlements: (typeof DONE)[]) => 'settled' | 'lost';
  /** What the tables know: each mail with the states of its recipients. */
  readonly rows: () => readonly string[];
  readonly pass: (milliseconds: number) => void;
  /** Another owner may come. */
  readonly end: () => void;
}

export interface Terms {
  readonly directory?: string;
  readonly history?: (directory: string) => HistoryFolder;
  readonly free?: () => number;
  readonly journal?: (directory: string) => JournalFile;
  readonly seal?: Buffer;
}

export async function opened({
  directory,
  history,
  free = () => 1e12,
  journal,
  seal = SEAL,
}: Terms = {}): Promise<Queue> {
  const folder = directory ?? (await tempFolder());
  const { database, close } = openDatabase(folder, 'owner', { pid: 1, host: 'here' });
  const end = () => {
    if (database.isOpen) close();
  };
  onTestFinished(end);
  const file = journal?.(folder) ?? new JournalFile(folder);
  let time = 0;
  const group = new Group(database, {
    spool: new SpoolFolder(folder, () => ({ free: free(), total: 1e12 })),
    history: history?.(folder) ?? null,
    journal: file,
    seal,
    now: () => time,
  });
  group.takeOver('anew');
  const call = <K extends OperationName>(kind: K, input: Operations[K]['input']): Operations[K]['output'] => {
    const [reply] = group.run([{ number: 1, kind, input } as Call]);
    return outputOf(reply) as Operations[K]['output'];
  };
  return {
    directory: folder,
    database,
    group,
    journal: file,
    call,
    enter: async one => call('commit', await claimed(one, folder))[0] ?? null,
    settle: (id, fence, ...settlements) =>
      call('settle', { id, fence, settlements, stepsJson: null, notifications: { contents: [], mails: [] } }),
    rows: () => rowsIn(database),
    pass: milliseconds => void (time += milliseconds),
    end,
  };
}

export async function claimed(one: NewMail, directory: string): Promise<Operations['commit']['input']> {
  return { rows: (await prepareRows([one], new Spool(directory))).rows, claim: { owner: 'one', until: UNTIL } };
}

function outputOf(reply: Reply | undefined): unknown {
  if (reply?.kind !== 'done') throw new Error(reply?.trouble.message ?? 'no reply');
  return reply.output;
}

function rowsIn(database: DatabaseSync): readonly string[] {
  const states = "(SELECT group_concat(state, ', ' ORDER BY position) FROM recipient WHERE mail = key)";
  const rows = database.prepare(`SELECT id || ': ' || ${states} AS mail FROM mail ORDER BY id`).all();
  return rows.map(({ mail }) => String(mail));
}

/** The folder as a crash would leave it. Not by Node: closing a file of the database would end the locks on it. */
export async function remains(directory: string): Promise<string> {
  const to = join(await tempFolder(), 'queue');
  execFileSync('cp', ['-r', directory, to]);
  return to;
}

/** What the next owner finds in the tables, once it has begun. */
export async function begunAnew(directory: string): Promise<readonly string[]> {
  const { rows, group, end } = await opened({ directory });
  const found = rows();
  group.end();
  end();
  return found;
}

export function journalOf(directory: string): Buffer {
  return readFileSync(join(directory, JOURNAL_FILE));
}
