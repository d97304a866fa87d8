/**
 * What the leaves of a mail hold, decoded, in one pass over its stream: how much it is, and of those that are shown as
 * text, the beginning. Memory is bounded whatever the size of the mail.
 */
import type { Content } from '../mail/content.ts';
import type { PartOutline } from '../mime/part.ts';
import { spanPieces } from '../mime/span-pieces.ts';
import { type TransferDecoder, transferDecoder } from '../mime/transfer-decoder.ts';

/** How much is kept, in octets. */
export interface KeptLimits {
  /** Of one part. */
  readonly part: number;
  /** Of all together. */
  readonly mail: number;
}

/** What is known of a leaf. */
export interface LeafOctets {
  /** Decoded. */
  readonly size: number;
  /** The beginning, decoded; nothing of a leaf of which nothing was wanted. */
  readonly octets: Buffer;
  /** Whether that is all. */
  readonly isAll: boolean;
}

/** Reads the leaves. `wanted`: whether the octets of a leaf are to be kept. */
export async function leafOctets(
  content: Content,
  leaves: readonly PartOutline[],
  { wanted, limits }: { readonly wanted: (leaf: PartOutline) => boolean; readonly limits: KeptLimits },
): Promise<ReadonlyMap<PartOutline, LeafOctets>> {
  const budget = { left: limits.mail };
  const readings = leaves.map(leaf => new Reading(leaf, wanted(leaf) ? limits.part : 0, budget));
  const spans = leaves.map(({ bodyStart, end }) => ({ start: bodyStart, end }));
  for await (const { index, octets } of spanPieces(content, spans)) readings[index]?.feed(octets);
  return new Map(readings.map(reading => [reading.leaf, reading.end()]));
}

class Reading {
  readonly leaf: PartOutline;
  readonly #decoder: TransferDecoder;
  readonly #budget: { left: number };
  readonly #kept: Buffer[] = [];
  #room: number;
  #size = 0;
  #lost = 0;

  constructor(leaf: PartOutline, room: number, budget: { left: number }) {
    this.leaf = leaf;
    this.#decoder = transferDecoder(leaf.encoding);
    this.#room = room;
    this.#budget = budget;
  }

  feed(piece: Buffer): void {
    this.#take(this.#decoder.feed(piece));
  }

  end(): LeafOctets {
    this.#take(this.#decoder.end());
    return { size: this.#size, octets: Buffer.concat(this.#kept), isAll: this.#lost === 0 };
  }

  #take(octets: Buffer): void {
    this.#size += octets.length;
    const kept = Math.min(octets.length, this.#room, this.#budget.left);
    this.#lost += octets.length - kept;
    if (kept === 0) return;
    this.#room -= kept;
    this.#budget.left -= kept;
    // A copy: the pieces of a stream may all lie in the same place.
    this.#kept.push(Buffer.from(octets.subarray(0, kept)));
  }
}
