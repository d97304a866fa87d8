/** Who failed, and how: carried from where it broke to where it is contained. */
import { describeWithCauses } from '../mail/failure.ts';
import type { Link } from './link.ts';

export class Blame extends Error {
  readonly by: Link;
  readonly late: boolean;

  constructor(by: Link, cause: unknown, late = false) {
    super(describeWithCauses(cause), { cause });
    this.by = by;
    this.late = late;
  }
}

/** What a plugin threw where nobody waits for its answer, for a line of the log. */
export function whyAndWhere(by: Link, error: unknown) {
  const { at, stack } = by.originOf(error);
  return { cause: describeWithCauses(error), at, ...(stack === null ? {} : { stack }) };
}
