/** What an outcome means for a recipient: done or again, and whether its sender is to be told. Pure but for the jitter. */
import type { Mail } from '../mail/mail.ts';
import { type Bounced, bouncedBy, type Deferred, type Outcome } from '../mail/outcome.ts';
import { sameMailbox } from '../mail/path.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import type { Random } from '../plugin/ports.ts';
import type { QueuedRecipient } from '../plugin/queue-control.ts';
import type { Lease, Settlement } from '../plugin/queue-store.ts';
import { giveUpAt, retryAfter, warnAt } from './retry.ts';

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
  /**
   * Whether the sender is to be told, by a notification of success, that the alias before this recipient leads to several
   * (RFC 3461 section 5.2.7.3). Whatever becomes of them is an event of its own.
   */
  readonly expanded: boolean;
  /** After which no attempt is made. */
  readonly giveUpAt: Date;
}

/** What the judgement depends on. */
export interface Circumstances {
  readonly mail: Mail;
  readonly now: Date;
  readonly policy: RetryPolicy;
  readonly random: Random;
  /** Nothing was attempted but with `deliver`. */
  readonly fate: Lease['fate']['kind'];
}

/** Judges one outcome. Every deferral meets the question of age here, whatever caused it. */
export function settle(queued: QueuedRecipient, outcome: Outcome, circumstances: Circumstances): Settled {
  const { mail, now, policy, random } = circumstances;
  const end = giveUpAt(policy, mail.receivedAt);
  const always = { queued, expanded: isExpanded(queued, circumstances), giveUpAt: end };
  if (outcome.kind !== 'deferred') return { ...always, ...done(queued, outcome, mail) };
  const retry = retryAfter(policy, { receivedAt: mail.receivedAt, now, attempts: queued.attempts + 1 }, random);
  if (retry.kind === 'give-up') return { ...always, ...done(queued, lateBounce(outcome), mail) };
  const warning = !queued.delayNotified && wants(mail, queued, 'delay') ? warnAt(policy, mail.receivedAt) : null;
  const warns = warning !== null && now >= warning;
  return {
    ...always,
    outcome,
    settlement: {
      index: queued.index,
      kind: 'again',
      outcome,
      // Only an attempt can tell that a mail is late: one falls on the time for the warning.
      nextAttempt: warning !== null && !warns ? earlier(retry.nextAttempt, warning) : retry.nextAttempt,
      delayNotified: queued.delayNotified || warns,
      expires: end,
    },
    owed: warns ? 'delay' : null,
  };
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other;
}

function done(
  queued: QueuedRecipient,
  outcome: Exclude<Outcome, Deferred>,
  mail: Mail,
): Pick<Settled, 'outcome' | 'settlement' | 'owed'> {
  return {
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
  if (outcome.disposition === 'passed-on' || !wants(mail, queued, 'success')) return null;
  return isOneOfSeveral(queued, mail) ? null : 'success';
}

/** The first attempt tells: it is made once, whatever comes of it, and not before the mail is free to go. */
function isExpanded(queued: QueuedRecipient, { mail, fate }: Circumstances): boolean {
  const first = queued.attempts === 0 && fate === 'deliver';
  return first && wants(mail, queued, 'success') && isOneOfSeveral(queued, mail);
}

/** Whether an alias led to this recipient and to others of the mail. */
function isOneOfSeveral({ recipient: { via, original } }: QueuedRecipient, { envelope }: Mail): boolean {
  return via.length > 0 && envelope.recipients.filter(other => sameMailbox(other.original, original)).length > 1;
}

/** The end of a recipient whose time ran out while something kept it from being tried. */
export function expired({ lastOutcome, destination }: QueuedRecipient): Bounced {
  if (lastOutcome?.kind === 'deferred') return lateBounce(lastOutcome);
  return bouncedBy({ code: 554, status: '5.4.7', text: `Not delivered in time: ${destination} could not be tried` });
}

/** The reasons of the last deferral stay: they are what the sender can do something about. */
function lateBounce({ reply, remote, diagnostic }: Deferred): Bounced {
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
