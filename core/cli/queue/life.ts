/** One mail, wherever it is: in the queue, or in its history. */
import type { Facts } from '../../mail/facts.ts';
import type { Session } from '../../mail/session.ts';
import type { Trace } from '../../mail/trace.ts';
import type { QueueControl, QueueEntry, Reason } from '../../plugin/queue-control.ts';

export interface Life {
  readonly entry: QueueEntry;
  /** `null`: it is still there. `removed`: by whom, where it was not settled. */
  readonly left: { readonly at: Date; readonly removed: Reason | null } | null;
  /** `null` where it cannot be read. */
  readonly session: Session | null;
  readonly facts: Facts | null;
  readonly trace: Trace;
}

/** The mail, or `null` where nothing is known of it. */
export async function lifeOf(queue: QueueControl, id: string): Promise<Life | null> {
  const found = await queue.find(id);
  if (found !== null) {
    const { entry, mail, trace } = found;
    return { entry, left: null, session: mail?.session ?? null, facts: mail?.facts ?? null, trace };
  }
  const past = await queue.past(id);
  if (past === null) return null;
  const { entry, session, facts, trace, leftAt, removed } = past;
  return { entry, left: { at: leftAt, removed }, session, facts, trace };
}

/** What people are told who ask for a mail of which nothing is known. */
export function unknownInWords(id: string): string {
  return (
    `${id}: there is no such mail in the queue, nor in its history.\n` +
    'The history goes back as far as queue.history says. Mail that a plugin discarded never came here: the log has it ' +
    'as `discarded`.\n'
  );
}
