/** A mail: envelope, content, and what is known of both. What the queue holds and plugins are asked about. */
import type { Content } from './content.ts';
import type { Envelope } from './envelope.ts';
import type { Facts } from './facts.ts';
import type { Session } from './session.ts';

/** A mail. Never changed: a rewrite makes another one with the same id. */
export interface Mail {
  /** The queue id: in the 250 reply, in `Received`, on every log line. */
  readonly id: string;
  readonly envelope: Envelope;
  readonly content: Content;
  /** When the last octet of the content had arrived. */
  readonly receivedAt: Date;
  readonly facts: Facts;
  /** The session that brought it. */
  readonly session: Session;
}
