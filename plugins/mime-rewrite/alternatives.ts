/** The other form of a text: HTML as plain text, in its place or beside it, and plain text as HTML. */
import { type Edit, htmlToText, type PartOutline, textFormat, textToHtml, walkParts } from '../../core/index.ts';
import { type ActionEdit, type Bench, NOTHING, namesOf } from './bench.ts';
import { boundariesAround } from './boundaries.ts';
import { drop } from './drop.ts';
import { type HeldLeaf, holdLeaves } from './leaf-edit.ts';
import { replacedBy, textPart } from './new-part.ts';
import { isMail, isType, parentsIn, readText } from './places.ts';
import { wrapMailBody, wrapPart } from './wrap.ts';

/** Lines of text, in characters (RFC 5322 section 2.1.1). */
const WIDTH = 76;
/** Text made of a part is no longer than this. In characters. */
const LONGEST = 1024 * 1024;

/** HTML leaves become text. Where the sender has written a text beside one, that one is dropped. */
export async function htmlAsText(bench: Bench): Promise<ActionEdit> {
  const { root } = bench;
  const parents = parentsIn(root);
  const leaves = textsOf(bench, 'text/html');
  const doubled = leaves.filter(part => hasSibling(part, parents.get(part), 'text/plain'));
  const { held, undone } = await holdLeaves(
    bench,
    leaves.filter(part => !doubled.includes(part)),
  );
  const edits = held.flatMap(leaf => {
    const text = textPart({ subtype: 'plain', text: plainTextOf(leaf) }, boundariesAround(leaf.part, root));
    return replacedBy(leaf.part, text, { root, isMail: isMail(leaf.part, parents.get(leaf.part) ?? null) });
  });
  const dropped = drop({ ...bench, targets: doubled }).edits;
  const changed = [...doubled, ...held.map(({ part }) => part)];
  if (changed.length === 0) return { ...NOTHING, undone };
  return { edits: [...edits, ...dropped], what: `turned the HTML of ${namesOf(changed)} into text`, undone };
}

/** A leaf that stands alone gets the other form beside it, in a multipart/alternative. The leaf itself keeps its octets. */
export async function addAlternative(bench: Bench, of: 'text' | 'html'): Promise<ActionEdit> {
  const { root, random } = bench;
  const parents = parentsIn(root);
  const [have, want] = of === 'text' ? ['text/html', 'text/plain'] : ['text/plain', 'text/html'];
  const alone = textsOf(bench, have).filter(part => !hasSibling(part, parents.get(part), want));
  const { held, undone } = await holdLeaves(bench, alone);
  const edits = held.flatMap((leaf): readonly Edit[] => {
    const { part } = leaf;
    const made =
      of === 'text'
        ? textPart({ subtype: 'plain', text: plainTextOf(leaf) }, boundariesAround(part, root))
        : textPart(
            { subtype: 'html', text: textToHtml(leaf.leaf.text, textFormat(part.type)) },
            boundariesAround(part, root),
          );
    // What a client can show best stands last (RFC 2046 section 5.1.4).
    const wrapping = {
      subtype: 'alternative' as const,
      above: of === 'text' ? [made] : [],
      below: of === 'html' ? [made] : [],
    };
    const wrap = isMail(part, parents.get(part) ?? null) ? wrapMailBody : wrapPart;
    return wrap(part, wrapping, random);
  });
  const changed = held.map(({ part }) => part);
  if (changed.length === 0) return { ...NOTHING, undone };
  return { edits, what: `added ${of === 'text' ? 'a text' : 'HTML'} beside ${namesOf(changed)}`, undone };
}

/** The leaves that the rule means, or those that people read. */
function textsOf({ root, targets }: Bench, type: string): readonly PartOutline[] {
  const texts = targets ?? [...new Set([...readText(root, 'first').leaves, ...readText(root, 'last').leaves])];
  return texts.filter(part => isType(part, type));
}

function hasSibling(part: PartOutline, parent: PartOutline | undefined, type: string): boolean {
  if (parent === undefined || !isType(parent, 'multipart/alternative')) return false;
  return parent.children.some(child => child !== part && [...walkParts(child)].some(one => isType(one, type)));
}

function plainTextOf({ leaf }: HeldLeaf): string {
  return htmlToText(leaf.text, { width: WIDTH, links: 'references', longest: LONGEST }).text;
}
