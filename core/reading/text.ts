/** The text of a part as people read it: its charset decoded, lines that flow joined, HTML as text. */
import { htmlToText } from '../mime/html-to-text.ts';
import { readLeafText } from '../mime/leaf-text.ts';
import { type MediaType, parameter } from '../mime/media-type.ts';
import { readParagraphs, SIGNATURE_SEPARATOR, textFormat } from '../mime/text-format.ts';
import type { ShownText } from './message.ts';

/** The armor lines around text that is signed where it stands, and around its signature (RFC 9580 section 7). */
const SIGNED_TEXT =
  /^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[!-9;-~]+: [^\n]*\n)*[ \t]*\n([^]*?)^-----BEGIN PGP SIGNATURE-----[ \t]*$[^]*?^-----END PGP SIGNATURE-----[ \t]*$/gm;

/** Text of a part, from its decoded octets. `isAll`: whether these are all. */
export function shownText(
  { type, place }: { readonly type: MediaType; readonly place: ShownText['place'] },
  { octets, isAll }: { readonly octets: Buffer; readonly isAll: boolean },
): ShownText {
  const { text: read, charset, known } = readLeafText(octets, parameter(type, 'charset'));
  const decoded = withoutMark(read).replaceAll(/\r\n?/g, '\n');
  const about = { kind: 'text', place, charset, charsetKnown: known, signed: [] } as const;
  if (type.subtype === 'html') {
    const { text, truncated } = htmlToText(decoded, { width: null, links: 'references', longest: LONGEST_HTML_TEXT });
    return {
      ...about,
      form: 'html',
      text: ended(text.replaceAll('\r\n', '\n')),
      source: decoded,
      truncated: truncated || !isAll,
    };
  }
  const form = type.subtype === 'plain' ? 'plain' : 'other';
  const format = textFormat(type);
  const signed = signedPieces(decoded);
  // Joined lines are no longer what was signed, and the armor of a signature does not flow.
  const text = format.kind === 'flowed' && signed.length === 0 ? joined(decoded, type) : decoded;
  return { ...about, form, text: ended(text), source: null, truncated: !isAll, signed };
}

/** In characters. */
const LONGEST_HTML_TEXT = 1024 * 1024;

function joined(text: string, type: MediaType): string {
  return readParagraphs(text, textFormat(type))
    .map(({ depth, text: line }) => {
      const shown = line === SIGNATURE_SEPARATOR ? line : line.replace(/(?<! ) +$/, '');
      return depth === 0 ? shown : `${'>'.repeat(depth)} ${shown}`;
    })
    .join('\n');
}

/** The byte order mark is none of the text. */
function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function signedPieces(text: string): readonly { readonly start: number; readonly end: number }[] {
  if (!text.includes('-----BEGIN PGP SIGNED MESSAGE-----')) return [];
  return [...text.matchAll(SIGNED_TEXT)].map(({ index, 0: { length } }) => ({ start: index, end: index + length }));
}
