/** Many spans of content in one pass over its stream, however they overlap: content may be larger than memory. */
import type { Content } from '../mail/content.ts';
import type { Span } from './part.ts';

/** Octets of the span with this index in the list. */
export interface SpanPiece {
  readonly index: number;
  readonly octets: Buffer;
}

/** The octets of the spans as they come by. A span of no octets never comes. Stops reading behind the last one. */
export async function* spanPieces(content: Content, spans: readonly Span[]): AsyncGenerator<SpanPiece> {
  const waiting = spans
    .map((span, index) => ({ ...span, index }))
    .filter(({ start, end }) => start < end)
    .toSorted((one, other) => one.start - other.start);
  let next = 0;
  let running: typeof waiting = [];
  let offset = 0;
  if (waiting.length === 0) return;
  for await (const piece of content.stream()) {
    const pieceEnd = offset + piece.length;
    for (let one = waiting[next]; one !== undefined && one.start < pieceEnd; one = waiting[next]) {
      running.push(one);
      next += 1;
    }
    for (const { start, end, index } of running) {
      yield { index, octets: piece.subarray(Math.max(start - offset, 0), Math.min(end - offset, piece.length)) };
    }
    running = running.filter(({ end }) => end > pieceEnd);
    offset = pieceEnd;
    if (running.length === 0 && next === waiting.length) return;
  }
}

/** The octets of each span. Costs memory for all of them. */
export async function readSpans(content: Content, spans: readonly Span[]): Promise<readonly Buffer[]> {
  const found = spans.map((): Buffer[] => []);
  for await (const { index, octets } of spanPieces(content, spans)) found[index]?.push(octets);
  return found.map(pieces => Buffer.concat(pieces));
}
