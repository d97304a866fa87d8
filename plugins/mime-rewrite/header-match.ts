/** Whether a header is one that a rule means. */
import { decodeText, type HeaderBlock } from '../../core/index.ts';
import type { FieldCondition, ValuePattern } from './rule.ts';

/** Whether all conditions hold. */
export function headerMatches(header: HeaderBlock, conditions: readonly FieldCondition[]): boolean {
  return conditions.every(({ field, patterns }) => {
    const values = header.values(field).map(decodeText);
    return patterns.some(pattern => valuesMatch(values, pattern));
  });
}

function valuesMatch(values: readonly string[], pattern: ValuePattern): boolean {
  switch (pattern.kind) {
    case 'present':
      return values.length > 0;
    case 'absent':
      return values.length === 0;
    case 'contains':
      return values.some(value => value.toLowerCase().includes(pattern.text.toLowerCase()));
    case 'equals':
      return values.includes(pattern.text);
  }
}
