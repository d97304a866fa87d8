/**
 * Keys that domains publish of their addresses (Web Key Directory), asked for when they are needed, and remembered.
 *
 * Guarantees: a key counts only for the address it was asked for, and only where it has that address as a user id. A domain's
 * word goes over HTTPS with a certificate that fits, never to a private address; redirects stay inside the domain. Whoever
 * invents senders makes this gateway ask no more than `MOST_OF_DOMAIN` times of one domain, and remember no more than
 * `MOST_REMEMBERED` answers.
 */
import type { Mailbox } from '../mail/address.ts';
import { describeError } from '../mail/failure.ts';
import { formatMailbox } from '../mail/path.ts';
import type { Clock, Log } from '../plugin/ports.ts';
import type { Web, WebAnswer } from '../plugin/web.ts';
import { indexKeys, type KeyIndex } from './key-index.ts';
import { type Key, readKeyMaterial, userIds } from './openpgp.ts';
import { mailboxOf, samePerson } from './signer.ts';
import { wkdAddresses } from './wkd-address.ts';

/** How the directories are asked. */
export interface WkdSettings {
  /** Only these domains are asked. `null`: every one. */
  readonly domains: readonly string[] | null;
  /** For one address, all tries together. In milliseconds. */
  readonly timeout: number;
  /** How long an answer holds, in milliseconds. That there is none, or that nobody answered, holds for at most an hour. */
  readonly remember: number;
  /** Certification authorities in PEM, beside those that Node knows. Asked for at each question. */
  readonly authorities: () => string | null;
}

export interface WkdParts extends WkdSettings {
  readonly web: Web;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a directory says of an address. */
interface Remembered {
  keys: Promise<KeyIndex>;
  /** By the monotonic clock. */
  ends: number;
}

const NOTHING: KeyIndex = new Map();
const HOUR = 60 * 60 * 1000;
const LARGEST = 256 * 1024;
/** A directory answers with the one key, and perhaps with others that were revoked. */
const MOST_KEYS = 8;
const MOST_REDIRECTS = 3;
const MOST_REMEMBERED = 1000;
/** Questions to one domain in an hour. */
const MOST_OF_DOMAIN = 60;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The directories of all domains. */
export class WebKeyDirectory {
  readonly #parts: WkdParts;
  /** By address; the longest unused first. */
  readonly #remembered = new Map<string, Remembered>();
  #asked = new Map<string, number>();
  #askedSince = 0;

  constructor(parts: WkdParts) {
    this.#parts = parts;
  }

  /** The keys that an address's domain publishes for it, by key id. None, where nobody answers: the log says why. */
  async keysOf(address: Mailbox, signal: AbortSignal): Promise<KeyIndex> {
    const { domains, clock } = this.#parts;
    if (domains !== null && !domains.includes(address.domain)) return NOTHING;
    const name = formatMailbox(address);
    const known = this.#remembered.get(name);
    this.#remembered.delete(name);
    if (known !== undefined && clock.monotonic() < known.ends) {
      this.#remembered.set(name, known);
      return await known.keys;
    }
    if (!this.#mayAsk(address.domain)) return NOTHING;
    return await this.#ask(address, signal);
  }

  /** Asks once for all mails that wait for the answer. */
  #ask(address: Mailbox, signal: AbortSignal): Promise<KeyIndex> {
    const remembered: Remembered = { keys: Promise.resolve(NOTHING), ends: Number.POSITIVE_INFINITY };
    this.#remembered.set(formatMailbox(address), remembered);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MOST_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    remembered.keys = this.#answer(address, remembered, signal);
    return remembered.keys;
  }

  async #answer(address: Mailbox, remembered: Remembered, signal: AbortSignal): Promise<KeyIndex> {
    const { clock, remember, log } = this.#parts;
    try {
      const keys = await this.#look(address, signal);
      remembered.ends = clock.monotonic() + (keys.size > 0 ? remember : Math.min(remember, HOUR));
      return keys;
    } catch (error) {
      // That somebody lost patience says nothing about the key: the next one asks again.
      remembered.ends = signal.aborted ? 0 : clock.monotonic() + Math.min(remember, HOUR);
      const where = 'Web Key Directory';
      log.warn('not found', { address: formatMailbox(address), where, cause: describeError(error) });
      return NOTHING;
    }
  }

  #mayAsk(domain: string): boolean {
    const { clock, log } = this.#parts;
    if (clock.monotonic() >= this.#askedSince + HOUR) {
      this.#asked = new Map();
      this.#askedSince = clock.monotonic();
    }
    const count = this.#asked.get(domain) ?? 0;
    this.#asked.set(domain, count + 1);
    if (count === MOST_OF_DOMAIN) log.warn('not asked', { domain, cause: `asked ${count} times within an hour` });
    return count < MOST_OF_DOMAIN;
  }

  async #look(address: Mailbox, signal: AbortSignal): Promise<KeyIndex> {
    const places = wkdAddresses(address);
    if (places === null) return NOTHING;
    const deadline = this.#parts.clock.monotonic() + this.#parts.timeout;
    const advanced = await this.#get(places.advanced, { domain: address.domain, deadline, signal });
    const answer =
      advanced.kind === 'no-such-host'
        ? await this.#get(places.direct, { domain: address.domain, deadline, signal })
        : advanced;
    switch (answer.kind) {
      case 'no-such-host':
        return NOTHING;
      case 'failed':
        throw new Error(answer.cause);
      case 'answered':
        return await this.#keysIn(answer, address);
      default:
        return answer satisfies never;
    }
  }

  async #keysIn({ status, body }: Extract<WebAnswer, { kind: 'answered' }>, address: Mailbox): Promise<KeyIndex> {
    if (status === 404) return NOTHING;
    if (status !== 200) throw new Error(`it answers ${status}`);
    const { keys } = await readKeyMaterial(body);
    if (keys.length > MOST_KEYS) throw new Error(`it holds more than ${MOST_KEYS} keys`);
    const own: Key[] = [];
    for (const key of keys) {
      const names = await userIds(key, this.#parts.clock.now());
      if (names.some(name => isOf(name, address))) own.push(key);
    }
    return indexKeys([{ keys: own, revocations: [] }]);
  }

  /** Asks, and follows redirects as far as they stay inside the domain. */
  async #get(url: URL, about: Asking): Promise<WebAnswer> {
    const { web, clock, authorities } = this.#parts;
    for (let next = url, redirects = 0; ; redirects += 1) {
      const timeout = Math.max(1, about.deadline - clock.monotonic());
      const answer = await web.get({ url: next, maxSize: LARGEST, timeout, authorities: authorities() }, about.signal);
      if (answer.kind !== 'answered' || answer.location === null || !REDIRECTS.has(answer.status)) return answer;
      const target = URL.parse(answer.location, next.href);
      if (target === null || !mayLeadTo(target, about.domain) || redirects === MOST_REDIRECTS)
        return { kind: 'failed', cause: `it leads on to ${answer.location}` };
      next = target;
    }
  }
}

interface Asking {
  readonly domain: string;
  /** By the monotonic clock. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Otherwise a page of the domain that sends its visitors anywhere would make us visit anybody. */
function mayLeadTo({ protocol, hostname, port, username, password }: URL, domain: string): boolean {
  const inside = hostname === domain || hostname.endsWith(`.${domain}`);
  return protocol === 'https:' && port === '' && inside && username === '' && password === '';
}

/** Whether a user id is that of an address. */
export function isOf(userId: string, address: Mailbox): boolean {
  const mailbox = mailboxOf(userId);
  return mailbox !== null && samePerson(mailbox, address);
}
