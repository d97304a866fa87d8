/**
 * Mailboxes and the paths of an envelope (RFC 5321 sections 4.1.2 and 4.1.3, RFC 6531 section 3.3).
 *
 * Guarantee: a `Mailbox` holds the local part unquoted, with its case kept, and the domain in one canonical form, so two
 * mailboxes are the same exactly when both fields are equal.
 */

/** A mailbox: what stands on each side of the last `@` of an address. */
export interface Mailbox {
  /** Unquoted and unescaped, case kept: `"john doe"@x` has the local part `john doe` (RFC 5321 section 2.4). */
  readonly localPart: string;
  /** Lower case, as A-labels (RFC 5890), or an address literal such as `[192.0.2.1]` or `[IPv6:2001:db8::1]`. */
  readonly domain: string;
}

/** The reverse-path. `null` is the null reverse-path `<>` (RFC 5321 section 4.5.5): a value, never an absence. */
export type ReversePath = Mailbox | null;

/** The forward-path of one recipient. */
export type ForwardPath = Mailbox;
