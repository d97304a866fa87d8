/** Rules: which mails and parts are meant, what is done to them, and what their signatures are worth. */
import type { FactValue } from '../../core/index.ts';
import type { Action } from './action.ts';
import type { Glob } from './glob.ts';

/** Which values of a header field are meant. Compared as people read them: unfolded and decoded. */
export type ValuePattern =
  /** The field is there. */
  | { readonly kind: 'present' }
  /** The field is not there. */
  | { readonly kind: 'absent' }
  /** Case is ignored. */
  | { readonly kind: 'contains'; readonly text: string }
  | { readonly kind: 'equals'; readonly text: string };

/** A field, and what it must be: one of the patterns. */
export interface FieldCondition {
  readonly field: string;
  readonly patterns: readonly ValuePattern[];
}

/** A fact, and what it must say: one of the values. A fact that nobody has stated fulfils nothing. */
export interface FactCondition {
  readonly name: string;
  readonly values: readonly string[];
}

/** What a mail must be like. */
export interface MailCondition {
  readonly fields: readonly FieldCondition[];
  readonly facts: readonly FactCondition[];
}

/** What a part must be like. Lists mean "any of these". */
export type PartCondition =
  /** `text/html`, `image/*`. `composite`: whether the patterns name parts that are made of parts. */
  | { readonly kind: 'type'; readonly patterns: readonly Glob[]; readonly composite: boolean }
  /** `named`: whether it has a name at all; else what one of its names is like. */
  | { readonly kind: 'name'; readonly patterns: readonly Glob[] }
  | { readonly kind: 'named'; readonly is: boolean }
  /** `none`: the part says nothing. */
  | { readonly kind: 'disposition'; readonly kinds: readonly string[] }
  /** Decoded, in octets, both ends included. */
  | { readonly kind: 'size'; readonly atLeast: number; readonly atMost: number }
  /** Lower case. */
  | { readonly kind: 'charset'; readonly names: readonly string[] }
  /** The mail itself is 0, its parts 1. Both ends included. */
  | { readonly kind: 'depth'; readonly atLeast: number; readonly atMost: number }
  /** Inside of a part of one of these types, at whatever depth. */
  | { readonly kind: 'within'; readonly patterns: readonly Glob[] }
  | { readonly kind: 'partHeader'; readonly fields: readonly FieldCondition[] }
  /** Not all of these. */
  | { readonly kind: 'not'; readonly of: readonly PartCondition[] };

/**
 * What to do where an action would break a signature: `edit` all the same, `skip` the rule, `refuse` the mail, or wrap the
 * mail first. `wrap-mixed`: signed parts keep their octets; `wrap-message`: the whole mail does, DKIM signatures and all.
 */
export type SignedPolicy = 'edit' | 'skip' | 'refuse' | 'wrap-mixed' | 'wrap-message';

/** A rule. */
export interface Rule {
  /** For the log and the trace. */
  readonly name: string;
  readonly mail: MailCondition;
  /** All must hold of a part. `null`: no parts are asked for. */
  readonly parts: readonly PartCondition[] | null;
  readonly actions: readonly Action[];
  readonly signed: SignedPolicy;
}

/** Whether a fact says one of the wanted values. */
export function says(value: FactValue | undefined, wanted: readonly string[]): boolean {
  if (value === undefined) return false;
  const said = typeof value === 'object' ? value : [String(value)];
  return said.some(one => wanted.includes(one));
}
