/** Counts the mails in mbox files by reading what has been appended since the last look. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Arrivals } from './arrivals.ts';

/** Between two looks, in milliseconds. */
const EVERY = 50;
const FROM_LINE = /^From /gm;

interface Seen {
  readonly size: number;
  readonly mails: number;
}

/** Of the files in a folder that may not be there yet. */
export function mboxArrivals(folder: string): Arrivals {
  const seen = new Map<string, Seen>();
  let listener = () => {};
  const timer = setInterval(() => listener(), EVERY);
  return {
    count() {
      for (const name of mailboxes(folder)) {
        seen.set(name, read(join(folder, name), seen.get(name) ?? { size: 0, mails: 0 }));
      }
      return [...seen.values()].reduce((sum, { mails }) => sum + mails, 0);
    },
    onChange(given) {
      listener = given;
    },
    stop() {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

/** Lock files and the like bear other names. */
function mailboxes(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter(name => /^user\d+$/.test(name));
  } catch {
    return [];
  }
}

/** A line that is not wholly there yet is left for the next look. */
function read(path: string, { size, mails }: Seen): Seen {
  const { size: now } = statSync(path);
  if (now <= size) return { size, mails };
  const file = openSync(path, 'r');
  try {
    const octets = Buffer.alloc(now - size);
    const length = readSync(file, octets, 0, octets.length, size);
    const whole = octets.subarray(0, length).lastIndexOf('\n') + 1;
    const added = octets.toString('latin1', 0, whole).match(FROM_LINE)?.length ?? 0;
    return { size: size + whole, mails: mails + added };
  } finally {
    closeSync(file);
  }
}
