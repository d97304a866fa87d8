/**
 * Where the outcomes of an attempt are written down: judged, stored with the notifications they owe, told and logged.
 *
 * A settlement that cannot be stored is tried again until it can: forgetting a delivery would mean making it twice.
 */
import type { Chain } from '../chain/chain.ts';
import { describeError } from '../mail/failure.ts';
import type { Mail } from '../mail/mail.ts';
import { formatReply } from '../mail/reply.ts';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import { allThere, whenThere } from '../plugin/awaitable.ts';
import type { Clock, Log, Random } from '../plugin/ports.ts';
import type { Lease, NewMail, QueueStore } from '../plugin/queue-store.ts';
import type { Ended } from './attempt.ts';
import { damageOf } from './checked-content.ts';
import { addressText } from './disclosure.ts';
import { ledOn } from './led-on.ts';
import { doubleBounceTo, type NotificationOffice, notificationsOwed, notifiesAbout } from './notification.ts';
import type { Placing } from './placing.ts';
import { SET_ASIDE } from './set-aside.ts';
import { type Settled, settle } from './settlement.ts';
import { settlementSteps } from './settlement-steps.ts';

/** What a ledger is kept with. */
export interface LedgerParts extends NotificationOffice {
  readonly store: Pick<QueueStore, 'settle'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly placing: Placing;
  /** These were put into the queue. */
  readonly queued: (mails: readonly NewMail[]) => void;
  /** Aborted when nothing is tried again any more. */
  readonly stopped: AbortSignal;
}

/** The wait after a failure of the store, in milliseconds. */
const RECOVERY_TIME = 5000;
const RETURNED_WITHOUT = 'nothing: what was to be done with it is done, and its sender was told without it';

export class Ledger {
  #parts: LedgerParts;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** Notifications are written otherwise from now on. */
  change({ hostname, returnUpTo, doubleBounce = null }: Pick<LedgerParts, 'hostname' | 'returnUpTo' | 'doubleBounce'>) {
    this.#parts = { ...this.#parts, hostname, returnUpTo, doubleBounce };
  }

