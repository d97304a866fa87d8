/**
 * What came of an attempt, as steps of the trace: for the recipients to whom the same happened one step, and one for each
 * notification. So the trace alone tells the whole life of a mail. `facts` has it for programs.
 */

import type { FactValue } from '../mail/facts.ts';
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
  const happened = settled.map(one => ({ to: addressOf(one), what: whatHappened(one, fate) }));
  return [
    ...alike(happened).map(group => engineStep(now, group.map(({ to }) => to).join(' '), group[0].what)),
    ...notifications.map(one => notified(one, now)),
  ];
}

type What = Pick<TraceStep, 'answer' | 'detail' | 'facts'>;

interface Happened {
  readonly to: string;
  readonly what: What;
}

/** Those together to whom the same happened. */
function alike(all: readonly Happened[]): readonly (readonly [Happened, ...Happened[]])[] {
  const groups = new Map<string, [Happened, ...Happened[]]>();
  for (const one of all) {
    const { answer, detail, facts } = one.what;
    const key = all.length === 1 ? '' : `${answer} ${detail} ${Object.values(facts).join(' ')}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

function addressOf({ queued: { recipient } }: Settled): string {
  return formatMailbox(recipient.forwardPath);
}

function whatHappened({ queued, outcome, settlement }: Settled, fate: Occasion['fate']): What {
  const facts: Record<string, FactValue> = {};
  // What was returned or given up was not tried.
  if (fate === 'deliver') facts.attempt = queued.attempts + 1;
  if (outcome.remote !== null) facts.remote = outcome.remote;
  if (settlement.kind === 'again') facts.nextAttempt = settlement.nextAttempt.toISOString();
  if (settlement.kind === 'damaged') return { answer: 'damaged', detail: settlement.damage, facts };
  return { answer: outcome.kind, detail: wordsOf(outcome), facts };
}

function notified({ mail }: Pick<NewMail, 'mail'>, now: Date): TraceStep {
  const to = mail.envelope.recipients.map(({ forwardPath }) => formatMailbox(forwardPath)).join(' ');
  return engineStep(now, to, { answer: 'notified', detail: null, facts: { notification: mail.id } });
}

function engineStep(now: Date, asked: string, { answer, detail, facts }: What): TraceStep {
  return {
    at: now.getTime(),
    hook: SETTLE,
    plugin: 'mailframe',
    mode: 'enforce',
    asked,
    answer,
    detail,
    took: 0,
    changes: [],
    facts,
  };
}

/** As the remote said it, where it did. */
function wordsOf(outcome: Outcome): string {
  return outcome.kind === 'delivered' ? outcome.text : (outcome.diagnostic ?? formatReply(outcome.reply));
}
