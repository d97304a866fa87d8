/**
 * Reads mbox files of any size: where each message stands, found in one pass, and the octets of one.
 *
 * A From_ line with a date begins a message, wherever it stands: not all writers put an empty line before it. So mboxrd, mboxo
 * and files of which nobody knows are read alike. Where the Content-Length of a message leads to a From_ line or to the end
 * of the file, it is believed, and what lies between is the message, unquoted (mboxcl2); where it does not, somebody has
 * edited the file, and it is not.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FROM_, isFromLine, LONGEST_FROM_LINE } from './from-line.ts';
import { OctetWindow } from './octet-window.ts';
import type { MboxEntry } from './sample.ts';

const LF = 0x0a;
const CR = 0x0d;
const LF_FROM_ = Buffer.from(`\n${FROM_}`);
/** A Content-Length further down is not looked for. */
const HEADER_LOOKED_AT = 64 * 1024;
const PIECE = 256 * 1024;

/** The messages of a file, in their order. What stands before the first From_ line is none. */
export async function* mboxEntries(path: string): AsyncGenerator<MboxEntry> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    yield* new Scan(path, file, size).entries();
  } finally {
    await file.close();
  }
}

/** The octets of one: the From_ line, and what comes after it. Blocks: three turns of the event loop cost more than the reading. */
export function readMboxEntry({ path, start, end }: MboxEntry): Buffer {
  const octets = Buffer.allocUnsafe(end - start);
  const file = openSync(path, 'r');
  try {
    let read = 0;
    for (let more = -1; more !== 0 && read < octets.length; read += more) {
      more = readSync(file, octets, read, octets.length - read, start + read);
    }
    return octets.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

/** Takes the quoting of mboxrd off: one `>` of each line such as `>From `. Nobody can do that for mboxo: it is undone likewise. */
export function unquoted(octets: Buffer): Buffer {
  if (!octets.includes('>From ')) return octets;
  return Buffer.from(octets.toString('latin1').replaceAll(/^>(>*From )/gm, '$1'), 'latin1');
}

class Scan {
  readonly #path: string;
  readonly #size: number;
  readonly #window: OctetWindow;

  constructor(path: string, file: FileHandle, size: number) {
    this.#path = path;
    this.#size = size;
    this.#window = new OctetWindow(file);
  }

  async *entries(): AsyncGenerator<MboxEntry> {
    let start = await this.#first();
    while (start < this.#size) {
      const told = await this.#endAsTold(start);
      const next = told?.next ?? (await this.#nextFromLine(start));
      const end = told?.end ?? (await this.#withoutEmptyLine(start, next));
      yield { kind: 'mbox', path: this.#path, start, end, quoting: told === null ? 'mboxrd' : 'none' };
      start = next;
    }
  }

  /** The first From_ line: at the very beginning it needs no date. */
  async #first(): Promise<number> {
    const beginning = await this.#window.at(0, FROM_.length);
    return beginning.toString('latin1', 0, FROM_.length) === FROM_ ? 0 : this.#nextFromLine(0);
  }

  /** The next From_ line below the line at `from`, or the end of the file. */
  async #nextFromLine(from: number): Promise<number> {
    let at = from;
    for (;;) {
      const octets = await this.#window.at(at, PIECE);
      const found = octets.indexOf(LF_FROM_);
      if (found === -1) {
        if (at + octets.length >= this.#size) return this.#size;
        // It may lie across two pieces.
        at += octets.length - LF_FROM_.length + 1;
      } else {
        at += found + 1;
        if (await this.#isFromLine(at)) return at;
      }
    }
  }

  async #isFromLine(at: number): Promise<boolean> {
    const octets = await this.#window.at(at, Math.min(LONGEST_FROM_LINE, this.#size - at));
    const end = octets.indexOf(LF);
    return isFromLine(octets.toString('latin1', 0, end === -1 ? LONGEST_FROM_LINE : Math.min(end, LONGEST_FROM_LINE)));
  }

  /** Where the message ends by its Content-Length, and where the next one begins, if that can be true. */
  async #endAsTold(start: number): Promise<{ readonly end: number; readonly next: number } | null> {
    const octets = await this.#window.at(start, Math.min(HEADER_LOOKED_AT, this.#size - start));
    const bodyStart = bodyStartIn(octets.subarray(0, HEADER_LOOKED_AT));
    if (bodyStart === -1) return null;
    const header = octets.toString('latin1', 0, bodyStart);
    const length = /^content-length:[ \t]*(\d{1,15})[ \t\r]*$/im.exec(header)?.[1];
    if (length === undefined) return null;
    const end = start + bodyStart + Number(length);
    if (end > this.#size) return null;
    const after = await this.#window.at(end, Math.min(2, this.#size - end));
    const next = end + emptyLineAt(after);
    return next >= this.#size || (next > end && (await this.#isFromLine(next))) ? { end, next } : null;
  }

  /** The empty line before a From_ line belongs to the file, not to the message. */
  async #withoutEmptyLine(start: number, next: number): Promise<number> {
    const from = Math.max(start, next - 4);
    const last = (await this.#window.at(from, next - from)).toString('latin1', 0, next - from);
    if (last.endsWith('\n\r\n')) return next - 2;
    return last.endsWith('\n\n') ? next - 1 : next;
  }
}

/** Where the body begins, or -1. The octets begin with a From_ line. */
function bodyStartIn(octets: Buffer): number {
  const lf = octets.indexOf('\n\n');
  const crlf = (lf === -1 ? octets : octets.subarray(0, lf)).indexOf('\n\r\n');
  if (crlf !== -1) return crlf + 3;
  return lf === -1 ? -1 : lf + 2;
}

/** How long the empty line is with which octets begin: 0 where there is none. */
function emptyLineAt(octets: Buffer): number {
  if (octets[0] === LF) return 1;
  return octets[0] === CR && octets[1] === LF ? 2 : 0;
}
