/**
 * The dialogue of a rehearsal: what a client says that brings one message, to the very conversation that a listener holds,
 * without a socket. Recipients that must come in another transaction do, as they would.
 */
import type { Content } from '../mail/content.ts';
import type { Tls } from '../mail/session.ts';
import type { Conversation } from '../smtp/conversation.ts';
import { offers } from '../smtp/extensions.ts';
import type { ListenerOptions } from '../smtp/options.ts';
import {
  BYE,
  closes,
  formatSaid,
  GO_AHEAD,
  greeting,
  NOT_IMPLEMENTED,
  READY_FOR_TLS,
  type Said,
} from '../smtp/replies.ts';
import { refusalWithout } from '../smtp/tls.ts';
import type { Incoming } from './incoming.ts';
import type { Exchange, SaidReply } from './rehearsal.ts';
import type { ToldChain } from './told-chain.ts';

export interface DialogueParts {
  readonly incoming: Incoming;
  readonly conversation: Conversation;
  readonly options: ListenerOptions;
  readonly told: ToldChain;
}

/** What each recipient heard last: of RCPT, or of the content. */
export type Answers = ReadonlyMap<string, SaidReply>;

const BEYOND_ASCII = /[^\u0000-\u007f]/;

/** What the client's TLS would be. */
export function tlsFor({ certificate }: Incoming): Tls {
  return { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null, certificate };
}

export class Dialogue {
  readonly exchanges: Exchange[] = [];
  readonly answers = new Map<string, SaidReply>();
  readonly #parts: DialogueParts;
  #offered: readonly string[] = [];
  #isSecure: boolean;
  #over = false;

  constructor(parts: DialogueParts) {
    this.#parts = parts;
    this.#isSecure = parts.options.tls?.mode === 'implicit';
  }

  /** Says all of it. Who is sent away says no more. */
  async hold(): Promise<void> {
    const { incoming } = this.#parts;
    if (!(await this.#introduce())) return this.#answerAll();
    let left = incoming.to;
    while (left.length > 0 && !this.#over) {
      const later = await this.#transaction(left);
      // Nobody was taken: another transaction would end like this one.
      left = later.length < left.length ? later : [];
    }
    this.#answerAll();
  }

  /** @returns whether mail may follow */
  async #introduce(): Promise<boolean> {
    const { incoming, conversation, options } = this.#parts;
    const refused = await conversation.connect();
    this.#note('connect', `connects from ${incoming.address}`, [
      refused ?? greeting(options.hostname, options.protocol),
    ]);
    if (refused !== null || !(await this.#hello())) return false;
    if (this.#wantsTls() && !this.#isSecure && !(await this.#startTls())) return false;
    return incoming.user === null || this.#authenticate(incoming.user);
  }

  async #hello(): Promise<boolean> {
    const { incoming, conversation, options } = this.#parts;
    const verb = options.protocol === 'lmtp' ? 'LHLO' : 'EHLO';
    const reply = await this.#ask(verb, () => conversation.hello(verb, incoming.greeting));
    this.#note('helo', `${verb} ${incoming.greeting}`, [reply]);
    if (reply.code !== 250) return false;
    this.#offered = typeof reply.text === 'string' ? [] : reply.text.slice(1);
    return true;
  }

  #wantsTls(): boolean {
    const { incoming, options } = this.#parts;
    if (incoming.tls !== 'as needed') return incoming.tls === 'on';
    return options.tls !== null && (incoming.user !== null || options.tls.clients?.certificate === 'required');
  }

