/** What became of one recipient of a mail that a gateway took, as far as its queue or its history says. */
import type { Outcome } from '../mail/outcome.ts';

export interface PastRecipient {
  /** Its position in the recipients of the envelope. */
  readonly index: number;
  /** What it waited for: a domain, a next hop, a mailbox. */
  readonly destination: string;
  /** `null`: it was never tried. */
  readonly lastOutcome: Outcome | null;
}
