/** The names under which programs may show a part as a file (RFC 2183 section 2.3). */
import type { PartOutline } from '../mime/part.ts';

/** The one that counts first, then the others, each once. */
export function fileNames({ type, disposition }: Pick<PartOutline, 'type' | 'disposition'>): readonly string[] {
  const names = [
    ...(disposition?.parameters ?? []).filter(({ name }) => name === 'filename'),
    ...type.parameters.filter(({ name }) => name === 'name'),
  ].map(({ value }) => value);
  return [...new Set(names)].filter(name => name !== '');
}
