/** Whether a mail is one that a rule means. */
import type { Facts, HeaderBlock } from '../../core/index.ts';
import { headerMatches } from './header-match.ts';
import { type MailCondition, says } from './rule.ts';

/** Whether all conditions hold. */
export function mailMatches(header: HeaderBlock, facts: Facts, condition: MailCondition): boolean {
  const known = condition.facts.every(({ name, values }) => says(facts[name], values));
  return known && headerMatches(header, condition.fields);
}
