/**
 * The expansion of a recipient: all that its alias leads to, through aliases of aliases.
 *
 * Guarantees: it ends, whatever the table holds, because no alias is followed twice in one domain; every recipient comes
 * out once; an alias that names itself means the mailbox of that name; never more than `limit` recipients come out.
 */
import { type Expansion, formatMailbox, type Mailbox } from '../../core/index.ts';
import { type Alias, formatStep, type Target } from './alias.ts';
import type { AliasTable } from './alias-table.ts';

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
  | { readonly kind: 'too-many' }
  /** It leads round in a loop, and nowhere else. */
  | { readonly kind: 'nobody' };

/** An alias that is followed, and how it was reached. */
interface Step {
  readonly alias: Alias;
  /** Where its targets without a domain belong. */
  readonly domain: string;
  readonly above: Step | null;
}

/** What was found so far. */
interface Found {
  readonly to: Map<string, Expansion>;
  readonly failed: { readonly text: string; readonly via: string }[];
  deferred: { readonly text: string; readonly via: string } | null;
  blackhole: string | null;
}

const NO_ALIAS: Expanded = { kind: 'no-alias' };

/** Expands a recipient, at most `limit` times. */
export function expandAlias(table: AliasTable, recipient: Mailbox, limit: number): Expanded {
  const alias = table.find(recipient);
  if (alias === null) return NO_ALIAS;
  const found: Found = { to: new Map(), failed: [], deferred: null, blackhole: null };
  const followed = new Map<Alias, Set<string>>();
  const waiting: { readonly target: Target; readonly step: Step }[] = [];

  const follow = (alias: Alias, domain: string, above: Step | null) => {
    const domains = followed.get(alias) ?? new Set();
    if (domains.has(domain)) return;
    followed.set(alias, domains.add(domain));
    const step = { alias, domain, above };
    // The last one in is the first one out.
    for (const target of alias.targets.toReversed()) waiting.push({ target, step });
  };

  follow(alias, recipient.domain, null);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { target, step } = next;
    if (target.kind === 'address') {
      const mailbox = { localPart: target.address.localPart, domain: target.address.domain ?? step.domain };
      const below = table.find(mailbox);
      if (below === null || below === step.alias) addMailbox(found, table, mailbox, step);
      else follow(below, mailbox.domain, step);
    } else {
      addVerdict(found, target, step);
    }
    if (found.to.size > limit) return { kind: 'too-many' };
  }
  return verdictOf(found);
}

/** In the table's own domains the case of a name does not make it another one. */
function addMailbox(found: Found, table: AliasTable, mailbox: Mailbox, step: Step): void {
  const { localPart, domain } = mailbox;
  const key = formatMailbox(table.domains.has(domain) ? { localPart: localPart.toLowerCase(), domain } : mailbox);
  if (!found.to.has(key)) found.to.set(key, { to: mailbox, via: viaOf(step) });
}

function addVerdict(found: Found, target: Exclude<Target, { kind: 'address' }>, step: Step): void {
  const via = viaOf(step);
  switch (target.kind) {
    case 'fail':
      found.failed.push({ text: target.text, via });
      break;
    case 'defer':
      found.deferred ??= { text: target.text, via };
      break;
    case 'blackhole':
      found.blackhole ??= via;
      break;
    default:
      target satisfies never;
  }
}

/** A deferral defers the whole, so that nobody gets a second copy when the client comes again. */
function verdictOf({ to, failed, deferred, blackhole }: Found): Expanded {
  if (deferred !== null) return { kind: 'defer', ...deferred };
  if (to.size > 0) return { kind: 'recipients', to: [...to.values()], leftOut: failed.map(({ via }) => via) };
  if (blackhole !== null) return { kind: 'blackhole', via: blackhole };
  const [first] = failed;
  return first === undefined ? { kind: 'nobody' } : { kind: 'fail', ...first };
}

/** The way to a target, from the recipient on: `staff (aliases:3) -> team (aliases:9)`. */
function viaOf(step: Step): string {
  const steps: string[] = [];
  for (let at: Step | null = step; at !== null; at = at.above) steps.push(formatStep(at.alias));
  return steps.reverse().join(' -> ');
}
