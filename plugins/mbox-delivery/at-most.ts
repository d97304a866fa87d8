/** Bounds how much is done at the same time, so that a mail to a thousand mailboxes does not need a thousand handles. */

/** Does the work for every item, for at most `limit` of them at once. The results keep the items' order. */
export async function atMost<T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  if (items.length <= limit) return Promise.all(items.map(work));
  const results: R[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}
