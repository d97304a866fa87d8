/** The header fields of content as conditions read them: read once for each content, and only if a condition asks. */
import type { Content } from '../mail/content.ts';
import { readHeader } from '../mime/header.ts';

type HeaderView = (field: string) => readonly string[];

const views = new WeakMap<Content, Promise<HeaderView>>();

/** A look-up of unfolded field values by lower-case name. */
export function headerView(content: Content): Promise<HeaderView> {
  let view = views.get(content);
  if (view === undefined) {
    view = read(content);
    views.set(content, view);
  }
  return view;
}

async function read(content: Content): Promise<HeaderView> {
  const header = await readHeader(content);
  if (header.kind === 'too-large') return () => [];
  return field => header.block.values(field);
}
