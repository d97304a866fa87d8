/** What is known of one client, and by whom: the session, the facts, the trace. */
import type { Walked } from '../chain/decision.ts';
import { type Facts, NO_FACTS } from '../mail/facts.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { Client, Forwarded, Greeting, Session, Tls } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { ListenerOptions } from './options.ts';
import { AUTHENTICATE_FIRST, GREET_BY_LHLO, GREET_FIRST } from './replies.ts';

/** Grows with each answer of the chain. A client that greets a thousand times does not make it grow: the last one counts. */
export class KnownSession {
  #session: Session;
  #facts: Facts = NO_FACTS;
  /** Of `connect`: what is known without the client's words. */
  #ownFacts: Facts = NO_FACTS;
  /** What was known of the peer itself before it spoke for another client. */
  #peer: { readonly client: Client; readonly facts: Facts; readonly steps: Trace } | null = null;
  #offered: readonly string[] = [];
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

  /** The lines of the answer to the last greeting: none after HELO. */
  get offered(): readonly string[] {
    return this.#offered;
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

  wasOffered(lines: readonly string[]): void {
    this.#offered = lines;
  }

  identified(user: string, { facts, steps }: Omit<Walked<unknown>, 'decision'>): void {
    this.#session = { ...this.#session, user };
    this.#facts = facts;
    this.#steps = { ...this.#steps, auth: steps };
  }

  /** XFORWARD. `null`: what was said was said of a mail that is over. */
  forwarded(forwarded: Forwarded | null): void {
    if (forwarded !== this.#session.forwarded) this.#session = { ...this.#session, forwarded };
  }

  /** XCLIENT: nothing that is known of the one before is known of this client, and no certificate is its own. */
  introduced(client: Client, user: string | null): void {
    const tls = this.#session.tls === null ? null : { ...this.#session.tls, certificate: null };
    this.#peer ??= { client: this.#session.client, facts: this.#ownFacts, steps: this.#steps.connect };
    this.#session = { ...this.#session, client, tls, user, greeting: null, forwarded: null };
    this.#ownFacts = NO_FACTS;
    this.#facts = NO_FACTS;
    this.#steps = { connect: [], helo: [], auth: [] };
  }

  /** All that the client said before TLS may be someone else's words (RFC 3207 section 4.2), XCLIENT among them. */
  secured(tls: Tls): void {
    const { client, facts, steps } = this.#peer ?? {
      client: this.#session.client,
      facts: this.#ownFacts,
      steps: this.#steps.connect,
    };
    this.#session = { ...this.#session, client, tls, greeting: null, user: null, forwarded: null };
    this.#ownFacts = facts;
    this.#facts = facts;
    this.#steps = { connect: steps, helo: [], auth: [] };
  }
}
