/** The octets of a file that was changed in memory: those on the disk, and over them what was written since. */
import type { Content } from '../mail/content.ts';
import type { Files } from '../plugin/ports.ts';

/** The file below, as far as it still shows. */
export interface Base {
  readonly files: Pick<Files, 'open'>;
  readonly path: string;
  readonly size: number;
}

interface Patch {
  readonly at: number;
  readonly octets: Buffer;
}

/** Read at once, in octets. */
const PIECE = 256 * 1024;

export class PatchedOctets {
  readonly #base: Base | null;
  /** Of the base this much shows. */
  #shown: number;
  #size: number;
  #patches: Patch[] = [];

  constructor(base: Base | null) {
    this.#base = base;
    this.#shown = base?.size ?? 0;
    this.#size = this.#shown;
  }

  get size(): number {
    return this.#size;
  }

  write(octets: Buffer, at: number): void {
    if (octets.length === 0) return;
    this.#patches.push({ at, octets: Buffer.from(octets) });
    this.#size = Math.max(this.#size, at + octets.length);
  }

  resize(size: number): void {
    this.#shown = Math.min(this.#shown, size);
    this.#patches = this.#patches.flatMap(({ at, octets }) =>
      at >= size ? [] : [{ at, octets: octets.subarray(0, size - at) }],
    );
    this.#size = size;
  }

  /** Up to so many octets; fewer at the end. */
  async read(position: number, length: number): Promise<Buffer> {
    const end = Math.min(position + length, this.#size);
    if (end <= position) return Buffer.alloc(0);
    const octets = Buffer.alloc(end - position);
    const shown = Math.min(end, this.#shown) - position;
    if (this.#base !== null && shown > 0) (await readBelow(this.#base, position, shown)).copy(octets);
    for (const patch of this.#patches) {
      const from = Math.max(position - patch.at, 0);
      if (patch.at < end && from < patch.octets.length) patch.octets.copy(octets, patch.at + from - position, from);
    }
    return octets;
  }

  /** As it is now: later changes do not show. */
  content(): Content {
    const frozen = new PatchedOctets(this.#base);
    frozen.#shown = this.#shown;
    frozen.#size = this.#size;
    frozen.#patches = [...this.#patches];
    return {
      size: frozen.size,
      bytes: () => frozen.read(0, frozen.size),
      async *stream() {
        for (let at = 0; at < frozen.size; at += PIECE) yield await frozen.read(at, PIECE);
      },
    };
  }
}

async function readBelow({ files, path }: Base, position: number, length: number): Promise<Buffer> {
  const file = await files.open(path, 'read');
  try {
    return await file.read(position, length);
  } finally {
    await file.close();
  }
}
