/**
 * The expansion of a recipient: all that its alias leads to, through aliases of aliases, lists and tables.
 *
 * Guarantees: it ends, whatever the tables hold, because no address is followed twice, none deeper than `depth`, and no
 * more than `limit` of them; every recipient comes out once; an alias that names itself means the mailbox of that name. It
 * is all or nothing: a loop, too much, or something that defers keeps everybody waiting, so that nobody gets a second copy.
 */
import { type Awaitable, type Expansion, type Mailbox, whenThere } from '../../core/index.ts';
import type { AskingCall, Match } from './look-up.ts';
import { type ExpansionRules, Walk } from './walk.ts';

/** What a recipient expands to. */
export type Expanded =
  | { readonly kind: 'no-alias' }
  | {
      readonly kind: 'recipients';
      /** At least one, in the order of the table. */
      readonly to: readonly Expansion[];
      /** The ways to targets that fail, where others do not: `staff (aliases:3) -> bob (aliases:7)`. */
      readonly leftOut: readonly string[];
    }
  /** All that it leads to fails, or something of it defers. `text` is for the client and may be empty. */
  | { readonly kind: 'fail' | 'defer'; readonly text: string; readonly via: string }
  | { readonly kind: 'blackhole'; readonly via: string }
  /** More recipients, or more aliases, than the limit. */
  | { readonly kind: 'too-many' }
  | { readonly kind: 'too-deep'; readonly via: string }
  /** `via`: `a (aliases:1) -> b (aliases:2) -> a (aliases:1)`. */
  | { readonly kind: 'loop'; readonly via: string };

const NO_ALIAS: Expanded = { kind: 'no-alias' };

/**
 * Expands a recipient. At once where it has no alias and no table has to be waited for.
 * @throws TableUnavailable, and whatever keeps a list from being read
 */
export function expandAlias(rules: ExpansionRules, recipient: Mailbox, call: AskingCall): Awaitable<Expanded> {
  return whenThere(rules.lookUp.find(recipient, call), match =>
    match === null ? NO_ALIAS : walked(rules, { recipient, match, call }),
  );
}

async function walked(
  rules: ExpansionRules,
  { recipient, match, call }: { readonly recipient: Mailbox; readonly match: Match; readonly call: AskingCall },
): Promise<Expanded> {
  const walk = new Walk(rules, call);
  await walk.from(recipient, match);
  return walk.found.verdict();
}
