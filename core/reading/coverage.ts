/** Which signatures a mail carries, and which of its parts they cover. Whether they are good is not asked here. */
import { dkimSignatures } from '../mime/dkim-signature.ts';
import type { HeaderBlock } from '../mime/header.ts';
import { parameter } from '../mime/media-type.ts';
import { type PartOutline, walkParts } from '../mime/part.ts';
import type { FoundSignature, ReadPart } from './message.ts';

/** What kind of signature a multipart/signed bears, or `null` where the part is none. */
export function signedKind(part: PartOutline): 'OpenPGP' | 'S/MIME' | null {
  const [signed, signature] = part.children;
  if (part.type.type !== 'multipart' || part.type.subtype !== 'signed') return null;
  if (signed === undefined || signature === undefined) return null;
  const protocol = parameter(part.type, 'protocol') ?? `${signature.type.type}/${signature.type.subtype}`;
  if (/^application\/pgp-signature$/i.test(protocol)) return 'OpenPGP';
  return /^application\/(?:x-)?pkcs7-signature$/i.test(protocol) ? 'S/MIME' : null;
}

/** The signatures in the parts, and those of DKIM in the header on top. */
export function foundSignatures(root: PartOutline, read: ReadPart): readonly FoundSignature[] {
  const found: FoundSignature[] = dkimIn(root.header);
  for (const part of walkParts(root)) {
    const kind = signedKind(part);
    if (kind !== null) found.push({ kind, path: part.path, covers: placeInWords(part.children[0]?.path ?? '') });
    else if (isOpaque(part)) found.push({ kind: 'S/MIME', path: part.path, covers: placeInWords(part.path) });
  }
  for (const { path, shown } of walkParts(read)) {
    if (shown.kind !== 'text' || shown.signed.length === 0) continue;
    const all = coversAllText(shown.text, shown.signed);
    found.push({
      kind: 'OpenPGP',
      path,
      covers: all ? placeInWords(path) : `some of the text of ${placeInWords(path)}`,
    });
  }
  return found;
}

/** How much of what is shown lies under a signature. */
export function coverageOf(root: ReadPart): 'whole' | 'part' | 'none' {
  let [some, all] = [false, true];
  for (const part of walkParts(root)) {
    if (part.children.length > 0 || part.shown.kind === 'signature') continue;
    const inText = part.shown.kind === 'text' ? part.shown.signed : [];
    const covered = part.signedBy.length > 0;
    if (covered || inText.length > 0) some = true;
    if (!covered && !(part.shown.kind === 'text' && coversAllText(part.shown.text, inText))) all = false;
  }
  if (!some) return 'none';
  return all ? 'whole' : 'part';
}

/** Whether the part is S/MIME whose content stands inside the signature. */
function isOpaque({ type }: PartOutline): boolean {
  return /^(?:x-)?pkcs7-mime$/.test(type.subtype) && parameter(type, 'smime-type')?.toLowerCase() === 'signed-data';
}

function dkimIn(header: HeaderBlock): FoundSignature[] {
  return dkimSignatures(header).map(({ domain, selector, signedFields, bodyLength }) => {
    const body = bodyLength === null ? 'the body' : `the first ${bodyLength} octets of the body`;
    return {
      kind: 'DKIM',
      path: '',
      covers: `${domain} (selector ${selector}) over ${[...new Set(signedFields)].join(', ')} and ${body}`,
    };
  });
}

function placeInWords(path: string): string {
  return path === '' ? 'the whole body' : `part ${path}`;
}

/** Whether nothing but blanks stands outside. */
function coversAllText(text: string, signed: readonly { readonly start: number; readonly end: number }[]): boolean {
  let at = 0;
  for (const { start, end } of signed) {
    if (text.slice(at, start).trim() !== '') return false;
    at = end;
  }
  return signed.length > 0 && text.slice(at).trim() === '';
}
