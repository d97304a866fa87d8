/** What a case has at hand: sessions with the server, an address that it takes, and, of a gateway of our own, its inside. */

import { NotApplicable } from './conformance-case.ts';
import { Conversation, type ServerAddress } from './conversation.ts';
import { must } from './must.ts';
import type { OwnGateway } from './own-gateway.ts';

/** The server that is looked at. */
export interface Target extends ServerAddress {
  readonly login: { readonly user: string; readonly password: string } | null;
  /** An address that it takes mail for, or `null` where none is known. */
  readonly to: string | null;
  /** Why it refuses a plain mail to that address, which is its policy and no fault; `null`: it takes one, or nobody has tried. */
  readonly refusal: string | null;
  /** Its inside; `null`: it is somebody else's. */
  readonly own: OwnGateway | null;
}

/** The name that the suite gives itself. */
export const CLIENT = 'client.test';
/** Who sends the mail of the suite. */
export const SENDER = 'conformance@client.test';

export class Probe {
  readonly target: Target;
  readonly #conversations: Conversation[] = [];

  constructor(target: Target) {
    this.target = target;
  }

  /** All that was said so far. */
  get transcript(): readonly string[] {
    const several = this.#conversations.length > 1;
    return this.#conversations.flatMap(({ transcript }, index) => [
      ...(several ? [`(session ${index + 1})`] : []),
      ...transcript,
    ]);
  }

  /** Every line that the server has said so far. */
  get heard(): readonly string[] {
    return this.#conversations.flatMap(({ heard }) => heard);
  }

  /** A session in which nothing has been said or heard. */
  async connected(target: ServerAddress = this.target): Promise<Conversation> {
    const conversation = await Conversation.open(target);
    this.#conversations.push(conversation);
    return conversation;
  }

  /** A session that has been greeted. */
  async greeted(): Promise<Conversation> {
    const conversation = await this.connected();
    must(await conversation.reply(), 220);
    return conversation;
  }

  /** A session after EHLO, and what is offered in it. */
  async introduced(): Promise<Introduced> {
    const conversation = await this.greeted();
    return { conversation, offers: offersIn(must(await conversation.say(`EHLO ${CLIENT}`), 250).lines) };
  }

  /** A session in which MAIL may follow: after TLS and AUTH where a login is known. */
  async ready(): Promise<Introduced> {
    const introduced = await this.introduced();
    const { login } = this.target;
    return login === null ? introduced : loggedIn(introduced, login);
  }

  /** The same as `ready`, where an extension is offered in it. @throws NotApplicable elsewhere. */
  async offering(keyword: string): Promise<Introduced & { readonly argument: string }> {
    const ready = await this.ready();
    const argument = ready.offers.get(keyword);
    if (argument === undefined) throw new NotApplicable(`${keyword} is not offered`);
    return { ...ready, argument };
  }

  /** An address that the server takes mail for. @throws NotApplicable */
  get to(): string {
    if (this.target.to === null)
      throw new NotApplicable('no address is known that it takes mail for: name one with --to');
    return this.target.to;
  }

  /** The inside of a gateway of our own. @throws NotApplicable */
  get own(): OwnGateway {
    if (this.target.own === null)
      throw new NotApplicable('this can only be seen at a gateway that the suite has started');
    return this.target.own;
  }

  /** A session that is one command away from 354. */
  async addressed(parameters: { readonly mail?: string; readonly rcpt?: string } = {}): Promise<Introduced> {
    const { to } = this;
    const ready = await this.ready();
    const { conversation } = ready;
    must(await conversation.say(`MAIL FROM:<${SENDER}>${withBlank(parameters.mail)}`), 250);
    must(await conversation.say(`RCPT TO:<${to}>${withBlank(parameters.rcpt)}`), 25);
    return ready;
  }

  /** @throws NotApplicable where the server refuses a plain mail: what becomes of one cannot be seen then. */
  takesMail(): void {
    const { refusal } = this.target;
    if (refusal !== null) throw new NotApplicable(`a plain mail is refused here: ${refusal}`);
  }

  /** A session after 354; `to-refuse`: it does not matter whether the mail is taken. */
  async inContent(what: 'to-take' | 'to-refuse' = 'to-take'): Promise<Conversation> {
    if (what === 'to-take') this.takesMail();
    const { conversation } = await this.addressed();
    must(await conversation.say('DATA'), 354);
    return conversation;
  }

  close(): void {
    for (const one of this.#conversations) one.close();
  }
}

/** A session after EHLO. */
export interface Introduced {
  readonly conversation: Conversation;
  /** By keyword, in capitals: what stands behind it. */
  readonly offers: ReadonlyMap<string, string>;
}

async function loggedIn(
  { conversation, offers }: Introduced,
  { user, password }: NonNullable<Target['login']>,
): Promise<Introduced> {
  let known = offers;
  if (known.has('STARTTLS')) {
    must(await conversation.startTls(), 220);
    known = offersIn(must(await conversation.say(`EHLO ${CLIENT}`), 250).lines);
  }
  if (!known.has('AUTH')) return { conversation, offers: known };
  if (!/\bPLAIN\b/.test(known.get('AUTH') ?? ''))
    throw new NotApplicable('the suite logs in by PLAIN, which is not offered');
  must(await conversation.say(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`), 235);
  return { conversation, offers: known };
}

/** What a reply to EHLO offers. */
export function offersIn(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.slice(1).map(line => {
      const [keyword = '', ...rest] = line.slice(4).split(' ');
      return [keyword.toUpperCase(), rest.join(' ')] as const;
    }),
  );
}

function withBlank(parameters: string | undefined): string {
  return parameters === undefined ? '' : ` ${parameters}`;
}
