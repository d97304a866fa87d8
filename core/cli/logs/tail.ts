/**
 * The lines of a file, and those that are added to it: as `tail -F`, through rotation (the name leads to another file) and
 * truncation. Looks at the file again and again, because what tells of changes differs with each kind of file system.
 */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { errnoOf } from '../../mail/failure.ts';
import type { Clock } from '../../plugin/ports.ts';

/** In milliseconds. */
const PAUSE = 250;
const PIECE = 64 * 1024;
/** A longer line is none of ours. In characters. */
const LONGEST_LINE = 1024 * 1024;

export interface Following {
  readonly follow: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Lines without their ends. `follow`: goes on until the signal is aborted. @throws the errno as `code` where it cannot be read */
export async function* linesOfFile(path: string, { follow, clock, signal }: Following): AsyncGenerator<string> {
  let file = await opened(path, { follow, clock, signal });
  if (file === null) return;
  try {
    let reading = new Reading(file);
    for (;;) {
      yield* reading.lines();
      if (!follow || signal.aborted) break;
      const next = await successor(path, file, reading);
      if (next !== null) {
        // What was written to the old one meanwhile.
        yield* reading.lines();
        yield* reading.rest();
        if (next !== file) await file.close();
        file = next;
        reading = new Reading(file);
        continue;
      }
      await clock.sleep(PAUSE, signal).catch(() => undefined);
    }
    yield* reading.rest();
  } finally {
    await file.close();
  }
}

/** The file; where it is to be followed and is not there yet, when it is. `null`: nobody waits any more. */
async function opened(path: string, { follow, clock, signal }: Following): Promise<FileHandle | null> {
  while (!signal.aborted) {
    try {
      return await open(path, 'r');
    } catch (error) {
      if (!follow || errnoOf(error) !== 'ENOENT') throw error;
      await clock.sleep(PAUSE, signal).catch(() => undefined);
    }
  }
  return null;
}

/** The file to go on with, from its beginning; `null`: there is nothing new. */
async function successor(path: string, file: FileHandle, reading: Reading): Promise<FileHandle | null> {
  try {
    const [there, here] = await Promise.all([stat(path), file.stat()]);
    if (there.ino !== here.ino || there.dev !== here.dev) return await open(path, 'r');
    return here.size < reading.position ? file : null;
  } catch (error) {
    // Between two files there may be none.
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

class Reading {
  readonly #file: FileHandle;
  readonly #decoder = new StringDecoder('utf8');
  #begun = '';
  position = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async *lines(): AsyncGenerator<string> {
    const octets = Buffer.allocUnsafe(PIECE);
    for (;;) {
      const { bytesRead } = await this.#file.read(octets, 0, PIECE, this.position);
      if (bytesRead === 0) return;
      this.position += bytesRead;
      const lines = (this.#begun + this.#decoder.write(octets.subarray(0, bytesRead))).split('\n');
      this.#begun = (lines.pop() ?? '').slice(0, LONGEST_LINE);
      yield* lines;
    }
  }

  /** What no line end follows. */
  *rest(): Generator<string> {
    const rest = this.#begun + this.#decoder.end();
    this.#begun = '';
    if (rest !== '') yield rest;
  }
}
