/** Reads the history of a queue from its beginning, line by line, however large it is. Beside a gateway that goes on writing it. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { PastMail } from '../plugin/queue-control.ts';
import { filesIn } from './history-folder.ts';
import { readHistoryLine } from './history-line.ts';
import { unlessUnreadable } from './shape.ts';

const PIECE = 1024 * 1024;
const LINE_END = 0x0a;

/** The files of a folder of history, the oldest first. */
export function historyFiles(folder: string): readonly string[] {
  return filesIn(folder).map(({ name }) => join(folder, name));
}

/** The mails of one file, in the order in which they left. `null`: a line that cannot be read, where a crash cut it short. */
export async function* pastMailsIn(file: string): AsyncGenerator<PastMail | null> {
  for await (const line of linesOf(file)) {
    if (line !== '') yield unlessUnreadable(() => readHistoryLine(line));
  }
}

/** Lines that have an end. What has none yet is being written. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const pending: Buffer[] = [];
  for await (const piece of createReadStream(file, { highWaterMark: PIECE }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = piece.indexOf(LINE_END); end !== -1; end = piece.indexOf(LINE_END, from)) {
      pending.push(piece.subarray(from, end));
      yield Buffer.concat(pending.splice(0)).toString('utf8');
      from = end + 1;
    }
    pending.push(piece.subarray(from));
  }
}
