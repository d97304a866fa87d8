/**
 * The mail transactions of one session, one after the other: MAIL, RCPT, the content, and what resets them (RFC 5321
 * sections 3.3 and 4.1.4, RFC 3030).
 *
 * The order of commands is judged here; policy by the chain alone.
 */
import type { Claimed, Refused, Walked } from '../chain/decision.ts';
import { directRecipient, type Recipient } from '../mail/envelope.ts';
import { describeError, LOCAL_ERROR } from '../mail/failure.ts';
import { formatMailbox, formatPath } from '../mail/path.ts';
import type { PermanentReply, Refusal, TransientReply } from '../mail/reply.ts';
import type { Trace } from '../mail/trace.ts';
import { type Awaitable, whenThere } from '../plugin/awaitable.ts';
import type { HookName } from '../plugin/hooks.ts';
import type { NewMail } from '../plugin/queue-store.ts';
import type { BdatCommand } from './bdat-command.ts';
import { Chunks } from './chunks.ts';
import type { Visit } from './crowd.ts';
import { handOver, takesMixed, toEach } from './hand-over.ts';
import type { KnownSession } from './known-session.ts';
import { parseMail } from './mail-command.ts';
import { mailRules } from './mail-rules.ts';
import { parseRcpt } from './rcpt-command.ts';
import { engineRefuses, refuseKnown } from './refuse.ts';
import {
  CONTENT_HAS_BEGUN,
  NEEDS_BDAT,
  NESTED_MAIL,
  NO_ARGUMENT,
  NO_MAIL_YET,
  NO_RECIPIENTS,
  NO_RECIPIENTS_BY_LMTP,
  OTHER_GROUP,
  RECIPIENT_OK,
  type Said,
  TOO_LARGE,
  TOO_MANY_RECIPIENTS,
  TOO_MANY_TRANSACTIONS,
  TOO_MUCH_MAIL,
  TOO_MUCH_MAIL_TO,
} from './replies.ts';
import type { Setting } from './setting.ts';
import { Transaction } from './transaction.ts';

/** Recipients that may join the transaction. */
interface Grouped {
  readonly kind: 'grouped';
  readonly recipients: readonly Recipient[];
  readonly group: string;
}

export class Transactions {
  readonly #setting: Setting;
  readonly #known: KnownSession;
  readonly #visit: Visit;
  #gone = false;
  #transaction: Transaction | null = null;
  #committing = false;
  /** How many have begun. */
  #begun = 0;

  constructor(setting: Setting, known: KnownSession, visit: Visit) {
    this.#setting = setting;
    this.#known = known;
    this.#visit = visit;
  }

  /** Whether one is going on. */
  get open(): boolean {
    return this.#transaction !== null;
  }

  /** Whether a mail is just being made durable: whoever ends the session waits for that. */
  get committing(): boolean {
    return this.#committing;
  }

  /** The client has gone: nothing more is committed for it. */
  leave(): void {
    this.#gone = true;
    this.#transaction?.abandon();
  }

  reset(): void {
    this.#transaction?.abandon();
    this.#over();
  }

