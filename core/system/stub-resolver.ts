/**
 * A stub resolver: asks DNS servers that look names up for others, one after the other, and keeps what they say as long as
 * its owners allow.
 *
 * Guarantees: "there is none" is said only where a server said so; every other failure is `unavailable`. `secure` is said
 * only where the configuration trusts the servers and one of them has set AD. No question takes longer than all tries at
 * all servers. The same question is not asked twice at the same time, and no more than `MOST_AT_ONCE` are under way.
 *
 * node:dns is not used: it tells neither the AD bit nor the TTL of MX records, and knows no TLSA that it would vouch for.
 */
import type { DnsLookup, DnsRecords, Dnssec, DnsType } from '../plugin/dns.ts';
import type { Clock, Random } from '../plugin/ports.ts';
import { DnsCache } from './dns-cache.ts';
import { type DnsExchange, type DnsServerAddress, overTcp, overUdp, whyNone } from './dns-exchange.ts';
import { type DnsQuestion, type DnsReply, readReply, writeQuestion } from './dns-message.ts';

/** How DNS is asked. */
export interface StubSettings {
  readonly servers: () => Promise<readonly DnsServerAddress[]>;
  /** Whether their AD bit is believed: they validate, and nobody can change what they say on its way here. */
  readonly dnssec: 'ignored' | 'trusted';
  /** How long the first try at a server may take, in milliseconds; later tries take twice as long. */
  readonly timeout: number;
  /** How often each server is tried. */
  readonly tries: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Each has a socket, and so a file handle. */
const MOST_AT_ONCE = 250;
const IDS = 0x1_00_00;
/** FORMERR and NOTIMP, by servers older than EDNS (RFC 6891 section 7). */
const OLD: ReadonlySet<number> = new Set([1, 4]);
const ROOT: DnsQuestion = { name: '.', type: 'NS' };

export class StubResolver {
  readonly #settings: StubSettings;
  readonly #cache: DnsCache;
  readonly #asking = new Map<string, Promise<DnsLookup<unknown>>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  /** The one that answered last is asked first, so that one that is down is waited for once. */
  #first: DnsServerAddress | null = null;

  constructor(settings: StubSettings) {
    this.#settings = settings;
    this.#cache = new DnsCache(settings.clock);
  }

  /** Asks about a name that DNS can hold. */
  lookUp<T extends DnsType>(name: string, type: T): Promise<DnsLookup<DnsRecords[T]>> {
    return this.#lookUp({ name, type }) as Promise<DnsLookup<DnsRecords[T]>>;
  }

  async #lookUp(question: DnsQuestion): Promise<DnsLookup<unknown>> {
    const key = `${question.type} ${question.name.toLowerCase()}`;
    const kept = this.#cache.get(key);
    if (kept !== null) return kept;
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    const asked = this.#inTurn(() => this.#ask(question)).then(lookup => {
      this.#cache.put(key, lookup);
      return lookup;
    });
    this.#asking.set(key, asked);
    return asked.finally(() => this.#asking.delete(key));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= MOST_AT_ONCE) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #ask(question: DnsQuestion): Promise<DnsLookup<unknown>> {
    const reply = await this.#firstReply(question);
    if (typeof reply === 'string') {
      const answer = { kind: 'unavailable', cause: reply } as const;
      return { answer, dnssec: 'unknown', name: question.name, ttl: Number.MAX_SAFE_INTEGER };
    }
    const { answer, name, ttl } = reply;
    return { answer, dnssec: await this.#worth(reply, question), name, ttl: ttl * 1000 };
  }

  /**
   * Without AD the zone is not signed, or the server does not validate at all: then it says nothing of the root either,
   * which is signed.
   */
  async #worth({ authentic }: DnsReply, question: DnsQuestion): Promise<Dnssec> {
    if (this.#settings.dnssec === 'ignored') return 'unknown';
    if (authentic) return 'secure';
    if (question === ROOT) return 'insecure';
    const root = await this.#lookUp(ROOT);
    return root.dnssec === 'secure' ? 'insecure' : 'unknown';
  }

  /** The first reply that says something, or why there is none. */
  async #firstReply(question: DnsQuestion): Promise<(DnsReply & Settled) | string> {
    const { tries, timeout } = this.#settings;
    const failures = new Map<DnsServerAddress, string>();
    const servers = this.#ordered(await this.#settings.servers());
    for (let round = 1; round <= tries; round += 1) {
      for (const server of servers) {
        try {
          const reply = await this.#exchange(server, question, Math.min(round, 2) * timeout);
          if (hasSettled(reply)) {
            this.#first = server;
            return reply;
          }
          failures.set(server, whyNone(reply.answer.kind === 'failed' ? reply.answer.why : '', server));
        } catch (error) {
          failures.set(server, whyNone(error, server));
        }
      }
    }
    return [...failures.values()].join('; ');
  }

  #ordered(servers: readonly DnsServerAddress[]): readonly DnsServerAddress[] {
    const first = this.#first;
    const isFirst = (one: DnsServerAddress) => one.address === first?.address && one.port === first.port;
    return [...servers.filter(isFirst), ...servers.filter(one => !isFirst(one))];
  }

  async #exchange(server: DnsServerAddress, question: DnsQuestion, timeout: number): Promise<DnsReply> {
    const reply = await this.#overEither(server, question, { timeout, edns: 'with' });
    if (reply.answer.kind !== 'failed' || !OLD.has(reply.answer.rcode)) return reply;
    return this.#overEither(server, question, { timeout, edns: 'without' });
  }

  /** Over TCP too where the answer does not fit into a datagram (RFC 7766 section 5). */
  async #overEither(
    server: DnsServerAddress,
    question: DnsQuestion,
    how: { readonly timeout: number; readonly edns: 'with' | 'without' },
  ): Promise<DnsReply> {
    const exchange = (): DnsExchange<DnsReply> => {
      const id = this.#settings.random.below(IDS);
      const query = writeQuestion(id, question, how.edns);
      return { server, query, timeout: how.timeout, read: octets => readReply(octets, id, question) };
    };
    const reply = await overUdp(exchange());
    return reply.truncated ? overTcp(exchange()) : reply;
  }
}

/** A reply about the question itself. */
interface Settled {
  readonly answer: Exclude<DnsReply['answer'], { readonly kind: 'failed' }>;
}

function hasSettled(reply: DnsReply): reply is DnsReply & Settled {
  return reply.answer.kind !== 'failed';
}
