/** The clients that may relay, as ranges of IP addresses. */

/** Whether the range holds every address of its family: whoever may relay from there may relay from anywhere. */
export function isEverybody(range: string): boolean {
  return range.endsWith('/0');
}
