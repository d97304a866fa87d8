/** What two servers must agree on where their words differ: the class of a reply. */

/** The first digit, and the class of the enhanced status where there is one: `2 2`, `3`. `none`: this is no reply. */
export function replyClass(line: string): string {
  const [, digit = 'none', , status] = /^(\d)\d\d[ -]((\d)\.\d+\.\d+ )?/.exec(line) ?? [];
  return status === undefined ? digit : `${digit} ${status}`;
}

/** The class of our reply as far as theirs has one: an enhanced status may be missing there, but not here. */
export function replyClassLike(theirs: string, ours: string): string {
  const found = replyClass(ours);
  return found.slice(0, Math.max(replyClass(theirs).length, 1));
}
