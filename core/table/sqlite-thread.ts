/**
 * The thread of an SQLite table. SQLite blocks whoever calls it, for as long as the disk, another program's lock or a
 * clumsy query takes: here it blocks nobody but those who ask this table.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { SqliteAnswer, SqliteOptions, SqliteQuestion } from './sqlite-protocol.ts';
import { NotOpen, SqliteReader } from './sqlite-reader.ts';

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');

const reader = new SqliteReader(workerData as SqliteOptions);

port.on('message', (message: SqliteQuestion | 'close') => {
  if (message === 'close') {
    reader.close();
    port.close();
  } else port.postMessage(answer(message), []);
});

function answer({ id, values }: SqliteQuestion): SqliteAnswer {
  try {
    return { id, kind: 'found', values: reader.read(values) };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { id, kind: error instanceof NotOpen ? 'closed' : 'failed', cause };
  }
}
