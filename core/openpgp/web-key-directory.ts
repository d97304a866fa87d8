/**
 * Keys that domains publish of their addresses (Web Key Directory), asked for when they are needed, and remembered.
 *
 * Guarantees: a key counts only for the address it was asked for, and only where it has that address as a user id. A domain's
 * word goes over HTTPS with a certificate that fits, never to a private address; redirects stay inside the domain. Whoever
 * invents senders makes this gateway ask no more than `MOST_OF_DOMAIN` times of one domain in an hour, and remember no more than
 * `MOST_REMEMBERED` answers and `MOST_OCTETS` of keys.
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
  /** Of the answer, in octets. */
  size: number;
  /** By the monotonic clock. */
  ends: number;
}

/** What one answer gives. */
interface Published {
  readonly keys: KeyIndex;
  /** In octets. */
  readonly size: number;
}

const NOTHING: KeyIndex = new Map();
const UNPUBLISHED: Published = { keys: NOTHING, size: 0 };
const HOUR = 60 * 60 * 1000;
const LARGEST = 256 * 1024;
/** A directory answers with the one key, and perhaps with others that were revoked. */
const MOST_KEYS = 8;
const MOST_REDIRECTS = 3;
const MOST_REMEMBERED = 1000;
const MOST_OCTETS = 8 * 1024 * 1024;
/** Questions to one domain in an hour. */
const MOST_OF_DOMAIN = 60;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The directories of all domains. */
export class WebKeyDirectory {
  readonly #parts: WkdParts;
  /** By address; the longest unused first. */
  readonly #remembered = new Map<string, Remembered>();
  /** The size of all that is remembered. */
  #octets = 0;
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
    this.#forget(name);
    if (known !== undefined && clock.monotonic() < known.ends) {
      this.#remember(name, known);
      return await known.keys;
    }
    if (!this.#mayAsk(address.domain)) return NOTHING;
    return await this.#ask(address, signal);
  }

  /** Asks once for all mails that wait for the answer. */
  #ask(address: Mailbox, signal: AbortSignal): Promise<KeyIndex> {
    const remembered: Remembered = { keys: Promise.resolve(NOTHING), size: 0, ends: Number.POSITIVE_INFINITY };
    this.#remember(formatMailbox(address), remembered);
    remembered.keys = this.#answer(address, remembered, signal);
    return remembered.keys;
  }

  /** Makes it the last to be forgotten, and forgets what there is no room for. */
  #remember(name: string, one: Remembered): void {
    this.#remembered.set(name, one);
    this.#octets += one.size;
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MOST_REMEMBERED && this.#octets <= MOST_OCTETS) break;
      this.#forget(oldest);
    }
  }

  #forget(name: string): void {
    this.#octets -= this.#remembered.get(name)?.size ?? 0;
    this.#remembered.delete(name);
  }

  async #answer(address: Mailbox, remembered: Remembered, signal: AbortSignal): Promise<KeyIndex> {
    const { clock, remember, log } = this.#parts;
    try {
      const { keys, size } = await this.#look(address, signal);
      remembered.ends = clock.monotonic() + (keys.size > 0 ? remember : Math.min(remember, HOUR));
      const name = formatMailbox(address);
      this.#forget(name);
      remembered.size = size;
      this.#remember(name, remembered);
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

  async #look(address: Mailbox, signal: AbortSignal): Promise<Published> {
    const places = wkdAddresses(address);
    if (places === null) return UNPUBLISHED;
    const deadline = this.#parts.clock.monotonic() + this.#parts.timeout;
    const advanced = await this.#get(places.advanced, { domain: address.domain, deadline, signal });
    const answer =
      advanced.kind === 'no-such-host'
        ? await this.#get(places.direct, { domain: address.domain, deadline, signal })
        : advanced;
    switch (answer.kind) {
      case 'no-such-host':
        return UNPUBLISHED;
      case 'failed':
        throw new Error(answer.cause);
      case 'answered':
        return await this.#keysIn(answer, address);
      default:
        return answer satisfies never;
    }
  }

  async #keysIn({ status, body }: Extract<WebAnswer, { kind: 'answered' }>, address: Mailbox): Promise<Published> {
    if (status === 404) return UNPUBLISHED;
    if (status !== 200) throw new Error(`it answers ${status}`);
    const { keys } = await readKeyMaterial(body);
    if (keys.length > MOST_KEYS) throw new Error(`it holds more than ${MOST_KEYS} keys`);
    const own: Key[] = [];
    for (const key of keys) {
      const names = await userIds(key, this.#parts.clock.now());
      if (names.some(name => isOf(name, address))) own.push(key);
    }
    return { keys: indexKeys([{ keys: own, revocations: [] }]), size: own.length === 0 ? 0 : body.length };
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
        return { kind: 'failed', what: 'other', cause: `it leads on to ${answer.location}` };
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
