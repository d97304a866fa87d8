/** Which lines one text has that another one has not: the shortest way from one to the other (Myers, 1986). */

export interface LineDifference {
  readonly kind: 'kept' | 'added' | 'removed';
  readonly line: string;
}

/** Where texts differ by more lines than this, all of one goes and all of the other comes. */
const MOST_EDITS = 500;

/** All lines of both, in order. */
export function lineDifferences(before: readonly string[], after: readonly string[]): readonly LineDifference[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let [was, is] = [before.length, after.length];
  while (was > start && is > start && before[was - 1] === after[is - 1]) {
    was -= 1;
    is -= 1;
  }
  return [
    ...before.slice(0, start).map(line => ({ kind: 'kept' as const, line })),
    ...middle(before.slice(start, was), after.slice(start, is)),
    ...before.slice(was).map(line => ({ kind: 'kept' as const, line })),
  ];
}

function middle(before: readonly string[], after: readonly string[]): readonly LineDifference[] {
  const path = shortestPath(before, after);
  if (path !== null) return path;
  return [
    ...before.map(line => ({ kind: 'removed' as const, line })),
    ...after.map(line => ({ kind: 'added' as const, line })),
  ];
}

/** `null`: too many edits. */
function shortestPath(before: readonly string[], after: readonly string[]): readonly LineDifference[] | null {
  // By diagonal, how far the first text is used up; one such row for each number of edits.
  const rows: Map<number, number>[] = [];
  let row = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= MOST_EDITS; edits += 1) {
    rows.push(row);
    const next = new Map(row);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOn(row, diagonal, edits);
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkedBack(before, after, rows);
    }
    row = next;
  }
  return null;
}

function startOn(row: ReadonlyMap<number, number>, diagonal: number, edits: number): number {
  const down = row.get(diagonal + 1) ?? -1;
  const right = row.get(diagonal - 1) ?? -1;
  return diagonal === -edits || (diagonal !== edits && right < down) ? Math.max(down, 0) : right + 1;
}

function walkedBack(
  before: readonly string[],
  after: readonly string[],
  rows: readonly ReadonlyMap<number, number>[],
): readonly LineDifference[] {
  const lines: LineDifference[] = [];
  let [x, y] = [before.length, after.length];
  for (let edits = rows.length - 1; edits >= 0; edits -= 1) {
    const row = rows[edits] ?? new Map<number, number>();
    const diagonal = x - y;
    const start = startOn(row, diagonal, edits);
    for (; x > start && y > start - diagonal; x -= 1, y -= 1) lines.push({ kind: 'kept', line: before[x - 1] ?? '' });
    if (edits === 0) break;
    const wentDown =
      diagonal === -edits || (diagonal !== edits && (row.get(diagonal - 1) ?? -1) < (row.get(diagonal + 1) ?? -1));
    if (wentDown) lines.push({ kind: 'added', line: after[(y -= 1)] ?? '' });
    else lines.push({ kind: 'removed', line: before[(x -= 1)] ?? '' });
  }
  return lines.reverse();
}