  /** The page of one lease: takes what became of its recipients, in as many entries as it likes. Does not reject. */
  page(lease: Lease, chain: Chain): (ended: readonly Ended[], steps: Trace) => Promise<void> {
    const random = drawnOnce(this.#parts.random);
    return async (ended, steps) => {
      const { clock, log, placing } = this.#parts;
      const { mail } = lease;
      const now = clock.now();
      const judged = ended.map(({ queued, outcome }) =>
        whenThere<RetryPolicy, Settled>(placing.policyFor(mail, queued.recipient, chain), policy =>
          settle(queued, outcome, { mail, now, policy, random, fate: lease.fate.kind }),
        ),
      );
      const settled = await allThere(judged);
      const owed = await notificationsOwed(mail, settled, now, this.#parts);
      const notifications = await allThere(owed.map(async one => placing.place(await ledOn(one, chain), chain)));
      const life = [...steps, ...settlementSteps(settled, notifications, { now, fate: lease.fate.kind })];
      const result = await this.#store(lease, settled, life, notifications);
      if (result !== 'settled') {
        log.warn(result === 'lost' ? 'lost' : 'unsettled', { queueId: mail.id, recipients: settled.map(addressOf) });
        return;
      }
      const decided = decidedBy(steps);
      const delay = now.getTime() - mail.receivedAt.getTime();
      for (const one of settled) this.#tell(lease, chain, one, { decided, delay });
      this.#tellDamage(mail, settled);
      for (const { mail: notification } of notifications) {
        log.info('notified', { queueId: mail.id, notification: notification.id });
        log.info('queued', {
          queueId: notification.id,
          about: mail.id,
          from: '<>',
          to: notification.envelope.recipients.map(({ forwardPath }) => addressText(forwardPath)),
          size: notification.content.size,
        });
      }
      if (notifications.length > 0) this.#parts.queued(notifications);
    };
  }

  async #store(
    lease: Lease,
    settled: readonly Settled[],
    steps: Trace,
    notifications: readonly NewMail[],
  ): Promise<'settled' | 'lost' | 'given-up'> {
    const { store, clock, log, stopped } = this.#parts;
    const settlements = settled.map(one => one.settlement);
    for (;;) {
      try {
        return await store.settle(lease, settlements, steps, notifications);
      } catch (error) {
        log.error('failed', { queueId: lease.mail.id, settling: describeError(error) });
        if (stopped.aborted) return 'given-up';
        await clock.sleep(RECOVERY_TIME, stopped).catch(() => undefined);
      }
    }
  }

  #tell({ mail }: Lease, chain: Chain, { queued, outcome, settlement }: Settled, about: About): void {
    const { log } = this.#parts;
    const { decided, delay } = about;
    if (settlement.kind === 'damaged') return;
    const { recipient } = queued;
    const attempt = queued.attempts + 1;
    const fields = {
      queueId: mail.id,
      recipient: addressText(recipient.forwardPath),
      remote: outcome.remote,
      attempt,
      by: decided?.plugin,
      took: decided === undefined ? undefined : Math.round(decided.took),
      delay,
    };
    switch (outcome.kind) {
      case 'delivered':
        log.info('delivered', { ...fields, text: outcome.text });
        chain.tell('delivered', { mail, recipient, outcome, attempt });
        break;
      case 'deferred': {
        const nextAttempt = settlement.kind === 'again' ? settlement.nextAttempt : this.#parts.clock.now();
        const { reply, diagnostic } = outcome;
        log.warn('deferred', { ...fields, reply: formatReply(reply), diagnostic, nextAttempt });
        chain.tell('deferred', { mail, recipient, outcome, attempt, nextAttempt });
        break;
      }
      case 'bounced':
        log.warn('bounced', { ...fields, reply: formatReply(outcome.reply), diagnostic: outcome.diagnostic });
        if (mail.envelope.reversePath === null) this.#undeliverable(mail, fields.recipient);
        chain.tell('bounced', { mail, recipient, outcome, attempt });
        break;
      default:
        outcome satisfies never;
    }
  }

  /** Once for all of them: it is the mail that is damaged. */
  #tellDamage(mail: Mail, settled: readonly Settled[]): void {
    const cause = damageOf(mail.content);
    if (cause === null) return;
    const isSetAside = settled.some(({ settlement }) => settlement.kind === 'damaged');
    this.#parts.log.error('damaged', { queueId: mail.id, cause, next: isSetAside ? SET_ASIDE : RETURNED_WITHOUT });
  }

  /** Its sender cannot be told: whoever looks after this machine should know (RFC 3461 section 5.2). */
  #undeliverable(mail: Mail, recipient: string): void {
    const { log } = this.#parts;
    const about = notifiesAbout(mail);
    const to = doubleBounceTo(mail, this.#parts);
    const told = to === null ? null : addressText(to);
    if (about === null) log.warn('given up', { queueId: mail.id, recipient, told: told ?? 'nobody: it came from <>' });
    else log.error('given up', { queueId: mail.id, about, recipient, told: told ?? 'nobody: it is a notification' });
  }
}

/** What the lines about outcomes have in common. */
interface About {
  readonly decided: TraceStep | undefined;
  /** Since the mail came, in milliseconds. */
  readonly delay: number;
}

/** The step of the plugin that delivered, or that said that nobody can. */
function decidedBy(steps: Trace): TraceStep | undefined {
  return steps.findLast(({ hook }) => hook === 'deliver') ?? steps.findLast(({ hook }) => hook === 'route');
}

/** Chance that falls the same way for all recipients of a lease: what was deferred together is tried again together. */
function drawnOnce(random: Random): Random {
  const whole = 2 ** 32;
  let drawn: number | null = null;
  const below = (bound: number) => {
    drawn ??= random.below(whole) / whole;
    return Math.floor(drawn * bound);
  };
  return { bytes: count => random.bytes(count), below };
}

function addressOf({ queued }: Settled): string {
  return addressText(queued.recipient.forwardPath);
}
