/**
 * A mail as a person reads it, as plain data: for a terminal, a web page, a program.
 *
 * All text in it is a stranger's, decoded and nothing else: whoever shows it escapes it for the place where it is shown.
 * Line ends are LF.
 */
import type { TreeLimits } from '../mime/part.ts';

/** A mail that was read. */
export interface ReadMessage {
  /** In octets. */
  readonly size: number;
  /** The mail itself is the part at the root; a mail that is too complex for a tree is a leaf without text. */
  readonly root: ReadPart;
  readonly signatures: readonly FoundSignature[];
  /** How much of what the mail shows is under a signature in its parts. Nobody has checked these here. */
  readonly coverage: 'whole' | 'part' | 'none';
  /** What fields of the header say that somebody found out. Anybody can write them. */
  readonly claims: readonly ClaimedResult[];
}

/** One part, or the mail itself. */
export interface ReadPart {
  /** The numbers of the parts that lead here: the mail is ``, its second part `2`, the first part of that `2.1`. */
  readonly path: string;
  /** `text/plain`. */
  readonly type: string;
  /** The parameters of the type by name, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The Content-Transfer-Encoding in lower case. */
  readonly encoding: string;
  /** `inline`, `attachment`, what else stands there, or `null`. */
  readonly disposition: string | null;
  /** The name of the file, as the mail says: nothing to be used as a path. */
  readonly name: string | null;
  /** Other names under which programs may show the file. */
  readonly otherNames: readonly string[];
  readonly description: string | null;
  /** In octets, as it travels: with its header. */
  readonly travels: number;
  /** Of a leaf: in octets, decoded. `null` for what has parts. */
  readonly size: number | null;
  /** Of the mail itself, and of a mail that is attached. */
  readonly header: ReadHeaderFields | null;
  readonly shown: Shown;
  /** The paths of the signed parts around it, innermost first. */
  readonly signedBy: readonly string[];
  readonly children: readonly ReadPart[];
}

/** What a person is shown of a part. */
export type Shown =
  | ShownText
  | ShownReport
  /** It has parts, which are shown. */
  | { readonly kind: 'parts' }
  /** Another form of the part at `of`, which is shown instead. */
  | { readonly kind: 'other-form'; readonly of: string }
  /** A signature over the part beside it. */
  | { readonly kind: 'signature' }
  /** Nobody can read it without a key. */
  | { readonly kind: 'encrypted'; readonly by: 'OpenPGP' | 'S/MIME' }
  /** Nothing that is text: a picture, a document, octets. */
  | { readonly kind: 'file' }
  /** Too much for a tree of parts. */
  | { readonly kind: 'too-complex'; readonly what: keyof TreeLimits; readonly limit: number };

/** Text. */
export interface ShownText {
  readonly kind: 'text';
  /** `attached`: text that the mail gives as a file. */
  readonly place: 'body' | 'attached';
  readonly form: 'plain' | 'html' | 'other';
  /** Decoded, lines that flow joined, HTML as text. */
  readonly text: string;
  /** Of HTML, the source. `null` for what is no HTML. */
  readonly source: string | null;
  /** Lower case, as the part names it. */
  readonly charset: string;
  /** Whether this machine knows the charset. */
  readonly charsetKnown: boolean;
  /** Whether there is more than is shown. */
  readonly truncated: boolean;
  /** The pieces of the text that a signature in it covers (RFC 9580 section 7). In UTF-16 units. */
  readonly signed: readonly { readonly start: number; readonly end: number }[];
}

/** What machines say to machines about mail, and people want to read all the same. */
export interface ShownReport {
  readonly kind: 'report';
  /** `rfc822-headers`: the header of the mail that it is about. */
  readonly about: 'delivery' | 'disposition' | 'feedback' | 'rfc822-headers';
  /** In blocks: of a delivery status, the first is about the mail, each other one about a recipient. */
  readonly blocks: readonly (readonly ReadField[])[];
  readonly truncated: boolean;
}

/** A header as people read it. */
export interface ReadHeaderFields {
  /** The fields that matter, in the order in which they are shown, as often as they are there. */
  readonly shown: readonly ReadField[];
  /** All others, from the top. */
  readonly others: readonly ReadField[];
  /** What is odd about it, in words. */
  readonly oddities: readonly string[];
}

/** A field, decoded. */
export interface ReadField {
  readonly name: string;
  /** On one line. */
  readonly text: string;
  /** Of fields with addresses. */
  readonly addresses?: readonly ReadAddress[];
}

/** One address of a field. */
export interface ReadAddress {
  readonly name: string | null;
  readonly address: string;
  readonly group: string | null;
}

/** A signature that a mail carries. Whether it is good is another question. */
export interface FoundSignature {
  readonly kind: 'OpenPGP' | 'S/MIME' | 'DKIM';
  /** The signed part, or the part that has text and signature both. Of DKIM: the mail with the field. */
  readonly path: string;
  /** What it covers, in words. */
  readonly covers: string;
}

/** A field that says what somebody found out about the mail. */
export interface ClaimedResult {
  /** Who says so, as the field says. */
  readonly by: string;
  readonly text: string;
}

/** The part at a path, or `null`. */
export function partAt(part: ReadPart, path: string): ReadPart | null {
  if (part.path === path) return part;
  for (const child of part.children) {
    if (path === child.path || path.startsWith(`${child.path}.`)) return partAt(child, path);
  }
  return null;
}
