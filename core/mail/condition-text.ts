/** Conditions in words, for people who want to know why a plugin is asked, or is not. */
import { formatAddressPattern } from './address-pattern.ts';
import type { Condition, TextPattern } from './condition.ts';
import { formatSize } from './quantity.ts';

/** A condition as part of a sentence: `listener is inbound and pgp is none or unknown-key`. */
export function formatCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'all':
      return joined(condition.of, ' and ');
    case 'any':
      return joined(condition.of, ' or ');
    case 'not':
      return `not (${formatCondition(condition.of)})`;
    case 'listener':
      return `listener is ${condition.ids.join(' or ')}`;
    case 'client':
      return `client is in ${condition.ranges.join(' or ')}`;
    case 'tls':
      return condition.is ? 'with TLS' : 'without TLS';
    case 'authenticated':
      return condition.is ? 'authenticated' : 'not authenticated';
    case 'sender':
    case 'recipient':
      return `${condition.kind} is ${condition.patterns.map(formatAddressPattern).join(' or ')}`;
    case 'header':
      return `${condition.field} ${condition.patterns.map(formatText).join(' or ')}`;
    case 'size':
      return formatBounds(condition.atLeast, condition.atMost);
    case 'fact':
      return `${condition.name} is ${condition.values.join(' or ')}`;
    default:
      return condition satisfies never;
  }
}

function joined(conditions: readonly Condition[], conjunction: string): string {
  return conditions
    .map(one => (isCompound(one) ? `(${formatCondition(one)})` : formatCondition(one)))
    .join(conjunction);
}

function isCompound({ kind }: Condition): boolean {
  return kind === 'all' || kind === 'any';
}

function formatText(pattern: TextPattern): string {
  switch (pattern.kind) {
    case 'present':
      return 'is there';
    case 'contains':
      return `contains ${JSON.stringify(pattern.text)}`;
    case 'equals':
      return `is ${JSON.stringify(pattern.text)}`;
    default:
      return pattern satisfies never;
  }
}

/** As it was written: the named sizes are left out. */
function formatBounds(atLeast: number, atMost: number): string {
  const over = atLeast > 0 ? [`over ${formatSize(atLeast - 1)}`] : [];
  const under = atMost < Number.MAX_SAFE_INTEGER ? [`under ${formatSize(atMost + 1)}`] : [];
  return `size is ${[...over, ...under].join(' and ')}`;
}
