/** The chain: the only place where a hook is called. */
import type { ReversePath } from '../mail/address.ts';
import type { Envelope, MailParameters, Recipient } from '../mail/envelope.ts';
import type { Facts } from '../mail/facts.ts';
import type { Mail } from '../mail/mail.ts';
import type { ChallengeMechanism } from '../mail/mechanism.ts';
import type { Greeting, Session } from '../mail/session.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Credentials } from '../plugin/credentials.ts';
import type { Delivery } from '../plugin/hooks.ts';
import type { HappeningName, Happenings } from '../plugin/observer.ts';
import type { SecretOf } from '../plugin/stored.ts';
import type {
  Attempted,
  Claimed,
  Found,
  Greeted,
  Identified,
  Known,
  Passed,
  Placed,
  Refused,
  Routed,
  Taken,
  Unroutable,
  Walked,
} from './decision.ts';

/** See `Chain.content`. */
export type Mixed = 'refuse' | 'notify' | 'each';

/**
 * What the rooms `smtp` and `queue` ask of the plugins. No method throws or rejects: what breaks becomes a decision. What is
 * asked for each command is answered at once where no plugin takes its time.
 */
export interface Chain {
  connect(session: Session): Awaitable<Walked<Passed | Refused>>;
  helo(session: Session, greeting: Greeting, facts: Facts): Awaitable<Walked<Greeted | Refused>>;
  /** Nobody knows the credentials: refused with 535 5.7.8. */
  auth(session: Session, credentials: Credentials, facts: Facts): Promise<Walked<Identified | Refused>>;
  /** What is stored for a user, for the proof of one mechanism. `passed`: no plugin knows the user. */
  secret<M extends ChallengeMechanism>(
    session: Session,
    asked: { readonly mechanism: M; readonly user: string },
    facts: Facts,
  ): Promise<Walked<Known<SecretOf<M>> | Refused | Passed>>;
  mail(
    session: Session,
    reversePath: ReversePath,
    parameters: MailParameters,
    facts: Facts,
  ): Awaitable<Walked<Passed | Refused>>;
  /** Nobody claims the recipient: refused with 550 5.7.1. `envelope` holds the recipients accepted so far. */
  rcpt(session: Session, envelope: Envelope, recipient: Recipient, facts: Facts): Awaitable<Walked<Claimed | Refused>>;
  /**
   * Names the group that a recipient will belong to at `data`: recipients with the same key meet the same plugins there.
   * A listener for strangers takes one group a transaction, so that no group's refusal has to be bounced (backscatter).
   */
  groupOf(session: Session, reversePath: ReversePath, recipients: readonly Recipient[]): string;
  /**
   * Walks `data` and `queue` for every group of recipients. `mixed` says what happens where one group is refused for
   * good and another one is not: `refuse` the whole, `notify` the sender of the refused ones, or decide `each` for
   * itself, which only a protocol with a reply for each recipient can say. But for `each`, a deferral of one group defers
   * the whole.
   */
  content(mail: Mail, mixed: Mixed): Promise<Walked<Taken | Refused>>;
  /** Where a recipient waits, and by which policy it is tried again: what the routes of the configuration say, nobody else. */
  place(mail: Mail, recipient: Recipient): Awaitable<Placed>;
  route(mail: Mail, recipient: Recipient, attempt: number): Awaitable<Walked<Routed | Unroutable>>;
  deliver(transport: string, delivery: Delivery): Awaitable<Walked<Attempted>>;
  /** `passed`: no plugin knows. */
  vrfy(session: Session, query: string): Promise<Walked<Found | Refused | Passed>>;
  expn(session: Session, query: string): Promise<Walked<Found | Refused | Passed>>;
  /** Tells every observer. Never rejects and never waits for a slow one. */
  tell<E extends HappeningName>(event: E, happening: Happenings[E]): void;
  /** Ends what the chain keeps going. Nobody may ask it any more. */
  close(): void;
}
