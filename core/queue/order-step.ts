/** What a person decided about a mail, as a step of its trace. */
import type { TraceStep } from '../mail/trace.ts';
import type { Order } from '../plugin/queue-control.ts';

export type OrderName = 'retry' | 'hold' | 'release' | 'remove' | 'bounce';

/** The step. Its hook is none of the table: nobody was asked. */
export function orderStep(name: OrderName, { by, reason, now }: Order): TraceStep {
  return {
    at: now.getTime(),
    hook: 'order',
    plugin: 'mailframe',
    mode: 'enforce',
    asked: `by ${by}`,
    answer: name,
    detail: reason === '' ? null : reason,
    took: 0,
    changes: [],
    facts: {},
  };
}
