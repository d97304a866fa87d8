/** Gives every new mail its place in the queue: what it waits for, how far in front, and until when. */
import type { Chain } from '../chain/chain.ts';
import type { Placed } from '../chain/decision.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import { type Awaitable, allThere, whenThere } from '../plugin/awaitable.ts';
import type { Clock } from '../plugin/ports.ts';
import type { NewMail, Place } from '../plugin/queue-store.ts';
import { firstWordAt } from './settlement.ts';
import { Standing } from './standing.ts';

export class Placing {
  #policy: RetryPolicy;
  readonly #standing: Standing;

  constructor({ policy, clock }: { readonly policy: RetryPolicy; readonly clock: Clock }) {
    this.#policy = policy;
    this.#standing = new Standing(clock);
  }

  /** Another policy holds where no route has its own. */
  change(policy: RetryPolicy): void {
    this.#policy = policy;
  }

  /** The same mail, with a place for each recipient. */
  place(one: NewMail, chain: Chain): Awaitable<NewMail> {
    const { mail, nature = 'personal' } = one;
    const { recipients, parameters } = mail.envelope;
    const priority = parameters.priority - this.#standing.stepsFor(mail, nature);
    const placeOf = (recipient: Recipient) =>
      whenThere<Placed, Place>(chain.place(mail, recipient), ({ destination, retry }) => ({
        destination,
        priority,
        expires: firstWordAt(mail, recipient, retry ?? this.#policy),
      }));
    return whenThere(allThere(recipients.map(placeOf)), places => ({ ...one, places }));
  }

  /** The same of several. */
  placeAll(mails: readonly NewMail[], chain: Chain): Awaitable<readonly NewMail[]> {
    return allThere(mails.map(one => this.place(one, chain)));
  }

  /** The policy by which a recipient is tried again. */
  policyFor(mail: Mail, recipient: Recipient, chain: Chain): Awaitable<RetryPolicy> {
    return whenThere(chain.place(mail, recipient), ({ retry }) => retry ?? this.#policy);
  }
}
