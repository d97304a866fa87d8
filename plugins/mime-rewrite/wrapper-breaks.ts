/** Edits inside of signed and encrypted multiparts whose signatures nobody here knows: they break something all the same (RFC 1847). */
import { type Edit, type PartOutline, walkParts } from '../../core/index.ts';
import { isWrapper } from './places.ts';

/** The multiparts that are changed inside, in words, without those that `broken` names. */
export function touchedWrappers(
  root: PartOutline,
  edits: readonly Edit[],
  broken: readonly string[],
): readonly string[] {
  const touched = [...walkParts(root)].filter(
    part =>
      isWrapper(part) && edits.some(({ start, end }) => start < part.end && end > part.bodyStart && start > part.start),
  );
  return touched.flatMap(part => {
    const place = part.path === '' ? '(the whole mail)' : `(part ${part.path})`;
    return broken.some(words => words.endsWith(place)) ? [] : [`multipart/${part.type.subtype} ${place}`];
  });
}
