/** Sees what a gateway does, as middleware, observer and keeper of its queue, and makes reports of it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import { formatMailbox, formatPath } from '../mail/path.ts';
import { formatReply, isPermanent } from '../mail/reply.ts';
import type { Session } from '../mail/session.ts';
import type { Around } from '../plugin/middleware.ts';
import type { Happenings } from '../plugin/observer.ts';
import type { PluginInstance } from '../plugin/plugin.ts';
import type { Clock } from '../plugin/ports.ts';
import type { Lease, NewMail, Settlement } from '../plugin/queue-store.ts';
import type { Contents } from './contents.ts';
import { headlineOf } from './headline.ts';
import { Lately } from './lately.ts';
import type { AcceptedReport, Headline, RefusedReport, Report, SeenOutcome, SeenRecipient } from './reports.ts';
import type { QueueWatch } from './watched-store.ts';

export interface ObservationParts {
  readonly contents: Contents;
  readonly clock: Clock;
  readonly tell: (report: Report) => void;
}

/** What a session has said so far, as far as a refusal does not tell it. */
interface Underway {
  readonly from: string;
  readonly recipients: readonly SeenRecipient[];
  /** The file with its content, once that came. */
  readonly received: string | null;
  readonly headline: Headline;
}

const NO_HEADLINE: Headline = { subject: null, author: null };

export class Observation {
  readonly #parts: ObservationParts;
  readonly #underway = new Lately<string, Underway>(1000);
  /** The file with the content of a mail as it came, by queue id. */
  readonly #received = new Lately<string, string>(1000);
  readonly #delivering = new AsyncLocalStorage<string>();

  constructor(parts: ObservationParts) {
    this.#parts = parts;
  }

  /** The queue id of the mail for whose delivery this code runs, or `null`. */
  get delivering(): string | null {
    return this.#delivering.getStore() ?? null;
  }

  /** To stand above all plugins. */
  get witness(): Pick<PluginInstance, 'around' | 'surrounds' | 'observe'> {
    return {
      surrounds: ['rcpt', 'data', 'deliver'],
      around: this.#around,
      observe: {
        refused: happening => this.#refused(happening),
        discarded: happening => this.#discarded(happening),
      },
    };
  }

  /** To stand around the queue. */
  get watch(): QueueWatch {
    return {
      arriving: one => this.#arriving(one),
      settled: (lease, settlements, steps) => this.#settled(lease, settlements, steps),
      ordered: (id, order) => this.#parts.tell({ kind: 'ordered', id, order }),
    };
  }

