/** Writes the verdict into the header, and takes out what only pretends to be one. No other octet changes. */
import {
  applyEdits,
  type Change,
  type Content,
  type HeaderBlock,
  prependField,
  signaturesBrokenBy,
  sliceContent,
} from '../../core/index.ts';
import { forgedFields, resultsValue } from './authentication-results.ts';
import type { Judgement } from './judgement.ts';

/** What is written, and in whose name. */
export interface Marking {
  readonly field: string;
  readonly hostname: string;
  readonly judgement: Judgement;
}

/** The content with the verdict on top, and without fields that only pretend to be it. */
export async function mark(content: Content, header: HeaderBlock, { field, hostname, judgement }: Marking) {
  const forged = forgedFields(header, field, hostname);
  const removals = forged.map(({ start, end }) => ({ start, end, replacement: Buffer.alloc(0) }));
  const addition = prependField(header, field, resultsValue(hostname, judgement));
  // Only the header is edited, so what breaks can be told from the header, however large the mail is.
  const before = sliceContent(content, 0, header.bodyStart);
  const changes: Change[] = [
    { what: `added header field ${field}`, breaks: await signaturesBrokenBy(before, [addition]) },
  ];
  if (forged.length > 0) {
    const names = [...new Set(forged.map(({ name }) => name))].join(', ');
    changes.push({ what: `removed forged header fields ${names}`, breaks: await signaturesBrokenBy(before, removals) });
  }
  return { marked: applyEdits(content, [addition, ...removals]), changes };
}
