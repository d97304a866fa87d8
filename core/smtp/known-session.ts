/** What is known of one client, and by whom: the session, the facts, the trace. */
import type { Walked } from '../chain/decision.ts';
import { type Facts, NO_FACTS } from '../mail/facts.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { Greeting, Session, Tls } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { ListenerOptions } from './options.ts';
import { AUTHENTICATE_FIRST, GREET_BY_LHLO, GREET_FIRST } from './replies.ts';

/** Grows with each answer of the chain. A client that greets a thousand times does not make it grow: the last one counts. */
export class KnownSession {
  #session: Session;
  #facts: Facts = NO_FACTS;
  /** Of `connect`: what is known without the client's words. */
  #ownFacts: Facts = NO_FACTS;
  #steps: { readonly connect: Trace; readonly helo: Trace; readonly auth: Trace } = { connect: [], helo: [], auth: [] };

  constructor(session: Session) {
    this.#session = session;
  }

  get session(): Session {
    return this.#session;
  }

  get facts(): Facts {
    return this.#facts;
  }

  /** Of connect, the last greeting and the successful AUTH, in this order. */
  get steps(): Trace {
    return [...this.#steps.connect, ...this.#steps.helo, ...this.#steps.auth];
  }

  /** What stands before any mail. */
  barred({ auth, protocol }: Pick<ListenerOptions, 'auth' | 'protocol'>): PermanentReply | null {
    if (this.#session.greeting === null) return protocol === 'lmtp' ? GREET_BY_LHLO : GREET_FIRST;
    return auth === 'required' && this.#session.user === null ? AUTHENTICATE_FIRST : null;
  }

  named(name: string): void {
    this.#session = { ...this.#session, client: { ...this.#session.client, name } };
  }

  connected({ facts, steps }: Walked<unknown>): void {
    this.#ownFacts = facts;
    this.#facts = facts;
    this.#steps = { ...this.#steps, connect: steps };
  }

  greeted(greeting: Greeting, { facts, steps }: Walked<unknown>): void {
    this.#session = { ...this.#session, greeting };
    this.#facts = facts;
    this.#steps = { ...this.#steps, helo: steps };
  }

  identified(user: string, { facts, steps }: Walked<unknown>): void {
    this.#session = { ...this.#session, user };
    this.#facts = facts;
    this.#steps = { ...this.#steps, auth: steps };
  }

  /** All that the client said before TLS may be someone else's words (RFC 3207 section 4.2). */
  secured(tls: Tls): void {
    this.#session = { ...this.#session, tls, greeting: null, user: null };
    this.#facts = this.#ownFacts;
    this.#steps = { connect: this.#steps.connect, helo: [], auth: [] };
  }
}