  readonly #around: Around = async (call, next) => {
    switch (call.hook) {
      case 'rcpt': {
        const { session, envelope, recipient } = call.subject;
        const recipients = [...envelope.recipients, recipient].map(seenRecipient);
        this.#underway.set(session.id, {
          from: formatPath(envelope.reversePath),
          recipients,
          received: null,
          headline: NO_HEADLINE,
        });
        return next();
      }
      case 'data': {
        const { mail } = call.subject;
        if (!this.#received.has(mail.id)) await this.#keepReceived(mail);
        return next();
      }
      case 'deliver':
        return this.#delivering.run(call.subject.mail.id, () => next());
      default:
        return next();
    }
  };

  async #keepReceived({ id, session, envelope, content }: Mail): Promise<void> {
    const received = await this.#parts.contents.keep(content);
    const recipients = envelope.recipients.map(seenRecipient);
    this.#received.set(id, received);
    const headline = await headlineOf(content);
    this.#underway.set(session.id, { from: formatPath(envelope.reversePath), recipients, received, headline });
  }

  async #arriving({ mail, trace, fate }: NewMail): Promise<() => void> {
    const stored = await this.#parts.contents.keep(mail.content);
    const because = fate.kind === 'hold' ? `${fate.by}: ${fate.reason}` : null;
    const headline = await headlineOf(mail.content);
    const report = this.#accepted(mail, { trace, fate: fate.kind, because, stored, ...headline });
    return () => this.#parts.tell(report);
  }

  #accepted(
    mail: Mail,
    rest: Pick<AcceptedReport, 'trace' | 'fate' | 'because' | 'stored' | keyof Headline>,
  ): AcceptedReport {
    const { id, session, envelope, facts, content, receivedAt } = mail;
    this.#underway.delete(session.id);
    // The groups of one transaction have one content, and their ids begin with that of the first.
    const received = this.#received.get(id) ?? this.#received.get(id.replace(/\.\d+$/, '')) ?? null;
    return {
      kind: 'accepted',
      id,
      at: receivedAt.getTime(),
      session,
      from: formatPath(envelope.reversePath),
      recipients: envelope.recipients.map(seenRecipient),
      facts,
      size: content.size,
      received,
      about: typeof facts.about === 'string' ? facts.about : null,
      ...rest,
    };
  }

  #refused({ session, hook, reply, by, because, recipient, trace }: Happenings['refused']): void {
    const underway = this.#underway.get(session.id);
    const hasContent = hook === 'data' || hook === 'queue';
    const all = hasContent ? (underway?.recipients ?? []) : [];
    this.#parts.tell({
      kind: 'refused',
      at: this.#parts.clock.now().getTime(),
      session: plain(session),
      hook,
      reply: formatReply(reply),
      permanent: isPermanent(reply),
      by,
      because,
      from: fromAt(hook, trace, underway?.from ?? null),
      recipients: recipient === null ? all : [seenRecipient(recipient)],
      trace,
      received: hasContent ? (underway?.received ?? null) : null,
      ...(hasContent ? (underway?.headline ?? NO_HEADLINE) : NO_HEADLINE),
    });
  }

  async #discarded({ mail, by, reason, trace }: Happenings['discarded']): Promise<void> {
    const stored = await this.#parts.contents.keep(mail.content);
    const because = `${by}: ${reason}`;
    const headline = await headlineOf(mail.content);
    this.#parts.tell(this.#accepted(mail, { trace, fate: 'discard', because, stored, ...headline }));
  }

  #settled({ mail }: Lease, settlements: readonly Settlement[], trace: AcceptedReport['trace']): void {
    const outcomes = settlements.map(outcomeOf);
    this.#parts.tell({ kind: 'settled', id: mail.id, at: this.#parts.clock.now().getTime(), outcomes, trace });
  }
}

function seenRecipient({ forwardPath, original, via, target }: Recipient): SeenRecipient {
  const address = formatMailbox(forwardPath);
  return {
    address: target === undefined ? address : `${address} (${target.transport}: ${target.argument})`,
    original: formatMailbox(original),
    via,
  };
}

function outcomeOf(settlement: Settlement): SeenOutcome {
  const { index, kind, outcome } = settlement;
  const { remote } = outcome;
  const nextAttempt = kind === 'again' ? settlement.nextAttempt.getTime() : null;
  if (kind === 'damaged') return { index, kind, text: settlement.damage, remote, nextAttempt };
  return { index, kind: outcome.kind, text: textOf(outcome), remote, nextAttempt };
}

/** What the next hop has said, where it said something: our own words are in it then. */
function textOf(outcome: Outcome): string {
  if (outcome.kind === 'delivered') return outcome.text;
  return outcome.diagnostic ?? formatReply(outcome.reply);
}

/** Before RCPT nobody but the refusal itself says who wanted to send; before MAIL nobody has said it. */
function fromAt(hook: string, trace: RefusedReport['trace'], underway: string | null): string | null {
  if (hook === 'mail') return trace.findLast(step => step.hook === 'mail')?.asked ?? null;
  return hook === 'rcpt' || hook === 'data' || hook === 'queue' ? underway : null;
}

/** A copy that can be sent to another process, whatever the engine's own object is. */
function plain(session: Session): Session {
  return { ...session };
}
