/** Who failed, and how: carried from where it broke to where it is contained. */
import { describeError } from '../mail/failure.ts';
import type { Link } from './link.ts';

export class Blame extends Error {
  readonly by: Link;
  readonly late: boolean;

  constructor(by: Link, cause: unknown, late = false) {
    super(describeError(cause), { cause });
    this.by = by;
    this.late = late;
  }
}
