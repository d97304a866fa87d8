/** Which entries of those that wait go together, and the block that they are. */
import type { Block, Mark } from './block.ts';
import type { Entry } from './entry.ts';

/** Of one block: others get their turn, and the lock file names every entry. */
const MOST_ENTRIES = 64;
/** Of one block of several entries, in octets. */
const MOST_OCTETS = 1024 * 1024;

/** The block of as many entries from the front as go together, one at least. What is read when it is written goes alone. */
export function together(entries: readonly Entry[]): Block {
  const pieces: Buffer[] = [];
  const marks: Mark[] = [];
  let size = 0;
  for (const { fromLine, octets } of entries.slice(0, MOST_ENTRIES)) {
    if (typeof octets === 'function') {
      if (marks.length === 0) return { marks: [{ at: 0, fromLine }], octets };
      break;
    }
    const length = octets.reduce((sum, piece) => sum + piece.length, 0);
    if (marks.length > 0 && size + length > MOST_OCTETS) break;
    marks.push({ at: size, fromLine });
    pieces.push(...octets);
    size += length;
  }
  return { marks, octets: joined(pieces, size) };
}

/** In memory of its own, which can be handed to another thread. */
function joined(pieces: readonly Buffer[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
