/**
 * AUTH (RFC 4954 section 4): begins the exchange of a mechanism, takes its lines apart, and ends it.
 *
 * Guarantee: whatever the client sends, an exchange that is not over gives one challenge for each line, and one that is
 * over leaves nothing behind. Cancelled or broken off, nobody has authenticated.
 */
import type { Mechanism } from '../mail/mechanism.ts';
import type { Conversation } from './conversation.ts';
import { AUTH_CANCELLED, NOT_BASE64, RESPONSE_TOO_LONG, type Said, syntax } from './replies.ts';
import { cramMd5 } from './sasl/cram-md5.ts';
import type { BeginExchange, Exchange } from './sasl/exchange.ts';
import { external } from './sasl/external.ts';
import { login } from './sasl/login.ts';
import { oauthBearer } from './sasl/oauthbearer.ts';
import { mechanismRefusal } from './sasl/offered.ts';
import { plain } from './sasl/plain.ts';
import { scramSha256 } from './sasl/scram-sha-256.ts';
import { xoauth2 } from './sasl/xoauth2.ts';

/** Of a line without its line end, in octets: enough for every mechanism (RFC 4954 section 4). */
export const LONGEST_RESPONSE = 12_288;
/** RFC 4648 section 4, with its padding and with nothing else. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const EXCHANGES: Readonly<Record<Mechanism, BeginExchange>> = {
  PLAIN: plain,
  LOGIN: login,
  'CRAM-MD5': cramMd5,
  'SCRAM-SHA-256': scramSha256,
  XOAUTH2: xoauth2,
  OAUTHBEARER: oauthBearer,
  EXTERNAL: external,
};

export class Login {
  readonly #conversation: Conversation;
  #exchange: Exchange | null = null;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** Whether the next line belongs to an exchange. */
  get waiting(): boolean {
    return this.#exchange !== null;
  }

  /** AUTH and what stands after it. @returns a challenge, or how it ended. */
  async begin(argument: string): Promise<Said> {
    const refusal = this.#conversation.authRefusal();
    if (refusal !== null) return refusal;
    const [name = '', initial, ...more] = argument.split(/\s+/);
    if (name === '' || more.length > 0) return syntax('AUTH mechanism [initial-response]');
    const mechanism = name.toUpperCase();
    const { authentication } = this.#conversation;
    const { setting, session } = authentication;
    const unusable = mechanismRefusal(mechanism, setting.options, session);
    if (unusable !== null) return unusable;
    // `=` is an empty response; nothing at all is none.
    const response = initial === undefined ? null : decode(initial === '=' ? '' : initial);
    if (response !== null && response.kind === 'refused') return response.reply;
    const begin = EXCHANGES[mechanism as Mechanism];
    const exchange = begin({ setting, authentication }, response?.octets ?? null);
    return this.#step(exchange, NOTHING);
  }

  /** A line of the exchange, without its line end. @returns the next challenge, or how it ended. */
  async goOn(line: Buffer): Promise<Said> {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange === null) throw new Error('there is no exchange that the line could belong to');
    const text = line.toString('latin1');
    if (text === '*') return AUTH_CANCELLED;
    const response = decode(text);
    return response.kind === 'refused' ? response.reply : this.#step(exchange, response.octets);
  }

  /** A line of the exchange was longer than can be read. @returns how it ended. */
  overflow(): Said {
    this.#exchange = null;
    return RESPONSE_TOO_LONG;
  }

  async #step(exchange: Exchange, response: Buffer): Promise<Said> {
    const { done, value } = await exchange.next(response);
    if (done === true) return value;
    this.#exchange = exchange;
    return { code: 334, status: null, text: Buffer.from(value).toString('base64') };
  }
}

/** What a generator that has not begun is sent means nothing. */
const NOTHING = Buffer.alloc(0);

function decode(
  text: string,
): { readonly kind: 'octets'; readonly octets: Buffer } | { readonly kind: 'refused'; readonly reply: Said } {
  if (text.length > LONGEST_RESPONSE) return { kind: 'refused', reply: RESPONSE_TOO_LONG };
  if (!BASE64.test(text)) return { kind: 'refused', reply: NOT_BASE64 };
  return { kind: 'octets', octets: Buffer.from(text, 'base64') };
}
