/** Gives every new mail its place in the queue: what it waits for, how far in front, and until when. */
import type { Chain } from '../chain/chain.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import type { Clock } from '../plugin/ports.ts';
import type { NewMail } from '../plugin/queue-store.ts';
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
  async place(one: NewMail, chain: Chain): Promise<NewMail> {
    const { mail, nature = 'personal' } = one;
    const { recipients, parameters } = mail.envelope;
    const priority = parameters.priority - this.#standing.stepsFor(mail, nature);
    const places = recipients.map(async recipient => {
      const { destination, retry } = await chain.place(mail, recipient);
      return { destination, priority, expires: firstWordAt(mail, recipient, retry ?? this.#policy) };
    });
    return { ...one, places: await Promise.all(places) };
  }

  /** The policy by which a recipient is tried again. */
  async policyFor(mail: Mail, recipient: Recipient, chain: Chain): Promise<RetryPolicy> {
    return (await chain.place(mail, recipient)).retry ?? this.#policy;
  }
}
