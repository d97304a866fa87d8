/**
 * What a machine in front of us may say of the client that it speaks for: XCLIENT and XFORWARD.
 *
 * Guarantee: whether it may is decided once, by the address that connected or that PROXY named. What XCLIENT says of an
 * address neither gives nor takes that right.
 */
import { isInRanges } from '../mail/ip-ranges.ts';
import type { Refusal } from '../mail/reply.ts';
import type { Greeting } from '../mail/session.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Visit } from './crowd.ts';
import type { KnownSession } from './known-session.ts';
import { NameSearch } from './name-search.ts';
import { engineRefuses, refuseKnown } from './refuse.ts';
import { greeting, NOT_IN_TRANSACTION, OK, type Said, TOO_MANY_CONNECTIONS } from './replies.ts';
import type { Setting } from './setting.ts';
import { parseXclient, XCLIENT_LINE } from './xclient.ts';
import { parseXforward, XFORWARD_LINE } from './xforward.ts';

/** The conversation, as far as it begins anew for another client. */
export interface Beginning {
  readonly transactions: { readonly open: boolean };
  /** @returns a refusal in place of the greeting, or `null`. */
  connect(): Promise<Refusal | null>;
  hello(verb: Greeting['verb'], domain: string): Promise<Said>;
}

export class Front {
  readonly #setting: Setting;
  readonly #known: KnownSession;
  readonly #visit: Visit;
  /** Who really connected, or whom PROXY named. */
  readonly #peer: string;
  readonly #may: { readonly xclient: boolean; readonly xforward: boolean };
  readonly #search: NameSearch;
  #speaksForAnother = false;

  constructor(setting: Setting, known: KnownSession, visit: Visit) {
    const { trust } = setting.options;
    this.#setting = setting;
    this.#known = known;
    this.#visit = visit;
    this.#peer = known.session.client.address;
    this.#may = {
      xclient: isInRanges(trust.xclient, this.#peer),
      xforward: isInRanges(trust.xforward, this.#peer),
    };
    this.#search = new NameSearch(setting.names, name => known.named(name));
    this.#search.begin(this.#peer);
  }

  /** What to wait for until the client's name is known or it has taken too long. Does not reject. */
  get named(): Awaitable<void> {
    return this.#search.settled;
  }

  /** What the answer to EHLO offers. */
  get lines(): readonly string[] {
    return [...(this.#may.xclient ? [XCLIENT_LINE] : []), ...(this.#may.xforward ? [XFORWARD_LINE] : [])];
  }

  /** XFORWARD. @returns `null` where the peer may not say it: a stranger need not know that others may. */
  forward(argument: string, { transactions }: Pick<Beginning, 'transactions'>): Said | null {
    if (!this.#may.xforward) return null;
    if (transactions.open) return NOT_IN_TRANSACTION;
    const told = parseXforward(argument, this.#known.session.forwarded);
    if (told.kind === 'refused') return told.reply;
    this.#known.forwarded(told.forwarded);
    return OK;
  }

  /**
   * XCLIENT: from now on this is the session of another client, which is greeted or refused like any other.
   * @returns `null` where the peer may not say it.
   */
  async introduce(argument: string, conversation: Beginning): Promise<Said | null> {
    if (!this.#may.xclient) return null;
    if (conversation.transactions.open) return NOT_IN_TRANSACTION;
    const told = parseXclient(argument, this.#known.session);
    if (told.kind === 'refused') return told.reply;
    const { client, user } = told;
    this.#speaksForAnother = true;
    this.#known.introduced(client, user);
    const { log, options } = this.#setting;
    log.info('introduced', { by: this.#peer, client: client.address, name: client.name, user });
    const crowded = told.address === 'told' ? this.#visit.become(client.address) : null;
    if (told.name !== 'as before') this.#search.stop();
    if (told.name === 'to be looked up' && crowded === null) this.#search.begin(client.address);
    const refusal = crowded === null ? await conversation.connect() : this.#turnAway(crowded.because);
    if (refusal !== null) return { ...refusal, after: 'close' };
    // Policy for greetings is asked about this one as about any.
    const answer = told.greeting === null ? null : await conversation.hello(told.greeting.verb, told.greeting.domain);
    return answer === null || answer.code === 250 ? greeting(options.hostname, options.protocol) : answer;
  }

  /** TLS has been established: whoever spoke before speaks for itself again. */
  secured(): void {
    if (!this.#speaksForAnother) return;
    this.#speaksForAnother = false;
    this.#search.begin(this.#peer);
    // It was let in before, and is not turned away in the middle of its session.
    this.#visit.become(this.#peer);
  }

  #turnAway(because: string): Refusal {
    const { address } = this.#known.session.client;
    return refuseKnown(this.#setting, this.#known, 'connect', engineRefuses(TOO_MANY_CONNECTIONS, because), {
      asked: address,
    });
  }
}
