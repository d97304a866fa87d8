/** Looks for a mail in the history: reads the files of the days since it arrived, a piece at a time. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { PastMail } from '../plugin/queue-control.ts';
import { dayOf, filesIn, HISTORY_FOLDER } from './history-folder.ts';
import { beginningOf, readHistoryLine } from './history-line.ts';
import { timeOfQueueId } from './queue-id.ts';
import { unlessUnreadable } from './shape.ts';

const PIECE = 1024 * 1024;
const LINE_END = 0x0a;
const DAY = 86_400_000;

/** The mail as the history has it, or `null`. */
export async function findPast(queueDirectory: string, id: string): Promise<PastMail | null> {
  const folder = join(queueDirectory, HISTORY_FOLDER);
  const beginning = Buffer.from(beginningOf(id));
  for (const name of inOrderOfHope(folder, timeOfQueueId(id))) {
    const line = await lineThatBegins(join(folder, name), beginning);
    const found = line === null ? null : unlessUnreadable(() => readHistoryLine(line));
    if (found !== null) return found;
  }
  return null;
}

/** Most mail leaves soon after it came. It may seem to leave before that: clocks are put right now and then. */
function inOrderOfHope(folder: string, arrived: number | null): readonly string[] {
  const files = filesIn(folder);
  if (arrived === null) return files.map(({ name }) => name);
  const [before, since] = [dayOf(arrived - DAY), dayOf(arrived)];
  const likely = [...files.filter(({ day }) => day >= since), ...files.filter(({ day }) => day === before)];
  return likely.map(({ name }) => name);
}

/** A line that has no end is being written: it is none yet. What a crash has cut short was given one later. */
async function lineThatBegins(path: string, beginning: Buffer): Promise<string | null> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of createReadStream(path, { highWaterMark: PIECE })) {
      const octets: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      const end = octets.lastIndexOf(LINE_END) + 1;
      const at = lineAt(octets.subarray(0, end), beginning);
      if (at !== -1) return octets.toString('utf8', at, octets.indexOf(LINE_END, at));
      rest = octets.subarray(end);
    }
  } catch (error) {
    // Its time was over while we looked.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return null;
}

function lineAt(lines: Buffer, beginning: Buffer): number {
  for (let at = lines.indexOf(beginning); at !== -1; at = lines.indexOf(beginning, at + 1)) {
    if (at === 0 || lines[at - 1] === LINE_END) return at;
  }
  return -1;
}
