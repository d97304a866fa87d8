/** The account of a mail that really went through: what the queue and its history know of it. */

import type { Outcome } from '../../mail/outcome.ts';
import { formatMailbox, formatPath } from '../../mail/path.ts';
import type { Trace, TraceStep } from '../../mail/trace.ts';
import type { RecipientEntry } from '../../plugin/queue-control.ts';
import type { Exchange, Verdict } from '../../rehearsal/rehearsal.ts';
import type { Life } from '../queue/life.ts';
import { standInWords, whereInWords } from '../queue/show.ts';
import type { Account, AccountedExchange, AskedAccount, RecipientAccount } from './account.ts';

/** In which stage a hook is asked. What is not named here comes after the mail was taken. */
const STAGES: Readonly<Record<string, Exchange['stage']>> = {
  connect: 'connect',
  helo: 'helo',
  auth: 'auth',
  secret: 'auth',
  mail: 'mail',
  rcpt: 'rcpt',
  data: 'content',
  queue: 'content',
};

export function accountOfLife(life: Life, now: Date): Account {
  const { entry, session, facts, trace, left } = life;
  const recipients = entry.recipients.map(one => recipientIn(one, entry.id, left === null ? now : null));
  const asked = askedIn(recipients);
  return {
    verdict: worst(asked.map(({ verdict }) => verdict)),
    standing: whereInWords(life, now),
    session,
    exchanges: exchangesIn(trace),
    recipients: asked,
    mails: [
      {
        id: entry.id,
        receivedAt: entry.receivedAt,
        size: entry.size,
        reversePath: entry.envelope === null ? null : formatPath(entry.envelope.reversePath),
        hold: entry.hold,
        bounce: entry.bounce,
        discard: null,
        facts,
        recipients,
        changes: [],
        breaks: [...new Set(trace.flatMap(brokenIn))],
        notifications: [],
        file: null,
        trace,
      },
    ],
    changes: [],
    withheld: [],
    logged: [],
    notes: [],
  };
}

/** `now`: `null` where the mail has left. */
function recipientIn(one: RecipientEntry, mail: string, now: Date | null): RecipientAccount {
  const { recipient, destination, lastOutcome, state } = one;
  return {
    mail,
    address: formatMailbox(recipient.forwardPath),
    original: formatMailbox(recipient.original),
    via: recipient.via,
    target: recipient.target ?? null,
    destination,
    transport: null,
    hosts: [],
    because: [],
    lastOutcome,
    standing: now === null || state === 'done' ? null : standInWords(one, now),
    acts: [],
  };
}

/** Recipients of one RCPT together. */
function askedIn(recipients: readonly RecipientAccount[]): readonly AskedAccount[] {
  const asked = new Map<string, RecipientAccount[]>();
  for (const one of recipients) asked.set(one.original, [...(asked.get(one.original) ?? []), one]);
  return [...asked].map(([address, leadsTo]) => {
    return { address, verdict: worst(leadsTo.map(verdictOf)), reply: null, leadsTo };
  });
}

function verdictOf({ standing, lastOutcome }: RecipientAccount): Account['verdict'] {
  if (standing !== null) return 'open';
  return lastOutcome === null ? 'accepted' : VERDICTS[lastOutcome.kind];
}

const VERDICTS: Readonly<Record<Outcome['kind'], Verdict>> = {
  delivered: 'accepted',
  deferred: 'deferred',
  bounced: 'refused',
};

function worst(verdicts: readonly Account['verdict'][]): Account['verdict'] {
  return (['refused', 'deferred', 'open'] as const).find(one => verdicts.includes(one)) ?? 'accepted';
}

/** The steps before the mail was taken, by what was asked. */
function exchangesIn(trace: Trace): readonly AccountedExchange[] {
  const exchanges: { readonly key: string; readonly stage: Exchange['stage']; readonly steps: TraceStep[] }[] = [];
  for (const step of trace) {
    const stage = STAGES[step.hook];
    if (stage === undefined) break;
    // Content is one thing that is asked about, whoever it is for.
    const key = stage === 'content' ? stage : `${step.hook} ${step.asked}`;
    const last = exchanges.at(-1);
    if (last?.key === key) last.steps.push(step);
    else exchanges.push({ key, stage, steps: [step] });
  }
  return exchanges.map(({ stage, steps }) => ({ stage, said: null, replies: [], steps }));
}

/** Nothing comes of what a plugin in shadow mode would change. */
function brokenIn({ mode, changes }: TraceStep): readonly string[] {
  return mode === 'shadow' ? [] : changes.flatMap(({ breaks }) => breaks);
}
