/** What the header of a mail says first. */
import type { Content } from '../mail/content.ts';
import { decodeText } from '../mime/encoded-word.ts';
import { readHeader } from '../mime/header.ts';
import type { Headline } from './reports.ts';

/** Reads it. Never fails. */
export async function headlineOf(content: Content): Promise<Headline> {
  const read = await readHeader(content);
  if (read.kind !== 'header') return { subject: null, author: null };
  const value = (name: string) => {
    const written = read.block.first(name);
    return written === null ? null : decodeText(written).trim();
  };
  return { subject: value('subject'), author: value('from') };
}
