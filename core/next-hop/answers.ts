/** What the replies of one transaction mean for its recipients. */
import type { Recipient } from '../mail/envelope.ts';
import { type Deferred, type Delivered, deferredBy, type Outcome } from '../mail/outcome.ts';
import type { Refusal } from '../mail/reply.ts';
import { keepsSuccess } from './commands.ts';
import type { Heard } from './heard.ts';
import { refusedOutcome } from './outcomes.ts';
import { chunkRefusalOf, isDone, isTooMany, type RemoteReply, recipientRefusalOf, refusalOf } from './remote-reply.ts';
import type { Transacted, Transaction } from './transaction.ts';

/** The status subjects "mail system" and "network" (RFC 3463 section 3): not this mail is the trouble, but the machine. */
const OF_THE_MACHINE = /^4\.[34]\./;

/** Collects what is decided. */
export class Answers {
  readonly #transaction: Transaction;
  readonly #outcomes = new Map<Recipient, Outcome>();
  readonly #surplus: Recipient[] = [];
  #ended: Heard | null = null;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** MAIL was refused, or not answered. */
  toMail(recipients: readonly Recipient[], heard: Heard): Transacted {
    const refusal = heard.kind === 'reply' ? refusalOf(heard) : null;
    const concerns = refusal !== null && OF_THE_MACHINE.test(refusal.status) ? 'destination' : 'recipient';
    for (const recipient of recipients) this.#refuse(recipient, heard, refusalOf, concerns);
    return { ...this.all(), begun: this.#ended === null ? 'yes' : 'never' };
  }

  /** @returns who was accepted. Where somebody was, who was one too many waits for the next transaction. */
  toRecipients(recipients: readonly Recipient[], heard: readonly Heard[]): readonly Recipient[] {
    const isAccepted = (reply: Heard | undefined) => reply?.kind === 'reply' && isDone(reply);
    const accepted = recipients.filter((_, at) => isAccepted(heard[at]));
    for (const [at, recipient] of recipients.entries()) {
      const reply = heard[at];
      if (reply === undefined || isAccepted(reply)) continue;
      if (accepted.length > 0 && reply.kind === 'reply' && isTooMany(reply)) this.#surplus.push(recipient);
      else this.#refuse(recipient, reply, recipientRefusalOf, 'recipient');
    }
    return accepted;
  }

  /** One reply for all who were accepted, or one for each of them. */
  toContent(accepted: readonly Recipient[], heard: readonly Heard[], to: 'BDAT' | 'DATA'): Transacted {
    const refusal = to === 'BDAT' ? chunkRefusalOf : refusalOf;
    let inDoubt: Heard | null = null;
    let doubts = 0;
    accepted.forEach((recipient, at) => {
      const reply = heard.length === 1 ? heard[0] : heard[at];
      if (reply === undefined) return;
      // What is said before the end of the content is no answer to it.
      const isTaken = reply.kind === 'reply' && isDone(reply) && this.#transaction.client.contentSent;
      if (isTaken) this.#deliver(recipient, reply);
      else if (reply.kind === 'lost' && this.#transaction.client.contentSent) {
        this.#doubt(recipient, reply.how === 'silent' ? 'destination' : 'recipient');
        inDoubt = reply;
        doubts += 1;
      } else this.#refuse(recipient, reply, refusal, 'recipient');
    });
    if (inDoubt !== null) this.#tellDoubt(inDoubt, doubts);
    return this.all();
  }

  all(): Transacted {
    return { outcomes: this.#outcomes, surplus: this.#surplus, ended: this.#ended, begun: 'yes' };
  }

  #deliver(recipient: Recipient, { words }: RemoteReply): void {
    const { client, remote, protocol } = this.#transaction;
    const last = protocol === 'lmtp' ? 'final' : 'relayed';
    const isPassedOn = client.extensions.has('DSN') && !keepsSuccess(recipient);
    const disposition = isPassedOn ? 'passed-on' : last;
    const outcome: Delivered = { kind: 'delivered', disposition, remote, text: words };
    this.#outcomes.set(recipient, outcome);
  }

  /** A session that ends refuses nobody: its recipients go to another host. */
  #refuse(
    recipient: Recipient,
    heard: Heard,
    refusal: (reply: RemoteReply) => Refusal,
    concerns: Deferred['concerns'],
  ): void {
    if (heard.kind === 'lost' || heard.code === 421) this.#ended ??= heard;
    else this.#outcomes.set(recipient, refusedOutcome(refusal(heard), heard, this.#transaction.remote, concerns));
  }

  /** Sent, but not answered. Content that breaks every connection is no fault of the others. */
  #doubt(recipient: Recipient, concerns: Deferred['concerns']): void {
    const text = 'Connection lost after the content was sent: it may have arrived, and will be sent again';
    const { remote } = this.#transaction;
    this.#outcomes.set(recipient, deferredBy({ code: 451, status: '4.4.2', text }, remote, null, concerns));
  }

  #tellDoubt(heard: Heard, recipients: number): void {
    const { remote, caller } = this.#transaction;
    const cause = heard.kind === 'lost' ? heard.because : heard.words;
    caller.log.warn('lost', { remote, recipients, cause, outcome: 'unknown, will be sent again' });
  }
}
