/** The verbs of `mailframe queue` that act on mail: retry, hold, release, remove, bounce. Each says what it did and to how many. */
import type { PermanentReply } from '../../mail/reply.ts';
import type { Acted, Order, QueueControl, QueueFilter } from '../../plugin/queue-control.ts';
import { mailsOf } from './list.ts';
import { counted, numberInWords, timeInWords } from './words.ts';

/** What one verb does. */
interface Action {
  readonly act: (queue: QueueControl, id: string, order: Order) => Promise<Acted | null>;
  /** What has become of the recipients: `due now`. */
  readonly done: string;
  /** What becomes of those to whom an attempt is being made. */
  readonly leased: string;
  /** Why there may be nobody to whom it happens. */
  readonly nobody: string;
}

/** What the sender of returned mail is told, without a reason of its own. */
const RETURNED = 'Returned by the operator of this system';

const BEING_TRIED = 'to whom an attempt is being made at this moment';

export const ACTIONS = {
  retry: {
    act: (queue, id, order) => queue.retry(id, order),
    done: 'due now',
    leased: `${BEING_TRIED}: nothing to do`,
    nobody: 'nobody waits for an attempt; what is on hold must be released',
  },
  hold: {
    act: (queue, id, order) => queue.hold(id, order),
    done: 'on hold',
    leased: `${BEING_TRIED}: on hold should it fail`,
    nobody: 'nobody is left to be held',
  },
  release: {
    act: (queue, id, order) => queue.release(id, order),
    done: 'released',
    leased: BEING_TRIED,
    nobody: 'nobody was on hold',
  },
  remove: {
    act: (queue, id, order) => queue.remove(id, order),
    done: 'removed; nobody is told',
    leased: `removed as well, ${BEING_TRIED}: it may still be delivered`,
    nobody: 'removed',
  },
  bounce: {
    act: (queue, id, order) => queue.bounce(id, replyOf(order), order),
    done: 'to be returned to the sender, by the gateway that works on the queue',
    leased: `${BEING_TRIED}: returned should it fail`,
    nobody: 'nobody is left, or the mail cannot be read: nobody can be told',
  },
} as const satisfies Readonly<Record<string, Action>>;

export type ActionName = keyof typeof ACTIONS;

/** What came of it for one mail. `acted`: `null` where there is no such mail in the queue. */
export interface Result {
  readonly id: string;
  readonly acted: Acted | null;
}

/** So many mails are acted on at the same time: they share a transaction. */
const TOGETHER = 200;

/** Acts on each mail, in their order. */
export async function* actOn(
  queue: QueueControl,
  name: ActionName,
  ids: readonly string[],
  order: Order,
): AsyncIterable<readonly Result[]> {
  const { act }: Action = ACTIONS[name];
  for (let from = 0; from < ids.length; from += TOGETHER) {
    const some = ids.slice(from, from + TOGETHER);
    yield await Promise.all(some.map(async id => ({ id, acted: await act(queue, id, order) })));
  }
}

/** The mails that a filter means. */
export async function meantBy(queue: QueueControl, filter: QueueFilter): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const page of mailsOf(queue, filter)) for (const { id } of page) ids.push(id);
  return ids;
}

/** One mail in words. */
export async function resultInWords(queue: QueueControl, name: ActionName, { id, acted }: Result): Promise<string> {
  if (acted !== null) return `${id}: ${actedInWords(name, acted)}\n`;
  const past = await queue.past(id);
  if (past === null) return `${id}: there is no such mail in the queue\n`;
  return `${id}: no longer in the queue, which it left ${timeInWords(past.leftAt)}: mailframe queue show ${id}\n`;
}

/** Many mails in words. */
export function resultsInWords(name: ActionName, results: readonly Result[]): string {
  const there = results.flatMap(({ acted }) => (acted === null ? [] : [acted]));
  const all = there.reduce(
    (sum, { recipients, leased }) => ({ recipients: sum.recipients + recipients, leased: sum.leased + leased }),
    { recipients: 0, leased: 0 },
  );
  const gone = results.length - there.length;
  const touched = there.filter(({ recipients, leased }) => recipients + leased > 0).length;
  const lines = [`${counted(touched > 0 ? touched : there.length, 'mail')}: ${actedInWords(name, all)}`];
  if (touched > 0 && touched < there.length) {
    lines.push(`${counted(there.length - touched, 'mail')} more: ${ACTIONS[name].nobody}`);
  }
  if (gone > 0) lines.push(`${counted(gone, 'mail')} had left the queue by then`);
  return `${lines.join('\n')}\n`;
}

/** One mail for programs. */
export function resultInJson({ id, acted }: Result): object {
  return { id, found: acted !== null, recipients: acted?.recipients ?? 0, leased: acted?.leased ?? 0 };
}

function actedInWords(name: ActionName, { recipients, leased }: Acted): string {
  const { done, leased: meanwhile, nobody }: Action = ACTIONS[name];
  const others = recipients > 0 ? `${numberInWords(leased)} more` : counted(leased, 'recipient');
  const parts = [
    ...(recipients > 0 ? [`${counted(recipients, 'recipient')} ${done}`] : []),
    ...(leased > 0 ? [`${others} ${meanwhile}`] : []),
  ];
  return parts.length === 0 ? nobody : parts.join('; ');
}

function replyOf({ reason }: Order): PermanentReply {
  return { code: 554, status: '5.3.0', text: reason.trim() === '' ? RETURNED : reason.trim().replaceAll(/\s+/g, ' ') };
}
