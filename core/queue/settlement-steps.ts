/**
 * What came of an attempt, as steps of the trace: for the recipients to whom the same happened one step, and one for each
 * notification. So the trace alone tells the whole life of a mail. `facts` has it for programs.
 */

import type { Outcome } from '../mail/outcome.ts';
import { formatMailbox } from '../mail/path.ts';
import { formatReply } from '../mail/reply.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { Lease, NewMail } from '../plugin/queue-store.ts';
import type { Settled } from './settlement.ts';

/** The hook that these steps bear. It is none of the table: nobody was asked. */
export const SETTLE = 'settle';

/** When it was, and what was to be done with the lease. */
export interface Occasion {
  readonly now: Date;
  readonly fate: Lease['fate']['kind'];
}

export function settlementSteps(
  settled: readonly Settled[],
  notifications: readonly Pick<NewMail, 'mail'>[],
  { now, fate }: Occasion,
): Trace {
  const groups = new Map<string, { readonly to: string[]; readonly step: TraceStep }>();
  for (const one of settled) {
    const step = stepFor(one, { now, fate });
    const key = `${step.answer} ${step.detail} ${Object.values(step.facts).join(' ')}`;
    const group = groups.get(key) ?? { to: [], step };
    group.to.push(formatMailbox(one.queued.recipient.forwardPath));
    groups.set(key, group);
  }
  return [
    ...[...groups.values()].map(({ to, step }) => ({ ...step, asked: to.join(' ') })),
    ...notifications.map(one => notified(one, now)),
  ];
}

function stepFor({ queued, outcome, settlement }: Settled, { now, fate }: Occasion): TraceStep {
  // What was returned or given up was not tried.
  const attempt = fate === 'deliver' ? { attempt: queued.attempts + 1 } : {};
  const next = settlement.kind === 'again' ? { nextAttempt: settlement.nextAttempt.toISOString() } : {};
  const remote = outcome.remote === null ? {} : { remote: outcome.remote };
  const what =
    settlement.kind === 'damaged'
      ? { answer: 'damaged', detail: settlement.damage }
      : { answer: outcome.kind, detail: wordsOf(outcome) };
  return engineStep(now, {
    ...what,
    facts: { ...attempt, ...remote, ...next },
  });
}

function notified({ mail }: Pick<NewMail, 'mail'>, now: Date): TraceStep {
  const to = mail.envelope.recipients.map(({ forwardPath }) => formatMailbox(forwardPath)).join(' ');
  return { ...engineStep(now, { answer: 'notified', detail: null, facts: { notification: mail.id } }), asked: to };
}

function engineStep(now: Date, what: Pick<TraceStep, 'answer' | 'detail' | 'facts'>): TraceStep {
  const nothing = { asked: '', took: 0, changes: [] };
  return { at: now.getTime(), hook: SETTLE, plugin: 'mailframe', mode: 'enforce', ...nothing, ...what };
}

/** As the remote said it, where it did. */
function wordsOf(outcome: Outcome): string {
  return outcome.kind === 'delivered' ? outcome.text : (outcome.diagnostic ?? formatReply(outcome.reply));
}
