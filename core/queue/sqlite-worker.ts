/**
 * The worker thread of the embedded store: it alone touches the database, so that no fsync ever stops a conversation.
 *
 * Calls that arrive while a transaction is being written wait, and form the next group.
 */
import { hostname } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { forgetHistory, HistoryFolder } from './history-folder.ts';
import { JournalFile } from './journal-file.ts';
import { landLeftOver } from './left-over.ts';
import { LONGEST } from './passage.ts';
import { SpoolFolder } from './spool-folder.ts';
import { Group } from './sqlite-group.ts';
import type { Call, FromWorker, Operations, Reply, ToWorker, Update, WorkerOptions } from './sqlite-protocol.ts';
import { troubleOf } from './sqlite-query.ts';
import { openDatabase } from './sqlite-schema.ts';

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
/** In milliseconds. */
const SWEEP_EVERY = 3_600_000;
const say = (what: FromWorker, transfer: readonly ArrayBuffer[] = []) => port.postMessage(what, transfer);

try {
  serve(workerData as WorkerOptions);
} catch (error) {
  say({ kind: 'refused', trouble: troubleOf(error) });
  port.close();
}

function serve(options: WorkerOptions): void {
  const { directory, role, begins } = options;
  const opener = {
    pid: process.pid,
    host: hostname(),
    tell: (update: Update) => say({ kind: 'updating', update }),
    now: () => performance.now(),
  };
  const leftUnread = role === 'guest' ? landLeftOver(directory, opener) : null;
  const { database, close } = openDatabase(directory, role, opener);
  const group = new Group(database, {
    spool: new SpoolFolder(directory),
    history: historyOf(options),
    journal: role === 'owner' ? new JournalFile(directory) : null,
    now: () => performance.now(),
  });
  const unread = role === 'owner' ? group.takeOver(begins) : leftUnread;
  if (unread !== null) say({ kind: 'unread', ...unread });
  let waiting: Call[] = [];
  let landing: NodeJS.Timeout | null = null;

  const work = () => {
    const calls = waiting;
    waiting = [];
    if (calls.length === 0) return;
    const replies = group.run(calls);
    say({ kind: 'replies', replies }, buffersOf(calls, replies));
    land();
  };

  /** Mail of the journal lands when its time has come, whoever calls. */
  const land = () => {
    group.landOverdue();
    if (group.hasPassing) landing ??= setTimeout(landLater, LONGEST);
  };
  const landLater = () => {
    landing = null;
    land();
  };

  /** In pieces, so that nobody who calls waits for all of it. */
  const tidy = () => {
    if (database.isOpen && group.tidy()) setImmediate(tidy);
  };

  port?.on('message', (message: ToWorker) => {
    if (message.kind === 'close') {
      if (waiting.length > 0) work();
      if (landing !== null) clearTimeout(landing);
      group.end();
      close();
      port.close();
      return;
    }
    // The first of a burst asks for the turn in which all of it is served.
    if (waiting.length === 0) setImmediate(work);
    waiting.push(...message.calls);
  });
  say({ kind: 'open' });
  if (role === 'owner') setImmediate(tidy);
}

/** The contents of mail that is handed out: they are handed over instead of copied. */
function buffersOf(calls: readonly Call[], replies: readonly Reply[]): readonly ArrayBuffer[] {
  return replies.flatMap((reply, index) => {
    if (reply.kind !== 'done') return [];
    const kind = calls[index]?.kind;
    if (kind === 'octets') return (reply.output as Operations['octets']['output'])?.buffer ?? [];
    if (kind !== 'lease') return [];
    const { leases } = reply.output as Operations['lease']['output'];
    return leases.flatMap(({ mail: { content } }) => (content.octets === null ? [] : content.octets.buffer));
  });
}

/** A guest writes to the history that is there, and leaves it to the owner how long it is kept. */
function historyOf({ directory, role, history }: WorkerOptions): HistoryFolder | null {
  if (role === 'owner' && history === 'off') {
    forgetHistory(directory);
    return null;
  }
  const settings = role === 'owner' && history !== 'off' ? history : null;
  const folder = new HistoryFolder(directory, {
    settings,
    now: () => Date.now(),
    report: error => say({ kind: 'forgetful', trouble: troubleOf(error) }),
  });
  if (settings === null) return folder;
  folder.begin();
  // What is too old goes, also while no mail leaves.
  setInterval(() => folder.sweep(), SWEEP_EVERY).unref();
  return folder;
}
