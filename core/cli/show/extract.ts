/** One part of a mail, or all of it, as octets to standard output. What is no text never reaches a terminal. */
import { pipeline } from 'node:stream/promises';
import { type Content, sliceContent } from '../../mail/content.ts';
import { readLeafText } from '../../mime/leaf-text.ts';
import { parameter } from '../../mime/media-type.ts';
import type { PartOutline } from '../../mime/part.ts';
import { decodeTransferStream } from '../../mime/transfer-stream.ts';
import { outlineAt } from '../../reading/read-message.ts';
import { safe } from './screen.ts';

/** The part that a number names; `1` is also the one of a mail without parts, as in IMAP. */
export async function partNumbered(content: Content, path: string): Promise<PartOutline | null> {
  const found = await outlineAt(content, path);
  if (found !== null || path !== '1') return found;
  const root = await outlineAt(content, '');
  return root?.children.length === 0 ? root : null;
}

/** Its octets, decoded. */
export function decodedPart(content: Content, part: PartOutline): AsyncIterable<Buffer> {
  const body = sliceContent(content, part.bodyStart, part.end).stream();
  return part.children.length > 0 ? body : decodeTransferStream(body, part.encoding);
}

/** Prints a part. `raw`: as it travels, with its header. @returns what keeps it from that, or `null`. */
export async function printPart(content: Content, path: string, raw: boolean): Promise<string | null> {
  const part = await partNumbered(content, path);
  if (part === null) return `There is no part ${path}.`;
  if (raw) return printOctets(sliceContent(content, part.start, part.end).stream());
  if (!process.stdout.isTTY) return printOctets(decodedPart(content, part));
  if (part.type.type !== 'text') {
    return `Part ${path} is ${safe(`${part.type.type}/${part.type.subtype}`)}, which is nothing for a terminal: send it to a file (> FILE).`;
  }
  const pieces: Buffer[] = [];
  for await (const piece of decodedPart(content, part)) pieces.push(piece);
  printText(readLeafText(Buffer.concat(pieces), parameter(part.type, 'charset')).text);
  return null;
}

/** Prints octets as they are to a file or a pipe; to a terminal as text, with what it would obey written out. */
export async function printOctets(octets: AsyncIterable<Buffer>): Promise<null> {
  if (!process.stdout.isTTY) {
    await pipeline(octets, process.stdout, { end: false });
    return null;
  }
  const decoder = new TextDecoder();
  let line = '';
  for await (const piece of octets) {
    const lines = (line + decoder.decode(piece, { stream: true })).split('\n');
    line = lines.pop() ?? '';
    if (lines.length > 0) printText(`${lines.join('\n')}\n`);
  }
  printText(line + decoder.decode());
  return null;
}

function printText(text: string): void {
  const lines = text.replaceAll(/\r\n?/g, '\n').split('\n');
  process.stdout.write(lines.map(line => line.split('\t').map(safe).join('\t')).join('\n'));
}
