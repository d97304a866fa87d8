/** Content as a mailbox keeps it: no Return-Path but that of final delivery, and lines that end as it likes (RFC 5321 section 4.4). */
import type { Content } from '../mail/content.ts';
import type { Recipient } from '../mail/envelope.ts';
import { formatMailbox } from '../mail/path.ts';
import { applyEdits } from '../mime/edit.ts';
import { type HeaderBlock, readHeader } from '../mime/header.ts';
import { removeFields } from '../mime/header-edit.ts';

/** What a mailbox gets of the mail. */
export interface FinalContent {
  /**
   * Whether the mail was delivered to this mailbox before: an alias or a forward elsewhere has sent it round.
   * Case is ignored, as other systems may have changed it.
   */
  hasLooped(recipient: Recipient): boolean;
  /** The lines, without the fields that delivery writes above them. Each call starts a new pass. */
  lines(): AsyncIterable<Buffer>;
}

/** Reads as much of the content as is needed to know. */
export async function finalContent(content: Content, lineEnds: 'lf' | 'crlf' = 'lf'): Promise<FinalContent> {
  const read = await readHeader(content);
  const header = read.kind === 'header' ? read.block : null;
  const kept = header === null ? content : applyEdits(content, removeFields(header, 'Return-Path'));
  return {
    hasLooped: recipient => hasLooped(header, recipient),
    lines: () => (lineEnds === 'lf' ? withLf(kept.stream()) : kept.stream()),
  };
}

/** Whether a header says that the mail was delivered to this mailbox before. */
export function hasLooped(header: HeaderBlock | null, { forwardPath }: Recipient): boolean {
  const seen = header?.values('Delivered-To') ?? [];
  if (seen.length === 0) return false;
  const address = formatMailbox(forwardPath).toLowerCase();
  return seen.some(value => Buffer.from(value, 'latin1').toString().toLowerCase() === address);
}

const CR = 13;
const LF = 10;
const LONE_CR = Buffer.from('\r');

/** CRLF as LF, wherever the pieces are cut. A CR that stands alone stays. */
export async function* withLf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held = false;
  for await (const piece of pieces) {
    const octets: Buffer = held ? Buffer.concat([LONE_CR, piece]) : piece;
    held = octets.at(-1) === CR;
    const lines = lfOnly(held ? octets.subarray(0, -1) : octets);
    if (lines.length > 0) yield lines;
  }
  if (held) yield LONE_CR;
}

function lfOnly(octets: Buffer): Buffer {
  const out = Buffer.allocUnsafe(octets.length);
  let size = 0;
  let from = 0;
  for (let at = octets.indexOf(CR); at !== -1; at = octets.indexOf(CR, at + 1)) {
    if (octets[at + 1] !== LF) continue;
    size += octets.copy(out, size, from, at);
    from = at + 1;
  }
  size += octets.copy(out, size, from);
  return out.subarray(0, size);
}