  mail(argument: string): Awaitable<Said> {
    const barred = this.#known.barred(this.#setting.options);
    if (barred !== null) return barred;
    if (this.#transaction !== null) return NESTED_MAIL;
    const { options, chain } = this.#setting;
    if (this.#begun >= options.limits.transactions) return TOO_MANY_TRANSACTIONS;
    const command = parseMail(argument, mailRules(options, this.#known.session, this.#known.offered));
    if (command.kind === 'refused') {
      if (command.reply !== TOO_LARGE) return command.reply;
      return this.#refuse('mail', engineRefuses(TOO_LARGE, 'the announced size'), { asked: argument });
    }
    const { reversePath, parameters, accepted } = command;
    const busy = this.#setting.reception.busy();
    if (busy !== null) {
      return this.#refuse('mail', engineRefuses(busy, 'the queue cannot keep up'), { asked: formatPath(reversePath) });
    }
    const crowded = this.#crowded('mails', TOO_MUCH_MAIL, { hook: 'mail', asked: formatPath(reversePath) });
    if (crowded !== null) return crowded;
    const { session, facts } = this.#known;
    return whenThere(chain.mail(session, reversePath, parameters, facts), walked => {
      const { decision, steps } = walked;
      if (decision.kind === 'refused') return this.#refuse('mail', decision, { asked: formatPath(reversePath), steps });
      this.#begun += 1;
      this.#transaction = new Transaction({ reversePath, parameters, facts: walked.facts, steps });
      return accepted;
    });
  }

  rcpt(argument: string): Awaitable<Said> {
    const barred = this.#known.barred(this.#setting.options);
    if (barred !== null) return barred;
    const transaction = this.#transaction;
    if (transaction === null) return NO_MAIL_YET;
    if (transaction.chunks !== null) return CONTENT_HAS_BEGUN;
    const { smtpUtf8 } = transaction.parameters;
    const { hostname, limits } = this.#setting.options;
    const command = parseRcpt(argument, { smtpUtf8, postmasterDomain: hostname });
    if (command.kind === 'refused') return command.reply;
    const recipient = directRecipient(command.forwardPath, command.dsn);
    if (transaction.has(recipient.forwardPath)) return this.#again(transaction, recipient);
    const asked = formatMailbox(recipient.forwardPath);
    if (transaction.size >= limits.recipients) {
      const decision = engineRefuses(TOO_MANY_RECIPIENTS, `more than ${limits.recipients} recipients`);
      return this.#refuse('rcpt', decision, { asked, recipient });
    }
    const crowded = this.#crowded('recipients', TOO_MUCH_MAIL_TO, { hook: 'rcpt', asked });
    return crowded ?? this.#ask(transaction, recipient);
  }

  /** Whether content makes sense now. */
  dataRefusal(argument: string): PermanentReply | null {
    const barred = this.#known.barred(this.#setting.options);
    if (barred !== null) return barred;
    if (argument !== '') return NO_ARGUMENT;
    if (this.#transaction === null) return NO_MAIL_YET;
    if (this.#transaction.chunks !== null) return CONTENT_HAS_BEGUN;
    return this.#recipientless(this.#transaction) ?? (this.#transaction.isBinary ? NEEDS_BDAT : null);
  }

  /** Whether so many octets more make sense now (RFC 3030 section 2). By LMTP each RCPT hears of the last ones. */
  chunkRefusal({ size, last }: BdatCommand): readonly Said[] | null {
    const barred = this.#known.barred(this.#setting.options);
    if (barred !== null) return [barred];
    const transaction = this.#transaction;
    if (transaction === null) return [NO_MAIL_YET];
    const recipientless = this.#recipientless(transaction);
    if (recipientless !== null) return [recipientless];
    const { maxSize, protocol } = this.#setting.options;
    if ((transaction.chunks?.size ?? 0) + size <= maxSize) return null;
    const refusal = this.#refuse('data', engineRefuses(TOO_LARGE, 'the size of the chunks'), { asked: 'BDAT' });
    // The octets that came are of no use without these.
    this.reset();
    return last ? toEach(refusal, transaction, protocol) : [refusal];
  }

  /** The content that comes in chunks, of which the next one follows. */
  chunks(size: number): Chunks {
    const transaction = this.#transaction;
    if (transaction === null) throw new Error('there is no transaction to take chunks for');
    const chunks = transaction.chunks ?? transaction.begin(new Chunks(stream => this.content(stream)));
    chunks.announce(size);
    return chunks;
  }

  /**
   * Takes the content and ends the transaction. Does not reject.
   * @returns one reply, or by LMTP one for each RCPT; `null` where the client left and nobody waits for any.
   */
  async content(stream: AsyncIterable<Buffer>): Promise<readonly Said[] | null> {
    const transaction = this.#transaction;
    if (transaction === null) throw new Error('there is no transaction to take content for');
    const { session, steps } = this.#known;
    const commit = (mails: readonly NewMail[]) => this.#commit(mails);
    try {
      return await handOver(this.#setting, { session, steps, transaction, stream, hasGone: () => this.#gone, commit });
    } catch (error) {
      const { log, options } = this.#setting;
      const stack = error instanceof Error ? error.stack : undefined;
      log.error('failed', { during: 'content', cause: describeError(error), stack });
      return toEach(LOCAL_ERROR, transaction, options.protocol);
    } finally {
      if (this.#transaction === transaction) this.#over();
    }
  }

  #over(): void {
    this.#transaction = null;
    this.#known.forwarded(null);
  }

  async #commit(mails: readonly NewMail[]): Promise<void> {
    this.#committing = true;
    try {
      await this.#setting.reception.commit(mails, () => this.#gone);
    } finally {
      this.#committing = false;
    }
  }

  #ask(transaction: Transaction, recipient: Recipient): Awaitable<Said> {
    const { session } = this.#known;
    const walked = this.#setting.chain.rcpt(session, transaction.envelope, recipient, transaction.facts);
    return whenThere(walked, answer => this.#take(transaction, recipient, answer));
  }

  #take(transaction: Transaction, recipient: Recipient, { decision, facts, steps }: Walked<Claimed | Refused>): Said {
    const original = recipient.forwardPath;
    const answer = decision.kind === 'refused' ? decision : this.#groupOf(transaction, decision.recipients);
    if (answer.kind === 'refused') {
      const reply = this.#refuse('rcpt', answer, { asked: formatMailbox(original), recipient, steps });
      transaction.refuse(steps);
      return reply;
    }
    transaction.accept({ original, recipients: answer.recipients, group: answer.group, facts, steps });
    return RECIPIENT_OK;
  }

  #groupOf(transaction: Transaction, recipients: readonly Recipient[]): Grouped | Refused {
    const { session } = this.#known;
    const group = this.#setting.chain.groupOf(session, transaction.reversePath, recipients);
    const isAlien = !takesMixed(this.#setting, session) && transaction.isOfOtherGroup(group);
    return isAlien
      ? engineRefuses(OTHER_GROUP, 'its content meets other plugins')
      : { kind: 'grouped', recipients, group };
  }

  /** A RCPT that was accepted before: SMTP says so again, LMTP owes one more reply after the content. */
  #again(transaction: Transaction, recipient: Recipient): Said {
    const { recipients } = this.#setting.options.limits;
    return transaction.again(recipient.forwardPath) <= 2 * recipients ? RECIPIENT_OK : TOO_MANY_RECIPIENTS;
  }

  /** RFC 5321 section 3.3, RFC 2033 section 4.2. */
  #recipientless({ envelope }: Transaction): PermanentReply | null {
    if (envelope.recipients.length > 0) return null;
    return this.#setting.options.protocol === 'lmtp' ? NO_RECIPIENTS_BY_LMTP : NO_RECIPIENTS;
  }

  /** What somebody hears who has sent too much already. */
  #crowded(
    what: 'mails' | 'recipients',
    reply: TransientReply,
    at: { readonly hook: HookName; readonly asked: string },
  ): Refusal | null {
    const whose = this.#visit.count(what);
    if (whose === null) return null;
    return this.#refuse(at.hook, engineRefuses(reply, `too many ${what} of this ${whose}`), { asked: at.asked });
  }

  #refuse(
    hook: HookName,
    decision: Refused,
    about: { readonly asked: string; readonly steps?: Trace; readonly recipient?: Recipient },
  ): Refusal {
    const before = this.#transaction?.steps ?? [];
    return refuseKnown(this.#setting, this.#known, hook, decision, {
      ...about,
      steps: [...before, ...(about.steps ?? [])],
    });
  }
}
