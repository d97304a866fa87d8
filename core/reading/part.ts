/** What a person is shown of each part of a mail: text, a report, or what stands in one line. */
import { decodeText } from '../mime/encoded-word.ts';
import { parameter } from '../mime/media-type.ts';
import { type PartOutline, walkParts } from '../mime/part.ts';
import { signedKind } from './coverage.ts';
import { fieldBlocks } from './field-blocks.ts';
import { fileNames } from './file-names.ts';
import { headerFields } from './header-fields.ts';
import type { LeafOctets } from './leaf-octets.ts';
import type { ReadPart, Shown, ShownReport } from './message.ts';
import { shownText } from './text.ts';

/** Which form of a text people want. */
export type Preference = 'plain' | 'html';

/** What is known when a part is read. */
export interface Known {
  readonly octets: ReadonlyMap<PartOutline, LeafOctets>;
  readonly prefer: Preference;
  /** The signed parts around it, innermost first. */
  readonly signedBy: readonly string[];
}

const REPORTS: Readonly<Record<string, ShownReport['about']>> = {
  'message/delivery-status': 'delivery',
  'message/global-delivery-status': 'delivery',
  'message/disposition-notification': 'disposition',
  'message/global-disposition-notification': 'disposition',
  'message/feedback-report': 'feedback',
  'text/rfc822-headers': 'rfc822-headers',
  'message/global-headers': 'rfc822-headers',
};
const SIGNATURES = /^application\/(?:pgp-signature|(?:x-)?pkcs7-signature)$/;
const LONGEST_DESCRIPTION = 1000;

/** Whether text is made of the octets of a leaf. */
export function isShownAsText(leaf: PartOutline): boolean {
  return leaf.type.type === 'text' || typeOf(leaf) in REPORTS;
}

/** The part, with all parts in it. */
export function readPart(part: PartOutline, known: Known, isMail = true): ReadPart {
  const children = childrenOf(part, known);
  const [name = null, ...otherNames] = fileNames(part);
  const description = part.header.first('content-description');
  return {
    path: part.path,
    type: typeOf(part),
    parameters: parametersOf(part),
    encoding: part.encoding,
    disposition: part.disposition?.kind ?? null,
    name,
    otherNames,
    description: description === null ? null : decodeText(description.slice(0, LONGEST_DESCRIPTION)),
    travels: part.end - part.start,
    size: part.children.length > 0 ? null : (known.octets.get(part)?.size ?? 0),
    header: isMail ? headerFields(part.header) : null,
    shown: shownOf(part, known),
    signedBy: known.signedBy,
    children,
  };
}

function childrenOf(part: PartOutline, known: Known): readonly ReadPart[] {
  const isMessage = part.type.type === 'message';
  const signed = signedKind(part) !== null;
  const children = part.children.map((child, index) => {
    const signedBy = signed && index === 0 ? [part.path, ...known.signedBy] : known.signedBy;
    const read = readPart(child, { ...known, signedBy }, isMessage);
    return signed && index === 1 && SIGNATURES.test(read.type) ? { ...read, shown: SIGNATURE } : read;
  });
  if (part.type.type !== 'multipart' || part.type.subtype !== 'alternative') return children;
  const chosen = chosenForm(children, known.prefer);
  return children.map(child => (child === chosen ? child : asOtherForm(child, chosen?.path ?? '')));
}

const SIGNATURE: Shown = { kind: 'signature' };

/**
 * The form that is read: of the preferred kind, where it says anything. Elsewhere the last one with text, which is the
 * richest (RFC 2046 section 5.1.4), or the last one.
 */
function chosenForm(forms: readonly ReadPart[], prefer: Preference): ReadPart | undefined {
  const readable = forms.filter(form => textIn(form).some(({ text }) => text.trim() !== ''));
  const preferred = readable.filter(form => textIn(form)[0]?.form === prefer);
  return preferred.at(-1) ?? readable.at(-1) ?? forms.at(-1);
}

/** The texts for reading in a form: text itself, or text with its pictures. */
function textIn(form: ReadPart) {
  return [...walkParts(form)].flatMap(({ shown }) => (shown.kind === 'text' && shown.place === 'body' ? [shown] : []));
}

/** It stays in the tree with all that is in it, and only its texts are not read a second time. */
function asOtherForm(form: ReadPart, of: string): ReadPart {
  const { shown } = form;
  return {
    ...form,
    shown: shown.kind === 'text' && shown.place === 'body' ? { kind: 'other-form', of } : shown,
    children: form.children.map(child => asOtherForm(child, of)),
  };
}

function shownOf(part: PartOutline, { octets }: Known): Shown {
  const type = typeOf(part);
  if (type === 'multipart/encrypted') return { kind: 'encrypted', by: 'OpenPGP' };
  if (part.children.length > 0) return { kind: 'parts' };
  const leaf = octets.get(part) ?? { size: 0, octets: Buffer.alloc(0), isAll: true };
  const about = REPORTS[type];
  if (about !== undefined) {
    const { blocks, isAll } = fieldBlocks(leaf.octets);
    return { kind: 'report', about, blocks, truncated: !(isAll && leaf.isAll) };
  }
  if (/^application\/(?:x-)?pkcs7-mime$/.test(type) && parameter(part.type, 'smime-type') !== 'signed-data') {
    return { kind: 'encrypted', by: 'S/MIME' };
  }
  if (part.type.type !== 'text') return { kind: 'file' };
  // All that a mail has is its body, whatever it calls it.
  const isAttached = part.disposition?.kind === 'attachment' && part.path !== '';
  return shownText({ type: part.type, place: isAttached ? 'attached' : 'body' }, leaf);
}

function typeOf({ type }: PartOutline): string {
  return `${type.type}/${type.subtype}`;
}

function parametersOf({ type }: PartOutline): Readonly<Record<string, string>> {
  const pairs = type.parameters.filter(({ name }) => name !== '__proto__').map(({ name, value }) => [name, value]);
  // The form that counts is the first one of a name.
  return Object.fromEntries(pairs.toReversed());
}
