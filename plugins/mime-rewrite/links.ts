/** Links defanged or sent through a checker, in text and in HTML; what is not a link keeps every octet. */
import {
  defangLinks,
  type Link,
  type LinkReplacement,
  linkTemplate,
  type PartOutline,
  rewriteHtmlLinks,
  rewriteTextLinks,
  textFormat,
  walkParts,
  writeLeafText,
} from '../../core/index.ts';
import type { LinksAction } from './action.ts';
import { type ActionEdit, type Bench, namesOf } from './bench.ts';
import { type HeldLeaf, holdLeaves, leafEdits } from './leaf-edit.ts';
import { isType } from './places.ts';

/** In the leaves that the rule means, or in every text and every HTML of the mail, attached mails among them. */
export async function links(bench: Bench, action: LinksAction): Promise<ActionEdit> {
  const isText = (part: PartOutline) => isType(part, 'text/plain') || isType(part, 'text/html');
  const leaves = [...(bench.targets ?? walkParts(bench.root))].filter(isText);
  const { held, undone } = await holdLeaves(bench, leaves);
  const replace = replacementFor(action);
  const changed: PartOutline[] = [];
  let count = 0;
  const edits = held.flatMap(leaf => {
    const { edits, links } = rewrittenIn(leaf, replace);
    if (edits.length === 0) return [];
    changed.push(leaf.part);
    count += links.filter(({ replacement }) => replacement !== null).length;
    const lacking = isType(leaf.part, 'text/html') ? 'reference' : 'utf-8';
    return leafEdits(leaf, writeLeafText(leaf.leaf, edits, lacking), bench.root);
  });
  const done = action.template === null ? 'defanged' : 'rewrote';
  return { edits, what: `${done} ${count} ${count === 1 ? 'link' : 'links'} in ${namesOf(changed)}`, undone };
}

function rewrittenIn({ part, leaf }: HeldLeaf, replace: LinkReplacement) {
  if (isType(part, 'text/html')) return rewriteHtmlLinks(leaf.text, replace);
  return rewriteTextLinks(leaf.text, textFormat(part.type), replace);
}

function replacementFor({ template, except }: LinksAction): LinkReplacement {
  const replace = template === null ? defangLinks : linkTemplate(template);
  return link => (isExcepted(link, except) ? null : replace(link));
}

function isExcepted({ target }: Link, except: readonly string[]): boolean {
  const host = target?.hostname ?? '';
  return except.some(domain => host === domain || host.endsWith(`.${domain}`));
}
