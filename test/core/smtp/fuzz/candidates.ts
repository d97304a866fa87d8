/**
 * Every content that octets may hold, whatever the server answered: for mails that were committed for a client who cut the
 * connection before it heard of them.
 */
import { bdatOf, chunkAt, contentAt, lineAt, unstuffed } from './framing.ts';

/** Content as it was sent, and without the dots of the transport. */
export interface Candidate {
  readonly raw: string;
  readonly content: string;
}

export function candidatesIn(sent: string): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const { index } of sent.matchAll(/DATA|BDAT/gi)) {
    const line = lineAt(sent, index);
    if (line === null) continue;
    if (/^DATA[ \t]*$/i.test(line.octets)) {
      const content = contentAt(sent, line.next);
      if (content !== null) found.push({ raw: content.octets, content: unstuffed(content.octets) });
    }
    const chunks = bdatOf(line.octets) === null ? null : chunksAt(sent, index);
    if (chunks !== null) found.push({ raw: chunks, content: chunks });
  }
  return found;
}

/** What the chunks from here to the last one hold, whatever other commands stand between them. */
function chunksAt(sent: string, start: number): string | null {
  let octets = '';
  for (let at = start; ; ) {
    const line = lineAt(sent, at);
    if (line === null) return null;
    at = line.next;
    const bdat = bdatOf(line.octets);
    if (bdat?.kind !== 'chunk') continue;
    const chunk = chunkAt(sent, at, bdat.size);
    if (chunk === null) return null;
    octets += chunk.octets;
    if (bdat.last) return octets;
    at = chunk.next;
  }
}
