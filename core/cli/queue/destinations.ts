/** The verbs of `mailframe queue` about destinations: flush, suspend, resume. */
import type { Clock } from '../../plugin/ports.ts';
import type { Flushed, Order, QueueControl, Suspension } from '../../plugin/queue-control.ts';
import { counted, numberInWords, timeInWords } from './words.ts';

/** After each part others get their turn for as long as it took, and so many milliseconds at the least. */
const PAUSE = 15;

/** What waits for a destination, or for any, becomes due, part by part. @returns how many recipients. */
export async function flush(
  queue: QueueControl,
  destination: string | null,
  { clock, progress }: { readonly clock: Clock; readonly progress: (recipients: number) => void },
): Promise<number> {
  const now = clock.now();
  const never = new AbortController().signal;
  let recipients = 0;
  for (let after: string | null = null; ; ) {
    const begun = clock.monotonic();
    const flushed: Flushed = await queue.flush({ destination, now, after });
    recipients += flushed.recipients;
    progress(recipients);
    if (flushed.next === null) return recipients;
    after = flushed.next;
    await clock.sleep(Math.max(PAUSE, clock.monotonic() - begun), never);
  }
}

export function flushedInWords(recipients: number, destination: string | null): string {
  const whither = destination === null ? '' : ` for ${destination}`;
  if (recipients === 0) return `Nobody waits${whither} for a later time: nothing to do.\n`;
  return `${counted(recipients, 'recipient')}${whither} due now.\n`;
}

/** What is not tried, however due it is. Empty where nothing is suspended. */
export function remaining(suspensions: readonly Suspension[]): string {
  if (suspensions.length === 0) return '';
  const names = suspensions.map(({ destination }) => destination).join(', ');
  return `Suspended, so not tried until it is resumed: ${names}\n`;
}

export async function suspend(queue: QueueControl, destination: string, order: Order): Promise<string> {
  const waiting = await queue.suspend(destination, order);
  return `${destination} is suspended: ${waitHere(waiting)}, and nobody is tried until it is resumed.\n`;
}

/** `null`: it was not suspended. */
export async function resume(queue: QueueControl, destination: string): Promise<string | null> {
  const waiting = await queue.resume(destination);
  return waiting === null ? null : `${destination} is resumed: ${waitHere(waiting)}, each until its time comes.\n`;
}

export function suspensionsInWords(suspensions: readonly Suspension[]): string {
  if (suspensions.length === 0) return 'No destination is suspended.\n';
  return suspensions.map(one => `${suspensionInWords(one)}\n`).join('');
}

/** Who, since when and why. */
export function suspensionInWords({ destination, by, reason, since }: Suspension): string {
  return `${destination}: suspended ${timeInWords(since)} by ${by}${reason === '' ? '' : `: ${reason}`}`;
}

function waitHere(recipients: number): string {
  return recipients === 1 ? '1 recipient waits' : `${numberInWords(recipients)} recipients wait`;
}
