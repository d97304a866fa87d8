/** What a table and its thread say to each other. */

/** What the thread is made with. */
export interface SqliteOptions {
  /** Absolute. */
  readonly path: string;
  /** As `SqlQuery.text`. */
  readonly text: string;
  /** How long another program's lock is waited for, in milliseconds. */
  readonly patience: number;
  readonly mostValues: number;
}

/** A question: the values of `?1`, `?2` and so on. */
export interface SqliteQuestion {
  readonly id: number;
  readonly values: readonly string[];
}

export type SqliteAnswer = { readonly id: number } & (
  | { readonly kind: 'found'; readonly values: readonly string[] }
  /** The query failed. */
  | { readonly kind: 'failed'; readonly cause: string }
  /** The database cannot be opened. */
  | { readonly kind: 'closed'; readonly cause: string }
);
