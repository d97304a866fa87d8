/** Text above or below what people read in a mail: in every alternative, in the charset and the encoding of each. */
import {
  escapeHtml,
  insertHtml,
  insertText,
  type PartOutline,
  parameter,
  type TextEdit,
  textFormat,
  writeLeafText,
} from '../../core/index.ts';
import type { FooterAction } from './action.ts';
import { type ActionEdit, type Bench, NOTHING, nameOf, namesOf } from './bench.ts';
import { boundariesAround } from './boundaries.ts';
import { type HeldLeaf, holdLeaves, leafEdits } from './leaf-edit.ts';
import { type NewPart, textPart } from './new-part.ts';
import { around, isType, isWrapper, parentsIn, type ReadText, readText } from './places.ts';
import { partAdded, wrapMailBody } from './wrap.ts';

/**
 * Into the leaves that the rule means, or into the text that people read. What is signed or encrypted is never entered:
 * there the footer is a part of its own around it, or is left out, as the rule says.
 */
export async function footer(bench: Bench, action: FooterAction): Promise<ActionEdit> {
  const { leaves, closed } = placesFor(bench, action);
  if (leaves.length === 0) return withoutText(bench, action, closed);
  const { held, undone } = await holdLeaves(bench, leaves);
  const changed: PartOutline[] = [];
  const edits = held.flatMap(leaf => {
    const edit = insertionInto(leaf, action);
    if (edit === null) return [];
    const isHtml = isType(leaf.part, 'text/html');
    changed.push(leaf.part);
    return leafEdits(leaf, writeLeafText(leaf.leaf, [edit], isHtml ? 'reference' : 'utf-8'), bench.root);
  });
  return { edits, what: `put a ${nameFor(action)} into ${namesOf(changed)}`, undone };
}

function placesFor({ root, targets }: Bench, { at }: FooterAction): ReadText {
  if (targets === null) return readText(root, at === 'top' ? 'first' : 'last');
  const parents = parentsIn(root);
  const texts = targets.filter(part => isType(part, 'text/plain') || isType(part, 'text/html'));
  const wrapperOf = (part: PartOutline) => around(part, parents).find(isWrapper);
  return {
    leaves: texts.filter(part => wrapperOf(part) === undefined),
    closed: texts.flatMap(part => wrapperOf(part) ?? []),
  };
}

function insertionInto({ part, leaf }: HeldLeaf, { at, signature, text, html }: FooterAction): TextEdit | null {
  if (isType(part, 'text/html')) return insertHtml(leaf.text, { html: html ?? asHtml(text), at });
  return insertText(leaf.text, { text, at, signature, format: textFormat(part.type) });
}

/** No part is right for it. */
function withoutText(bench: Bench, action: FooterAction, closed: readonly PartOutline[]): ActionEdit {
  const { root, random } = bench;
  const what = `added a ${nameFor(action)} as a part of its own`;
  if (action.otherwise === 'part' || bench.wrapped) {
    const isMixed = isType(root, 'multipart/mixed') && root.multipart !== null;
    const part = textPart({ subtype: 'plain', text: action.text }, isMixed ? boundariesIn(root) : []);
    if (isMixed) return { edits: partAdded(root, part, action.at), what };
    return { edits: wrapMailBody(root, wrapping(action, part), random), what };
  }
  if (closed.length === 0) return { ...NOTHING, undone: [`there is no text for a ${nameFor(action)}`] };
  const undone = closed.map(
    part => `${nameOf(part)} is ${part.type.subtype}: a ${nameFor(action)} would not be part of it`,
  );
  return { ...NOTHING, undone, blocked: closed.map(inWords) };
}

function boundariesIn(root: PartOutline): readonly string[] {
  return root.children.slice(0, 1).flatMap(child => boundariesAround(child, root));
}

function wrapping({ at }: FooterAction, part: NewPart) {
  return { subtype: 'mixed' as const, above: at === 'top' ? [part] : [], below: at === 'bottom' ? [part] : [] };
}

/** As broken signatures are named. */
function inWords(part: PartOutline): string {
  const place = part.path === '' ? 'the whole mail' : `part ${part.path}`;
  const protocol = parameter(part.type, 'protocol') ?? '';
  const kind = /pgp/i.test(protocol)
    ? 'OpenPGP'
    : /pkcs7/i.test(protocol)
      ? 'S/MIME'
      : `multipart/${part.type.subtype}`;
  return `${kind} (${place})`;
}

function nameFor({ at }: FooterAction): string {
  return at === 'top' ? 'banner' : 'footer';
}

function asHtml(text: string): string {
  const lines = text.replace(/(?:\r?\n)+$/, '').split(/\r?\n/);
  return `<p>${lines.map(escapeHtml).join('<br>\r\n')}</p>`;
}
