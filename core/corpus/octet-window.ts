/** A file of any size as octets at a position, read ahead in large pieces: whoever asks for ever larger positions reads it once. */
import type { FileHandle } from 'node:fs/promises';

const AHEAD = 1024 * 1024;

export class OctetWindow {
  readonly #file: FileHandle;
  #octets: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** At least `length` octets from `position`, and more where they are at hand; fewer at the end of the file. */
  async at(position: number, length: number): Promise<Buffer> {
    const offset = position - this.#start;
    const isThere = offset >= 0 && offset + length <= this.#octets.length;
    if (!isThere) await this.#read(position, Math.max(length, AHEAD));
    return this.#octets.subarray(position - this.#start);
  }

  /** A new buffer each time: what was handed out stays what it is. */
  async #read(position: number, length: number): Promise<void> {
    const octets = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const { bytesRead } = await this.#file.read(octets, read, length - read, position + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    this.#octets = octets.subarray(0, read);
    this.#start = position;
  }
}
