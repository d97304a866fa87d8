/** Content as it leaves: whole where it is small, or in pieces as fast as the next hop takes them. */
import type { Content } from '../mail/content.ts';
import type { Chunk } from './chunks.ts';
import { Dots } from './dots.ts';
import { lineSafe, lineSafeOctets } from './line-safe.ts';
import type { Piece } from './wire.ts';

/** Smaller content is held in memory while it is sent. In octets. */
const SMALL = 64 * 1024;
/** Given to the socket at once: the next one is given when it has been taken. In octets. */
const PIECE = 64 * 1024;

/** The content of one mail. */
export interface Payload {
  readonly content: Content;
  /** All octets, fit for lines, where the content is small. */
  readonly octets: Buffer | null;
}

/** @throws where the content is small and cannot be read */
export async function payloadOf(content: Content): Promise<Payload> {
  return { content, octets: content.size >= SMALL ? null : await lineSafeOctets(content) };
}

/** Content as it follows a 354, its end included. */
export async function* dottedPieces(content: Content): AsyncGenerator<Piece> {
  const dots = new Dots();
  for await (const octets of lineSafe(content, 'fleeting')) {
    for (const piece of cut(octets)) yield { octets: dots.feed(piece), place: 'more' };
  }
  yield { octets: dots.end(), place: 'last' };
}

/** A chunk with the command that announces it (RFC 3030 section 2). */
export function* chunkPieces(chunk: Chunk): Generator<Piece> {
  const command = Buffer.from(bdatCommand(chunk));
  const pieces = chunk.pieces.flatMap(octets => [...cut(octets)]);
  const [first = Buffer.alloc(0), ...others] = pieces;
  const wires = [Buffer.concat([command, first]), ...others];
  for (const [at, octets] of wires.entries()) {
    yield { octets, place: at === wires.length - 1 ? chunk.place : 'more' };
  }
}

/** The whole content as the one and last chunk. */
export function onlyChunk(octets: Buffer): Buffer {
  return Buffer.concat([Buffer.from(bdatCommand({ size: octets.length, place: 'last' })), octets]);
}

function bdatCommand({ size, place }: Pick<Chunk, 'size' | 'place'>): string {
  return `BDAT ${size}${place === 'last' ? ' LAST' : ''}\r\n`;
}

function* cut(octets: Buffer): Generator<Buffer> {
  for (let at = 0; at < octets.length; at += PIECE) yield octets.subarray(at, at + PIECE);
}
