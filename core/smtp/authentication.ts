/**
 * Who the client of one session is: what the chain says about the credentials or the proof of an AUTH, and what comes of it.
 *
 * A failure costs the same whatever the mechanism: it is logged, observers hear of it, and the last of `failedLogins` ends
 * the session. Credentials go from the exchange to the chain and nowhere else.
 */
import type { Known, Passed, Refused, Walked } from '../chain/decision.ts';
import { claimOf } from '../chain/login-hooks.ts';
import type { ChallengeMechanism, Mechanism } from '../mail/mechanism.ts';
import { isPermanent, type Refusal } from '../mail/reply.ts';
import type { Session } from '../mail/session.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { Credentials } from '../plugin/credentials.ts';
import type { SecretOf, StoredSecret } from '../plugin/stored.ts';
import type { KnownSession } from './known-session.ts';
import { engineRefuses, refuseKnown } from './refuse.ts';
import { LOGGED_IN, type Said, TOO_MANY_LOGINS, WRONG_CREDENTIALS } from './replies.ts';
import type { Setting } from './setting.ts';

/** What is stored for the user whom a client claims to be, or nothing: the exchange goes on in either case. */
export interface Claim<S extends StoredSecret = StoredSecret> {
  readonly kind: 'claim';
  readonly mechanism: ChallengeMechanism;
  /** `null`: nobody knows the user. */
  readonly secret: S | null;
  readonly walked: Walked<Known<S> | Passed>;
  /** As a trace says it. */
  readonly asked: string;
}

export class Authentication {
  readonly setting: Setting;
  readonly #known: KnownSession;
  #failed = 0;

  constructor(setting: Setting, known: KnownSession) {
    this.setting = setting;
    this.#known = known;
  }

  get session(): Session {
    return this.#known.session;
  }

  /** Has plugins judge credentials. @returns 235, or what the client hears instead. */
  async judge(credentials: Credentials): Promise<Said> {
    const { chain } = this.setting;
    const walked = await chain.auth(this.session, credentials, this.#known.facts);
    const { decision, steps } = walked;
    if (decision.kind === 'refused') return this.#fail(decision, claimOf(credentials), steps);
    return this.#succeed(decision, credentials.mechanism, walked);
  }

  /** Asks what is stored for a user. A refusal ends the exchange at once. */
  async claim<M extends ChallengeMechanism>(
    mechanism: M,
    user: string,
  ): Promise<Claim<SecretOf<M>> | { readonly kind: 'refused'; readonly reply: Refusal }> {
    const asked = `${mechanism} ${user}`;
    const { decision, ...walked } = await this.setting.chain.secret(
      this.session,
      { mechanism, user },
      this.#known.facts,
    );
    if (decision.kind === 'refused') return { kind: 'refused', reply: this.#fail(decision, asked, walked.steps) };
    const secret = decision.kind === 'known' ? decision.secret : null;
    return { kind: 'claim', mechanism, secret, walked: { decision, ...walked }, asked };
  }

  /** The exchange about a claim is over. Without a secret no proof counts. */
  settle({ mechanism, walked, asked }: Claim, proved: boolean): Said {
    const { decision, facts, steps } = walked;
    if (decision.kind === 'passed') {
      return this.#fail(engineRefuses(WRONG_CREDENTIALS, 'nobody knows this user'), asked, steps);
    }
    const { user, by } = decision;
    if (!proved) return this.#fail(engineRefuses(WRONG_CREDENTIALS, `wrong proof of ${user}`), asked, steps);
    const step = this.#judgement(asked, `${user}, by what ${by} stores`);
    return this.#succeed({ user, by }, mechanism, { facts, steps: [...steps, step] });
  }

  /** Believes without a proof who the client is: for a mail that is only rehearsed. */
  believe(user: string): Said {
    const step = this.#judgement(user, `${user}, believed without a proof`);
    this.#known.identified(user, { facts: this.#known.facts, steps: [step] });
    return LOGGED_IN;
  }

  /** To act for somebody else is a right that nobody has here (RFC 4422 section 3.4.1). No password was tried. */
  refuseDelegation(mechanism: Mechanism, user: string): Said {
    const decision = engineRefuses(WRONG_CREDENTIALS, 'it wants to act for somebody else');
    return this.#refuse(decision, `${mechanism} ${user}`, []);
  }

  #succeed(
    { user, by }: { readonly user: string; readonly by: string },
    mechanism: Mechanism,
    walked: Omit<Walked<unknown>, 'decision'>,
  ): Said {
    this.#known.identified(user, walked);
    this.setting.log.info('authenticated', { user, by, mechanism, client: this.session.client.address });
    return LOGGED_IN;
  }

  /** RFC 4954 section 6 has codes of its own for AUTH. */
  #fail(decision: Refused, asked: string, steps: Trace): Refusal {
    const reply = this.#refuse(decision, asked, steps);
    if (!isPermanent(reply)) return reply.code === 421 ? reply : { code: 454, status: '4.7.0', text: reply.text };
    this.#failed += 1;
    return this.#failed < this.setting.options.limits.failedLogins ? reply : TOO_MANY_LOGINS;
  }

  #refuse(decision: Refused, asked: string, steps: Trace): Refusal {
    return refuseKnown(this.setting, this.#known, 'auth', decision, { asked, steps });
  }

  /** The engine's own judgement of a proof, as a step beside those of the plugins. */
  #judgement(asked: string, detail: string): TraceStep {
    return {
      at: this.setting.reception.clock.now().getTime(),
      hook: 'auth',
      plugin: 'mailframe',
      mode: 'enforce',
      asked,
      answer: 'authenticated',
      detail,
      took: 0,
      changes: [],
      facts: {},
    };
  }
}
