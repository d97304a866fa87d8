/**
 * The records of the journal: a mail that was taken over while its delivery begins, and the word that it is over.
 *
 * Each stands alone: a head of 24 octets (seal, kind, length, CRC-32 of kind, length and payload, zeros), the payload, and zeros
 * up to a multiple of 8. So what lies behind a damaged record is found again.
 *
 * The seal is a number that nobody knows who sends mail. Without it a content could hold what looks like a record, and be taken
 * for one where the record around it has been written over in part: mail to anybody, past all plugins.
 */
import { crc32 } from 'node:zlib';
import type { Passing } from './passing.ts';

/** What a record says. */
export type JournalRecord =
  | { readonly kind: 'entered'; readonly passing: Passing }
  /** All its recipients are settled: it has left the queue. */
  | { readonly kind: 'left'; readonly fence: number };

/** How long a seal is, in octets. */
export const SEAL = 8;
const HEAD = SEAL + 16;
const GRAIN = 8;
/** Where these lie in the head. */
const KIND_AT = SEAL;
const LENGTH_AT = SEAL + 4;
const SUM_AT = SEAL + 8;
const ENTERED = 1;
const LEFT = 2;
const FENCE = 8;

/** Records that are written together, in one piece of memory that is used again and again. */
export class JournalBatch {
  readonly #seal: Buffer;
  #memory = Buffer.alloc(64 * 1024);
  #length = 0;

  constructor(seal: Buffer) {
    this.#seal = seal;
  }

  /** What was added since the last `clear`. */
  get octets(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  add(record: JournalRecord): void {
    if (record.kind === 'left') {
      const payload = this.#begin(FENCE);
      this.#memory.writeDoubleLE(record.fence, payload);
      this.#end(LEFT, FENCE);
      return;
    }
    const { octets } = record.passing.content;
    const text = textOf(record.passing);
    const length = Buffer.byteLength(text);
    const payload = this.#begin(4 + length + octets.length);
    this.#memory.writeUInt32LE(length, payload);
    this.#memory.write(text, payload + 4, length, 'utf8');
    this.#memory.set(octets, payload + 4 + length);
    this.#end(ENTERED, 4 + length + octets.length);
  }

  /** Makes room. @returns where the payload begins. */
  #begin(length: number): number {
    const needed = this.#length + HEAD + length + GRAIN;
    if (needed > this.#memory.length) {
      const larger = Buffer.alloc(Math.max(needed, 2 * this.#memory.length));
      larger.set(this.octets);
      this.#memory = larger;
    }
    return this.#length + HEAD;
  }

  #end(kind: number, length: number): void {
    const [head, end] = [this.#length, this.#length + HEAD + length];
    this.#memory.fill(0, head, head + HEAD);
    this.#memory.set(this.#seal, head);
    this.#memory.writeUInt32LE(kind, head + KIND_AT);
    this.#memory.writeUInt32LE(length, head + LENGTH_AT);
    this.#memory.writeUInt32LE(sumOf(this.#memory, head, end), head + SUM_AT);
    this.#length = rounded(end);
    this.#memory.fill(0, end, this.#length);
  }
}

/** The records in a file, and where each of them lies. What is none is passed over. */
export function* recordsIn(
  file: Buffer,
  seal: Buffer,
): Iterable<{
  readonly record: JournalRecord;
  readonly from: number;
  readonly to: number;
}> {
  for (let from = 0; from + HEAD <= file.length; ) {
    const end = endOf(file, from, seal);
    const record = end === null ? null : recordAt(file, from, end);
    const to = end === null || record === null ? from + GRAIN : rounded(end);
    if (record !== null) yield { record, from, to };
    from = to;
  }
}

/** Where the payload of the record ends that begins here, or `null` where none does. */
function endOf(file: Buffer, from: number, seal: Buffer): number | null {
  if (seal.compare(file, from, from + SEAL) !== 0) return null;
  const end = from + HEAD + file.readUInt32LE(from + LENGTH_AT);
  return end <= file.length && file.readUInt32LE(from + SUM_AT) === sumOf(file, from, end) ? end : null;
}

/** `null`: whole, and yet none that this version knows. */
function recordAt(file: Buffer, from: number, end: number): JournalRecord | null {
  const kind = file.readUInt32LE(from + KIND_AT);
  const payload = from + HEAD;
  if (kind === LEFT) return { kind: 'left', fence: file.readDoubleLE(payload) };
  if (kind !== ENTERED) return null;
  const begin = payload + 4;
  const middle = begin + file.readUInt32LE(payload);
  const octets = new Uint8Array(file.subarray(middle, end));
  return { kind: 'entered', passing: passingOf(file.toString('utf8', begin, middle), octets) };
}

function sumOf(file: Buffer, head: number, end: number): number {
  return crc32(file.subarray(head + HEAD, end), crc32(file.subarray(head + KIND_AT, head + SUM_AT)));
}

function rounded(length: number): number {
  return Math.ceil(length / GRAIN) * GRAIN;
}

/** What the codec has encoded is one line of JSON each, and goes as it is. */
function textOf({ mail, content, claim, fence }: Passing): string {
  const { mailJson, traceJson, id, receivedAt, places } = mail;
  const { owner, until } = claim;
  const head = { id, receivedAt, places, owner, until, fence, crc32: content.crc32 };
  return `${JSON.stringify(head)}\n${mailJson}\n${traceJson}`;
}

/** The checksum of the record says that this is what was written. */
function passingOf(text: string, octets: Uint8Array<ArrayBuffer>): Passing {
  const [head = '', mailJson = '', traceJson = ''] = text.split('\n');
  const { id, receivedAt, places, owner, until, fence, crc32: sum } = JSON.parse(head);
  return {
    mail: { id, receivedAt, content: 0, mailJson, traceJson, bounceJson: null, holdJson: null, places },
    content: { size: octets.length, crc32: sum, octets, spool: null },
    claim: { owner, until },
    fence,
  };
}
