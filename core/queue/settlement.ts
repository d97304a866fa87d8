/** What an outcome means for a recipient: done or again, and whether its sender is to be told. Pure but for the jitter. */

import type { Mail } from '../mail/mail.ts';
import { bouncedBy, type Deferred, type Outcome } from '../mail/outcome.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { Random } from '../plugin/ports.ts';
import type { QueuedRecipient } from '../plugin/queue-control.ts';
import type { Settlement } from '../plugin/queue-store.ts';
import { isLate, type RetryPolicy, retryAfter } from './retry.ts';

/** What a notification is about (RFC 3461 section 4.1). */
export type NotificationKind = 'failure' | 'delay' | 'success';

/** One recipient, judged. */
export interface Settled {
  readonly queued: QueuedRecipient;
  /** As it is written down: a deferral that came too late is a bounce. */
  readonly outcome: Outcome;
  readonly settlement: Settlement;
  /** The notification that is owed for this recipient, or `null`. */
  readonly owed: NotificationKind | null;
}

/** What the judgement depends on. */
export interface Circumstances {
  readonly mail: Mail;
  readonly now: Date;
  readonly policy: RetryPolicy;
  readonly random: Random;
}

/** Judges one outcome. Every deferral meets the question of age here, whatever caused it. */
export function settle(queued: QueuedRecipient, outcome: Outcome, circumstances: Circumstances): Settled {
  if (outcome.kind !== 'deferred') return done(queued, outcome, circumstances.mail);
  const { mail, now, policy, random } = circumstances;
  const retry = retryAfter(policy, { receivedAt: mail.receivedAt, now, attempts: queued.attempts + 1 }, random);
  if (retry.kind === 'give-up') return done(queued, expired(outcome), mail);
  const warns = !queued.delayNotified && isLate(policy, mail.receivedAt, now) && wants(mail, queued, 'delay');
  return {
    queued,
    outcome,
    settlement: {
      index: queued.index,
      kind: 'again',
      outcome,
      nextAttempt: retry.nextAttempt,
      delayNotified: queued.delayNotified || warns,
    },
    owed: warns ? 'delay' : null,
  };
}

function done(queued: QueuedRecipient, outcome: Exclude<Outcome, Deferred>, mail: Mail): Settled {
  return {
    queued,
    outcome,
    settlement: { index: queued.index, kind: 'done', outcome },
    owed: owedWhenDone(queued, outcome, mail),
  };
}

function owedWhenDone(
  queued: QueuedRecipient,
  outcome: Exclude<Outcome, Deferred>,
  mail: Mail,
): NotificationKind | null {
  if (outcome.kind === 'bounced') return wants(mail, queued, 'failure') ? 'failure' : null;
  return outcome.disposition !== 'passed-on' && wants(mail, queued, 'success') ? 'success' : null;
}

/** The reasons of the last deferral stay: they are what the sender can do something about. */
function expired({ reply, remote, diagnostic }: Deferred): Outcome & { readonly kind: 'bounced' } {
  const final: PermanentReply = { code: 554, status: '5.4.7', text: `Not delivered in time: ${reply.text}` };
  return bouncedBy(final, remote, diagnostic);
}

/** Nobody is told about mail from the null reverse-path: it may be a notification itself (RFC 5321 section 4.5.5). */
function wants(mail: Mail, { recipient }: QueuedRecipient, kind: NotificationKind): boolean {
  if (mail.envelope.reversePath === null) return false;
  const { notify } = recipient.dsn;
  if (notify === null) return kind !== 'success';
  return notify !== 'never' && notify.includes(kind);
}
