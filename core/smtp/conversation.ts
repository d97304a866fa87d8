/**
 * Our side of the dialogue without its socket: what each command is answered, and what is known of the client meanwhile.
 *
 * Commands come one at a time; each gives back its one reply. The rules of the protocol are decided here, policy by the
 * chain alone.
 */
import type { Refused } from '../chain/decision.ts';
import { isPermanent, type PermanentReply, type Refusal } from '../mail/reply.ts';
import type { Greeting, Session, Tls } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { Credentials, HookName } from '../plugin/hooks.ts';
import { isAnnounceable } from './announced.ts';
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
  TOO_MANY_LOGINS,
} from './replies.ts';
import type { Setting } from './setting.ts';
import { Transactions } from './transactions.ts';

/** What came of an AUTH. */
export type LoginResult =
  | { readonly kind: 'identified'; readonly user: string }
  | { readonly kind: 'refused'; readonly reply: Refusal };

export class Conversation {
  readonly #setting: Setting;
  readonly #known: KnownSession;
  /** What it is all for. */
  readonly transactions: Transactions;
  /** Who speaks for others here. */
  readonly front: Front;
  #failedLogins = 0;

  constructor(setting: Setting, visit: Visit, session: Session) {
    this.#setting = setting;
    this.#known = new KnownSession(session);
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

  async authenticate(credentials: Credentials): Promise<LoginResult> {
    const { chain, log } = this.#setting;
    const { session, facts } = this.#known;
    const walked = await chain.auth(session, credentials, facts);
    const { decision, steps } = walked;
    const { mechanism, user } = credentials;
    if (decision.kind === 'refused') {
      const reply = this.#refuse('auth', decision, { asked: `${mechanism} ${user}`, steps });
      return { kind: 'refused', reply: this.#loginReply(reply) };
    }
    this.#known.identified(decision.user, walked);
    log.info('authenticated', { user: decision.user, by: decision.by, mechanism, client: session.client.address });
    return { kind: 'identified', user: decision.user };
  }

  /** VRFY and EXPN (RFC 5321 section 3.5). */
  lookUp(hook: 'vrfy' | 'expn', argument: string): Promise<Said> {
    return lookUp(this.#setting, this.#known, hook, argument);
  }

  /** RFC 4954 section 6 has codes of its own for AUTH. */
  #loginReply(reply: Refusal): Refusal {
    if (!isPermanent(reply)) return reply.code === 421 ? reply : { code: 454, status: '4.7.0', text: reply.text };
    this.#failedLogins += 1;
    return this.#failedLogins < this.#setting.options.limits.failedLogins ? reply : TOO_MANY_LOGINS;
  }

  #refuse(hook: HookName, decision: Refused, about: { readonly asked: string; readonly steps?: Trace }): Refusal {
    return refuseKnown(this.#setting, this.#known, hook, decision, about);
  }
}
