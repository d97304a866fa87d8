/**
 * Evaluates `when:` with what is known at a hook. Three answers: a condition on what is not known yet is `unknown`, and
 * only `yes` counts. So a plugin whose `when` looks at the header is not asked before the content is there.
 */
import type { ReversePath } from '../mail/address.ts';
import { matchesAddress } from '../mail/address-pattern.ts';
import { type Condition, simpleConditions, type TextPattern } from '../mail/condition.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Facts } from '../mail/facts.ts';
import { isInRanges } from '../mail/ip-ranges.ts';
import type { Session } from '../mail/session.ts';

export type Holds = 'yes' | 'no' | 'unknown';

/** What is known. `undefined`: not yet. */
export interface View {
  readonly session: Session;
  readonly facts: Facts;
  readonly reversePath?: ReversePath | undefined;
  readonly recipient?: Recipient | undefined;
  /** In octets. */
  readonly size?: number | undefined;
  /** The unfolded values of a header field, by its lower-case name. */
  readonly header?: ((field: string) => readonly string[]) | undefined;
}

/** Whether a condition holds. */
export function holds(condition: Condition, view: View): Holds {
  switch (condition.kind) {
    case 'all':
      return every(condition.of.map(one => holds(one, view)));
    case 'any':
      return negate(every(condition.of.map(one => negate(holds(one, view)))));
    case 'not':
      return negate(holds(condition.of, view));
    case 'listener':
      return known(condition.ids.includes(view.session.listener));
    case 'client':
      return known(isInRanges(condition.ranges, view.session.client.address));
    case 'tls':
      return known((view.session.tls !== null) === condition.is);
    case 'authenticated':
      return known((view.session.user !== null) === condition.is);
    case 'sender': {
      const path = view.reversePath;
      return path === undefined ? 'unknown' : known(condition.patterns.some(pattern => matchesAddress(pattern, path)));
    }
    case 'recipient': {
      const path = view.recipient?.forwardPath;
      return path === undefined ? 'unknown' : known(condition.patterns.some(pattern => matchesAddress(pattern, path)));
    }
    case 'header': {
      if (view.header === undefined) return 'unknown';
      const values = view.header(condition.field.toLowerCase());
      return known(values.some(value => condition.patterns.some(pattern => matchesText(pattern, value))));
    }
    case 'size':
      if (view.size === undefined) return 'unknown';
      return known(view.size >= condition.atLeast && view.size <= condition.atMost);
    case 'fact':
      return fact(view.facts[condition.name], condition.values);
  }
}

function known(is: boolean): Holds {
  return is ? 'yes' : 'no';
}

function negate(value: Holds): Holds {
  if (value === 'unknown') return 'unknown';
  return value === 'yes' ? 'no' : 'yes';
}

function every(values: readonly Holds[]): Holds {
  if (values.includes('no')) return 'no';
  return values.includes('unknown') ? 'unknown' : 'yes';
}

/** A fact that nobody has stated is unknown, so that neither `x` nor `not x` holds of it. */
function fact(value: Facts[string] | undefined, wanted: readonly string[]): Holds {
  if (value === undefined) return 'unknown';
  const said = typeof value === 'object' ? value : [String(value)];
  return known(said.some(one => wanted.includes(one)));
}

/** Whether the value of a header field fits. */
export function matchesText(pattern: TextPattern, value: string): boolean {
  switch (pattern.kind) {
    case 'present':
      return true;
    case 'contains':
      return value.toLowerCase().includes(pattern.text.toLowerCase());
    case 'equals':
      return value === pattern.text;
  }
}

/** Whether a condition looks at something of one kind. */
export function looksAt(condition: Condition, kind: Condition['kind']): boolean {
  return simpleConditions(condition).some(one => one.kind === kind);
}
