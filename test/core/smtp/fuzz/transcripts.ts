/** What clients say in the transcripts, as raw material for mutations. */
import { readdirSync, readFileSync } from 'node:fs';
import { octetsOf } from '../../../../core/testing/dialogue-octets.ts';

const FOLDER = new URL('../../../transcripts/', import.meta.url);

/** One list of lines a transcript, each with its line end, one character an octet. */
export function transcripts(): readonly (readonly string[])[] {
  const files = readdirSync(FOLDER).filter(name => name.endsWith('.txt'));
  return files.map(file => clientLines(readFileSync(new URL(file, FOLDER), 'utf8'))).filter(lines => lines.length > 0);
}

function clientLines(text: string): readonly string[] {
  return [...text.matchAll(/^C:(?: (.*))?$/gm)].map(([, said = '']) => octetsOf(said).toString('latin1'));
}
