/** Attachments moved into a folder; a text with a link stays in their place. What is stored for a mail that is refused later stays there. */
import { type PartOutline, spanPieces, transferDecoder } from '../../core/index.ts';
import type { StoreAction } from './action.ts';
import { type ActionEdit, type Bench, NOTHING, nameOf, namesOf } from './bench.ts';
import { valuesOf } from './fill.ts';
import { namesIn, outermost } from './places.ts';
import { replacements } from './replace-part.ts';
import { type StoredFile, StoredFileWriter } from './stored-file.ts';

export async function store(bench: Bench, { directory, url, text }: StoreAction): Promise<ActionEdit> {
  const parts = outermost(bench.targets ?? [], bench.root);
  const leaves = parts.filter(({ children }) => children.length === 0);
  const undone = parts.filter(({ children }) => children.length > 0).map(part => `${nameOf(part)} is made of parts`);
  if (leaves.length === 0) return { ...NOTHING, undone };
  const stored = await keepAll(bench, leaves, directory);
  const valuesFor = (part: PartOutline) => ({ ...valuesOf(part), url: addressOf(url, stored.get(part)) });
  return {
    edits: replacements(bench, leaves, { text, name: null, valuesOf: valuesFor }),
    what: `moved ${namesOf(leaves)} to ${directory}`,
    undone,
  };
}

/** One file after the other, in one pass over the mail. */
async function keepAll({ draft, files, random }: Bench, leaves: readonly PartOutline[], directory: string) {
  const stored = new Map<PartOutline, StoredFile>();
  const spans = leaves.map(({ bodyStart, end }) => ({ start: bodyStart, end }));
  const pieces = spanPieces(draft.content, spans);
  let piece = await pieces.next();
  for (const [index, part] of leaves.entries()) {
    const decoder = transferDecoder(part.encoding);
    const writer = await StoredFileWriter.begin(files, directory, random);
    try {
      for (; piece.done !== true && piece.value.index === index; piece = await pieces.next()) {
        await writer.write(decoder.feed(piece.value.octets));
      }
      await writer.write(decoder.end());
      stored.set(part, await writer.finish(namesIn(part)[0] ?? ''));
    } catch (error) {
      await writer.discard();
      throw error;
    }
  }
  return stored;
}

function addressOf(template: string, stored: StoredFile | undefined): string {
  if (stored === undefined) return template;
  return template.replaceAll('{digest}', stored.digest).replaceAll('{name}', encodeURIComponent(stored.name));
}
