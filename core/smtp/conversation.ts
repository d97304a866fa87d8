/**
 * Our side of the dialogue without its socket: what each command is answered, and what is known of the client meanwhile.
 *
 * Commands come one at a time; each gives back its one reply. The rules of the protocol are decided here, policy by the
 * chain alone.
 */
import type { Refused } from '../chain/decision.ts';
import type { PermanentReply, Refusal } from '../mail/reply.ts';
import type { Greeting, Session, Tls } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { HookName } from '../plugin/hooks.ts';
import { isAnnounceable } from './announced.ts';
import { Authentication } from './authentication.ts';
import type { Visit } from './crowd.ts';
import { authUsable, extensionLines } from './extensions.ts';
import { Front } from './front.ts';
import { KnownSession } from './known-session.ts';
import { lookUp } from './look-up.ts';
import { refuseKnown } from './refuse.ts';
import {
  AUTH_IN_TRANSACTION,
  ENCRYPT_FIRST,
  GREET_BY_LHLO,
  GREET_FIRST,
  KNOWN_ALREADY,
  NOT_IMPLEMENTED,
  type Said,
  SPEAKS_LMTP,
  syntax,
} from './replies.ts';
import type { Setting } from './setting.ts';
import { Transactions } from './transactions.ts';

export class Conversation {
  /** Who the client is. */
  readonly authentication: Authentication;
  readonly #setting: Setting;
  readonly #known: KnownSession;
  /** What it is all for. */
  readonly transactions: Transactions;
  /** Who speaks for others here. */
  readonly front: Front;

  constructor(setting: Setting, visit: Visit, session: Session) {
    this.#setting = setting;
    this.#known = new KnownSession(session);
    this.authentication = new Authentication(setting, this.#known);
    this.transactions = new Transactions(setting, this.#known, visit);
    this.front = new Front(setting, this.#known, visit);
  }

  get protocol(): 'smtp' | 'lmtp' {
    return this.#setting.options.protocol;
  }

  /** TLS has been established by STARTTLS. */
  secured(tls: Tls): void {
    this.#known.secured(tls);
    this.front.secured();
    this.transactions.reset();
  }

  /** The connection stands. @returns a refusal in place of the greeting, or `null`. */
  async connect(): Promise<Refusal | null> {
    const { session } = this.#known;
    const walked = await this.#setting.chain.connect(session);
    this.#known.connected(walked);
    if (walked.decision.kind === 'passed') return null;
    return this.#refuse('connect', walked.decision, { asked: session.client.address });
  }

  async hello(verb: Greeting['verb'], domain: string): Promise<Said> {
    if (verb !== 'LHLO' && this.#setting.options.protocol === 'lmtp') return SPEAKS_LMTP;
    if (!isAnnounceable(domain)) return syntax(`${verb} hostname`);
    await this.front.named;
    const { session, facts } = this.#known;
    const greeting = { verb, domain };
    const walked = await this.#setting.chain.helo(session, greeting, facts);
    const { decision, steps } = walked;
    if (decision.kind === 'refused') return this.#refuse('helo', decision, { asked: `${verb} ${domain}`, steps });
    this.#known.greeted(greeting, walked);
    this.transactions.reset();
    const { options } = this.#setting;
    const lines = verb === 'HELO' ? [] : extensionLines(options, this.#known.session, decision, this.front.lines);
    this.#known.wasOffered(lines);
    return { code: 250, status: null, text: [options.hostname, ...lines] };
  }

  /** Whether AUTH makes sense now. */
  authRefusal(): PermanentReply | null {
    const { options } = this.#setting;
    const { session } = this.#known;
    if (options.auth === 'off') return NOT_IMPLEMENTED;
    if (session.greeting === null) return options.protocol === 'lmtp' ? GREET_BY_LHLO : GREET_FIRST;
    if (session.user !== null) return KNOWN_ALREADY;
    if (this.transactions.open) return AUTH_IN_TRANSACTION;
    return authUsable(options, session) ? null : ENCRYPT_FIRST;
  }

  /** VRFY and EXPN (RFC 5321 section 3.5). */
  lookUp(hook: 'vrfy' | 'expn', argument: string): Promise<Said> {
    return lookUp(this.#setting, this.#known, hook, argument);
  }

  #refuse(hook: HookName, decision: Refused, about: { readonly asked: string; readonly steps?: Trace }): Refusal {
    return refuseKnown(this.#setting, this.#known, hook, decision, about);
  }
}
