/** Header fields folded at their spaces (RFC 5322 section 2.2.3): unfolding gives the value back. */

/** RFC 5322 section 2.1.1: what a line should stay within, and what it must. */
const PREFERRED = 76;
const LONGEST = 900;

/** One field with its line end. `value` is one line. */
export function field(name: string, value: string): string {
  return `${fold(`${name}: ${value}`)}\r\n`;
}

function fold(line: string): string {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > PREFERRED) {
    const space = foldAt(rest);
    // A word that fits no line is cut: the space that this adds is the lesser evil.
    if (space === null && rest.length <= LONGEST) break;
    lines.push(rest.slice(0, space ?? LONGEST));
    rest = space === null ? ` ${rest.slice(LONGEST)}` : rest.slice(space);
  }
  return [...lines, rest].join('\r\n');
}

/** The last space that keeps the line short, or else the first one after that; never one that leaves an empty line. */
function foldAt(line: string): number | null {
  const start = line.search(/[^ ]/) + 1;
  const before = line.lastIndexOf(' ', PREFERRED);
  const space = before > start ? before : line.indexOf(' ', Math.max(PREFERRED, start));
  if (space === -1 || space > LONGEST || line.slice(space).trim() === '') return null;
  return space;
}
