/** When a deferred recipient is tried again, and when it is given up (RFC 5321 section 4.5.4.1). All times in milliseconds. */
export interface RetryPolicy {
  /** Between the first attempt and the second. */
  readonly first: number;
  /** How much longer each wait is than the one before. */
  readonly factor: number;
  /** No wait is longer. */
  readonly longest: number;
  /** Counted from the mail's arrival. */
  readonly giveUpAfter: number;
  /** When the sender is told of the delay, counted from the mail's arrival. `null`: never. */
  readonly warnAfter: number | null;
}
