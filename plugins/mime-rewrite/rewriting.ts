/**
 * A mail through the rules: the header is edited as octets, the body is passed on untouched and unread.
 *
 * Guarantee: where the rules change nothing, the content is the one that came.
 */
import {
  applyEditsTo,
  brokenSignatures,
  type Change,
  type Content,
  contentOf,
  type HeaderBlock,
  joinContent,
  parseHeader,
  sliceContent,
} from '../../core/index.ts';
import { editsFor } from './header-action.ts';
import { headerMatches } from './header-match.ts';
import type { Rule } from './rule.ts';

/** What became of a mail. */
export type Rewritten =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly content: Content; readonly changes: readonly Change[] }
  /** A rule would break signatures that it must not break. */
  | { readonly kind: 'refused'; readonly rule: Rule; readonly breaks: readonly string[] };

/** A rule that was not applied, because it would break these signatures. */
export type Skipped = (rule: Rule, breaks: readonly string[]) => void;

/** Enough of the body to tell, with the header, that no empty line stands between them. In octets. */
const FIRST_LINE = 1000;

/** Applies the rules one after the other. `header`: that of the content. */
export async function rewriteBy(
  rules: readonly Rule[],
  { content, header }: { readonly content: Content; readonly header: HeaderBlock },
  skipped: Skipped,
): Promise<Rewritten> {
  const headLength = Math.min(content.size, header.bodyStart + (header.end === 'no-empty-line' ? FIRST_LINE : 0));
  const tail = sliceContent(content, headLength, content.size);
  const changes: Change[] = [];
  let head = await octetsOf(sliceContent(content, 0, headLength));
  for (const rule of rules) {
    if (!headerMatches(parseHeader(head), rule.conditions)) continue;
    const edited = await apply(rule, head, tail);
    const breaks = [...new Set(edited.changes.flatMap(change => change.breaks))];
    if (breaks.length > 0 && rule.signed === 'refuse') return { kind: 'refused', rule, breaks };
    if (breaks.length > 0 && rule.signed === 'skip') skipped(rule, breaks);
    else {
      head = edited.head;
      changes.push(...edited.changes);
    }
  }
  return changes.length === 0
    ? { kind: 'unchanged' }
    : { kind: 'changed', content: joinContent(contentOf(head), tail), changes };
}

async function apply(rule: Rule, before: Buffer, tail: Content) {
  const changes: Change[] = [];
  let head = before;
  for (const action of rule.actions) {
    const { edits, what } = editsFor(parseHeader(head), action);
    if (edits.length === 0) continue;
    const after = applyEditsTo(head, edits);
    changes.push({ what, breaks: await broken(head, after, tail) });
    head = after;
  }
  return { head, changes };
}

/** The body is the same. It is read only where the header says something else about it than before. */
function broken(before: Buffer, after: Buffer, tail: Content): Promise<readonly string[]> {
  const same = descriptionOf(before) === descriptionOf(after);
  const enough = (head: Buffer) => (same ? contentOf(head) : joinContent(contentOf(head), tail));
  return brokenSignatures(enough(before), enough(after));
}

/** The fields that say what the body is (RFC 2045). */
function descriptionOf(head: Buffer): string {
  const fields = parseHeader(head).fields.filter(({ name }) => /^(?:content-.*|mime-version)$/i.test(name));
  return fields.map(({ raw }) => raw.toString('latin1')).join('');
}

/** Not `bytes`: that would read the whole content. */
async function octetsOf(content: Content): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(content.stream()));
}
