/** How mailboxes are kept: what a new one is like, and how much one may hold. */

export interface Keeping {
  /** Permission bits of a mailbox that is made. */
  readonly mode: number;
  /** User and group id to whom mailboxes belong; `null`: as the gateway makes them. */
  readonly user: number | null;
  readonly group: number | null;
  /** What a mailbox may hold, in octets; `null`: anything. */
  readonly quota: number | null;
}
