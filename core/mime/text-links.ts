/** Links in plain text: the URLs that mail readers make links of (RFC 3986 appendix C). */
import type { LinkReplacement, RewrittenLinks } from './links.ts';
import type { TextFormat } from './text-format.ts';

/** Asks about every link of a text. All characters outside of replaced URLs stay. */
export function rewriteTextLinks(_text: string, _format: TextFormat, _replace: LinkReplacement): RewrittenLinks {
  throw new Error('to come');
}
