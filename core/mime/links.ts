/** Links: what rules are asked about, and what they may answer. */
import type { TextEdit } from './leaf-text.ts';

/** Where a link stands. `text`: a URL that mail readers make a link of by themselves. */
export type LinkPlace = 'text' | 'anchor' | 'form' | 'image' | 'refresh' | 'style' | 'frame' | 'other';

export interface Link {
  /** As it is written, references and blanks around it taken off: `http://example.test/a?b&c`. */
  readonly url: string;
  /** The URL that a client asks for: resolved by `<base href>`, in the form of the URL Standard; `null` where it is none. */
  readonly target: URL | null;
  readonly place: LinkPlace;
}

/** The URL that takes the place of a link's, or `null`: it stays, to the octet. */
export type LinkReplacement = (link: Link) => string | null;

/** What was found, and the edits that the answers make. */
export interface RewrittenLinks {
  readonly edits: readonly TextEdit[];
  /** Every link, in order, and what stands in its place now. */
  readonly links: readonly { readonly link: Link; readonly replacement: string | null }[];
}

/**
 * A URL that nobody follows by accident and everybody can read: `hxxps://example[.]test/path`. What has no host loses
 * its scheme's meaning alone: `javascript[:]alert(1)`.
 */
export function defang(_url: string): string {
  throw new Error('to come');
}

/**
 * A replacement by template: `https://check.example/?u={url}`. `{url}` is the target percent-encoded for a query,
 * `{base64url}` the same in base64url, `{host}` its host. Only http, https and ftp targets are replaced.
 * @throws TypeError for a template that names something else, or that is no URL when filled in
 */
export function linkTemplate(_template: string): LinkReplacement {
  throw new Error('to come');
}
