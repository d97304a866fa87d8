/** Does the same with each of many, with only so many under way at the same time: the others wait, first come, first served. */
import { type Awaitable, allThere } from './awaitable.ts';

/**
 * The results in the order of the items: at once where all are there at once. A mail to a thousand mailboxes needs no thousand
 * file handles.
 * @example
 * const outcomes = await inLanes(50, recipients, recipient => deliverTo(recipient));
 */
export function inLanes<T, R>(
  lanes: number,
  items: readonly T[],
  work: (item: T) => Awaitable<R>,
): Awaitable<readonly R[]> {
  return items.length <= lanes ? allThere(items.map(work)) : inTurns(lanes, items, work);
}

async function inTurns<T, R>(lanes: number, items: readonly T[], work: (item: T) => Awaitable<R>) {
  const results: R[] = [];
  const left = items.entries();
  const lane = async () => {
    for (const [at, item] of left) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
