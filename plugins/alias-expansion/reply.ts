/** What the client hears where a recipient leads to nobody whom its mail could be taken for now. */
import { type Defer, defer, type Reject, reject, type TableUnavailable } from '../../core/index.ts';
import type { Expanded } from './expansion.ts';
import type { ExpansionRules } from './walk.ts';

/** An expansion that gives no recipients. */
export type Fruitless = Exclude<Expanded, { readonly kind: 'no-alias' | 'recipients' | 'blackhole' }>;

/** The tables stay out of the reply: how aliases lead to each other is for the log. */
export function refusalOf(
  expanded: Fruitless,
  { limit, depth }: Pick<ExpansionRules, 'limit' | 'depth'>,
): Reject | Defer {
  switch (expanded.kind) {
    case 'fail':
      return reject(550, '5.1.1', expanded.text || 'No such mailbox', expanded.via);
    case 'defer':
      return defer(450, '4.2.1', expanded.text || 'Mailbox unavailable, try again later', expanded.via);
    case 'too-many':
      return defer(451, '4.5.3', 'Alias expands to too many recipients, try again later', `more than ${limit}`);
    case 'too-deep':
      return defer(451, '4.4.6', 'Alias leads too far, try again later', `deeper than ${depth}: ${expanded.via}`);
    case 'loop':
      return defer(451, '4.4.6', 'Alias leads round in a loop, try again later', `this is a loop: ${expanded.via}`);
  }
}

export function unavailable({ message }: TableUnavailable): Defer {
  return defer(451, '4.3.0', 'Local error in processing, try again later', message);
}
