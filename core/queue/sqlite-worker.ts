/**
 * The worker thread of the embedded store: it alone touches the database, so that no fsync ever stops a conversation.
 *
 * Calls that arrive while a transaction is being written wait, and form the next group.
 */
import { hostname } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { SpoolFolder } from './spool-folder.ts';
import { Group } from './sqlite-group.ts';
import type { Call, FromWorker, ToWorker, WorkerOptions } from './sqlite-protocol.ts';
import { troubleOf } from './sqlite-query.ts';
import { openDatabase } from './sqlite-schema.ts';

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const say = (what: FromWorker) => port.postMessage(what, []);

try {
  serve(workerData as WorkerOptions);
} catch (error) {
  say({ kind: 'refused', trouble: troubleOf(error) });
  port.close();
}

function serve({ directory, role, begins }: WorkerOptions): void {
  const { database, close } = openDatabase(directory, role, { pid: process.pid, host: hostname() });
  const group = new Group(database, new SpoolFolder(directory));
  if (role === 'owner') group.takeOver(begins);
  let waiting: Call[] = [];

  const work = () => {
    const calls = waiting;
    waiting = [];
    if (calls.length > 0) say({ kind: 'replies', replies: group.run(calls) });
  };

  port?.on('message', (message: ToWorker) => {
    if (message.kind === 'close') {
      if (waiting.length > 0) work();
      close();
      port.close();
      return;
    }
    // The first of a burst asks for the turn in which all of it is served.
    if (waiting.push(message) === 1) setImmediate(work);
  });
  say({ kind: 'open' });
}
