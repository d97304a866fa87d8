/** Rules: which mails are meant, what is done to them, and what their signatures are worth. */

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

/** One edit of the header. */
export type Action =
  | { readonly kind: 'add'; readonly field: string; readonly value: string; readonly at: 'top' | 'bottom' }
  /** The topmost field gets the value and any other of its name goes. Nothing is done where there is none. */
  | { readonly kind: 'replace'; readonly field: string; readonly value: string }
  /** All fields of these names; a name that ends in `*` stands for all that begin so. */
  | { readonly kind: 'remove'; readonly fields: readonly string[] }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** Puts text before the subject, unless it is in it already. */
  | { readonly kind: 'subjectTag'; readonly tag: string };

/** A rule. */
export interface Rule {
  /** For the log and the trace. */
  readonly name: string;
  /** All must hold; none: every mail is meant. */
  readonly conditions: readonly FieldCondition[];
  readonly actions: readonly Action[];
  /** What to do where an action would break a signature. */
  readonly signed: 'edit' | 'skip' | 'refuse';
}
