/** What an outcome means for a recipient: done or again, and whether its sender is to be told. Pure but for the jitter. */
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import { type Bounced, bouncedBy, type Deferred, deferredBy, type Outcome } from '../mail/outcome.ts';
import { sameMailbox } from '../mail/path.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import type { Random } from '../plugin/ports.ts';
import type { QueuedRecipient } from '../plugin/queue-control.ts';
import type { Lease, Settlement } from '../plugin/queue-store.ts';
import { damageOf } from './checked-content.ts';
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
  const { mail, now, policy, random, fate } = circumstances;
  const { receivedAt } = mail;
  const end = giveUpAt(policy, receivedAt);
  const always = { queued, giveUpAt: end };
  const expanded = isExpanded(queued, mail);
  const over = { ...always, expanded: expanded && fate === 'deliver' };
  if (outcome.kind !== 'deferred') return { ...over, ...done(queued, outcome, mail) };
  // Whatever the transport made of it: another attempt would fail like this one, and nobody else is to blame.
  const damage = damageOf(mail.content);
  if (damage !== null) {
    return { ...over, outcome, settlement: { index: queued.index, kind: 'damaged', outcome, damage }, owed: null };
  }
  const retry = retryAfter(policy, { receivedAt, now, attempts: queued.attempts + 1 }, random);
  if (retry.kind === 'give-up') return { ...over, ...done(queued, lateBounce(outcome), mail) };
  const warning = queued.delayNotified ? null : warningAt(mail, queued.recipient, policy);
  const warns = warning !== null && now >= warning;
  const left = warns ? null : warning;
  // Who was not tried is due still. Of the others one attempt falls on the time for the warning.
  const nextAttempt = fate === 'deliver' ? earlier(retry.nextAttempt, left) : now;
  const delayNotified = queued.delayNotified || warns;
  return {
    ...always,
    expanded,
    outcome,
    settlement: {
      index: queued.index,
      kind: 'again',
      outcome,
      nextAttempt,
      delayNotified,
      expires: earlier(end, left),
    },
    owed: warns ? 'delay' : null,
  };
}

/**
 * When something has to be said about a new recipient, whatever keeps it from being tried: that it is late, or that it is
 * given up.
 */
export function firstWordAt(mail: Mail, recipient: Recipient, policy: RetryPolicy): Date {
  return earlier(giveUpAt(policy, mail.receivedAt), warningAt(mail, recipient, policy));
}

/** `null`: there is no warning, or nobody wants one. */
function warningAt(mail: Mail, recipient: Recipient, policy: RetryPolicy): Date | null {
  return wants(mail, recipient, 'delay') ? warnAt(policy, mail.receivedAt) : null;
}

function earlier(one: Date, other: Date | null): Date {
  return other === null || one < other ? one : other;
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
  if (outcome.kind === 'bounced') return wants(mail, queued.recipient, 'failure') ? 'failure' : null;
  if (outcome.disposition === 'passed-on' || !wants(mail, queued.recipient, 'success')) return null;
  return isOneOfSeveral(queued.recipient, mail) ? null : 'success';
}

/** The first settlement tells: there is one, whatever comes of it, and none before the mail is free to go. */
function isExpanded({ attempts, recipient }: QueuedRecipient, mail: Mail): boolean {
  return attempts === 0 && wants(mail, recipient, 'success') && isOneOfSeveral(recipient, mail);
}

/** Whether an alias led to this recipient and to others of the mail. */
function isOneOfSeveral({ via, original }: Recipient, { envelope }: Mail): boolean {
  return via.length > 0 && envelope.recipients.filter(other => sameMailbox(other.original, original)).length > 1;
}

/** The outcome of a recipient whose time ran out while something kept it from being tried. */
export function untried({ lastOutcome, destination }: QueuedRecipient): Deferred {
  if (lastOutcome?.kind === 'deferred') return lastOutcome;
  return deferredBy({ code: 451, status: '4.4.5', text: `${destination} could not be tried` });
}

/** The reasons of the last deferral stay: they are what the sender can do something about. */
function lateBounce({ reply, remote, diagnostic }: Deferred): Bounced {
  const final: PermanentReply = { code: 554, status: '5.4.7', text: `Not delivered in time: ${reply.text}` };
  return bouncedBy(final, remote, diagnostic);
}

/** Nobody is told about mail from the null reverse-path: it may be a notification itself (RFC 5321 section 4.5.5). */
function wants(mail: Mail, recipient: Recipient, kind: NotificationKind): boolean {
  if (mail.envelope.reversePath === null) return false;
  const { notify } = recipient.dsn;
  if (notify === null) return kind !== 'success';
  return notify !== 'never' && notify.includes(kind);
}
