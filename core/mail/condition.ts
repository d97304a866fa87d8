/** Conditions: what `when:` says, as data. Evaluated by the chain, which alone knows what is known at each hook. */
import type { Mailbox } from './address.ts';

/** Which addresses are meant. */
export type AddressPattern =
  /** `<>`: the null reverse-path. */
  | { readonly kind: 'null' }
  /** `*`: any address. */
  | { readonly kind: 'any' }
  /** `@example.test`, or `@.example.test` for its subdomains. */
  | { readonly kind: 'domain'; readonly domain: string; readonly subdomains: boolean }
  /** `ann@example.test`. The local part is compared with its case. */
  | { readonly kind: 'mailbox'; readonly mailbox: Mailbox };

/** Which text is meant. */
export type TextPattern =
  | { readonly kind: 'present' }
  /** Case is ignored. */
  | { readonly kind: 'contains'; readonly text: string }
  | { readonly kind: 'equals'; readonly text: string };

/** A condition. Lists mean "any of these". */
export type Condition =
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'listener'; readonly ids: readonly string[] }
  /** IP addresses and ranges in CIDR notation. */
  | { readonly kind: 'client'; readonly ranges: readonly string[] }
  | { readonly kind: 'tls'; readonly is: boolean }
  | { readonly kind: 'authenticated'; readonly is: boolean }
  | { readonly kind: 'sender'; readonly patterns: readonly AddressPattern[] }
  | { readonly kind: 'recipient'; readonly patterns: readonly AddressPattern[] }
  | { readonly kind: 'header'; readonly field: string; readonly patterns: readonly TextPattern[] }
  /** In octets, both ends included. */
  | { readonly kind: 'size'; readonly atLeast: number; readonly atMost: number }
  | { readonly kind: 'fact'; readonly name: string; readonly values: readonly string[] };

/** The conditions that a condition is made of, without `all`, `any` and `not`. */
export function simpleConditions(condition: Condition): readonly Condition[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.flatMap(simpleConditions);
    case 'not':
      return simpleConditions(condition.of);
    default:
      return [condition];
  }
}
