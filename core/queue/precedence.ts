/**
 * Who goes first among those who are due: the higher priority (RFC 6710), and who has waited longer.
 *
 * Both count in one measure, so that nobody waits forever: a step of priority weighs as much as half an hour of waiting.
 * A mail of priority 4 goes before usual mail that became due up to two hours earlier; and whatever its priority, a mail
 * that is due for nine hours longer than another goes before it, for between -9 and 9 there are eighteen steps.
 */

/** In milliseconds. */
const STEP = 30 * 60_000;

/** The smaller goes first. `due` in milliseconds since the epoch. */
export function precedence(due: number, priority: number): number {
  return due - priority * STEP;
}