  async #startTls(): Promise<boolean> {
    const { incoming, conversation, options } = this.#parts;
    const reply = options.tls === null ? NOT_IMPLEMENTED : READY_FOR_TLS;
    this.#note('tls', 'STARTTLS', [reply]);
    if (options.tls === null) return false;
    conversation.secured(tlsFor(incoming));
    this.#isSecure = true;
    return this.#hello();
  }

  async #authenticate(user: string): Promise<boolean> {
    const { conversation } = this.#parts;
    const believe = () => conversation.authRefusal() ?? conversation.authentication.believe(user);
    const reply = await this.#ask('AUTH', believe);
    this.#note('auth', `AUTH as ${user}`, [reply]);
    return reply.code === 235;
  }

  /** One transaction for these recipients. @returns those who are to come in another one */
  async #transaction(to: readonly string[]): Promise<readonly string[]> {
    const { conversation, incoming, options } = this.#parts;
    const { transactions } = conversation;
    const mail = `FROM:<${incoming.from}>${await this.#parameters()}`;
    const begun = await this.#ask('MAIL', () => transactions.mail(mail));
    this.#note('mail', `MAIL ${mail}`, [begun]);
    if (begun.code !== 250) {
      for (const one of to) this.answers.set(one, inText(begun));
      return [];
    }
    const taken: string[] = [];
    const later: string[] = [];
    for (const one of to) {
      if (this.#over) break;
      const reply = await this.#ask('RCPT', () => transactions.rcpt(`TO:<${one}>`));
      this.#note('rcpt', `RCPT TO:<${one}>`, [reply]);
      this.answers.set(one, inText(reply));
      if (reply.code === 250) taken.push(one);
      else if (reply.code === 452 && reply.status === '4.5.3') later.push(one);
    }
    if (taken.length === 0 || this.#over) {
      transactions.reset();
      return later;
    }
    const refusal = transactions.dataRefusal('');
    const replies = refusal === null ? ((await transactions.content(piecesOf(incoming.content))) ?? []) : [refusal];
    this.#note('content', `DATA, ${GO_AHEAD.code}, ${incoming.content.size} octets`, replies);
    for (const [index, one] of taken.entries()) {
      const reply = replies[options.protocol === 'lmtp' ? index : 0] ?? replies[0];
      if (reply !== undefined) this.answers.set(one, inText(reply));
    }
    return later;
  }

  /** What a client asks for that knows its message and what it is offered. */
  async #parameters(): Promise<string> {
    const { from, to, content } = this.#parts.incoming;
    const utf8 = BEYOND_ASCII.test([from, ...to].join(' '));
    return [
      ...(offers(this.#offered, 'SIZE') ? [` SIZE=${content.size}`] : []),
      ...(offers(this.#offered, '8BITMIME') && (await isBeyondAscii(content)) ? [' BODY=8BITMIME'] : []),
      ...(offers(this.#offered, 'SMTPUTF8') && utf8 ? [' SMTPUTF8'] : []),
    ].join('');
  }

  /** Asks, unless the lack of a certificate stands before it. */
  async #ask(verb: string, ask: () => Said | Promise<Said>): Promise<Said> {
    const { incoming, options } = this.#parts;
    const shown = !this.#isSecure ? 'no-tls' : incoming.certificate === null ? 'none' : 'trusted';
    return refusalWithout(options.tls, shown, verb) ?? (await ask());
  }

  #note(stage: Exchange['stage'], said: string, replies: readonly Said[]): void {
    const steps = this.#parts.told.takeSteps();
    this.exchanges.push({ stage, said, replies: replies.map(inText), steps });
    if (replies.some(closes)) this.#over = true;
  }

  /** Who was sent away before a recipient was named has heard it for all of them. */
  #answerAll(): void {
    const last = this.exchanges.at(-1)?.replies.at(-1) ?? inText(BYE);
    for (const one of this.#parts.incoming.to) if (!this.answers.has(one)) this.answers.set(one, last);
  }
}

function inText(reply: Said): SaidReply {
  return { code: reply.code, text: formatSaid(reply).trimEnd().replaceAll('\r\n', '\n') };
}

async function* piecesOf(content: Content): AsyncGenerator<Buffer> {
  yield* content.stream();
}

async function isBeyondAscii(content: Content): Promise<boolean> {
  for await (const piece of content.stream()) if (piece.some(octet => octet > 127)) return true;
  return false;
}
