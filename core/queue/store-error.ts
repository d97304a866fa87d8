/** What a store rejects with: a failure of the disk or the database, with the code that `core/mail/failure.ts` knows. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  /** An errno, or SQLite's name for it: `ENOSPC`, `SQLITE_FULL`. */
  readonly code: string | null;

  constructor(message: string, code: string | null) {
    super(message);
    this.code = code;
  }
}
