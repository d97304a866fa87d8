/** A chain whose every walk is written down, and whose observers hear of nothing: what is told has not happened. */
import type { Chain } from '../chain/chain.ts';
import type { Claimed, Refused, Routed, Unroutable, Walked } from '../chain/decision.ts';
import type { Content } from '../mail/content.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import { type Awaitable, whenThere } from '../plugin/awaitable.ts';
import type { HappeningName, Happenings } from '../plugin/observer.ts';

type Discarded = Happenings['discarded'];

export class ToldChain {
  readonly chain: Chain;
  /** Of what the client asks for now. */
  #steps: TraceStep[] = [];
  /** The mail as it went to the first plugin, by its id. */
  readonly sealed = new Map<string, Content>();
  readonly claims: { readonly asked: Recipient; readonly recipients: readonly Recipient[] }[] = [];
  readonly routes = new Map<Recipient, Routed | Unroutable>();
  readonly discarded: Discarded[] = [];

  constructor(chain: Chain) {
    this.chain = {
      ...chain,
      connect: session => this.#walked(chain.connect(session)),
      helo: (session, greeting, facts) => this.#walked(chain.helo(session, greeting, facts)),
      mail: (session, reversePath, parameters, facts) =>
        this.#walked(chain.mail(session, reversePath, parameters, facts)),
      rcpt: (session, envelope, recipient, facts) =>
        whenThere(this.#walked(chain.rcpt(session, envelope, recipient, facts)), walked =>
          this.#claimed(recipient, walked),
        ),
      content: async (mail, mixed) => {
        this.sealed.set(mail.id, mail.content);
        return this.#walked(chain.content(mail, mixed));
      },
      route: async (mail, recipient, attempt) => {
        const walked = await chain.route(mail, recipient, attempt);
        this.routes.set(recipient, walked.decision);
        return walked;
      },
      tell: (event, happening) => this.#told(event, happening),
    };
  }

  /** The steps since the last time. */
  takeSteps(): Trace {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }

  #walked<W extends { readonly steps: Trace }>(walked: Awaitable<W>): Awaitable<W> {
    return whenThere(walked, one => {
      this.#steps.push(...one.steps);
      return one;
    });
  }

  #claimed(asked: Recipient, walked: Walked<Claimed | Refused>): Walked<Claimed | Refused> {
    if (walked.decision.kind === 'claimed') this.claims.push({ asked, recipients: walked.decision.recipients });
    return walked;
  }

  #told<E extends HappeningName>(event: E, happening: Happenings[E]): void {
    if (event === 'discarded') this.discarded.push(happening as Discarded);
    if (event !== 'refused') return;
    // The engine's own refusals are steps that no walk has.
    const last = (happening as Happenings['refused']).trace.at(-1);
    if (last?.plugin === 'mailframe' && !this.#steps.includes(last)) this.#steps.push(last);
  }
}
