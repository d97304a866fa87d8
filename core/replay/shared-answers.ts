/** DNS that gives every question one answer, whoever asks it how often: what differs between both sides is not DNS. */
import type { DnsLookup, DnsRecords, DnsType, Resolver } from '../plugin/dns.ts';

/** The answers that were used last are kept. */
const MOST_ANSWERS = 20_000;

export class SharedAnswers implements Resolver {
  readonly #inner: Resolver;
  readonly #answers = new Map<string, Promise<unknown>>();

  constructor(inner: Resolver) {
    this.#inner = inner;
  }

  mx(domain: string) {
    return this.#once('mx', domain, () => this.#inner.mx(domain));
  }

  addresses(name: string) {
    return this.#once('addresses', name, () => this.#inner.addresses(name));
  }

  reverse(address: string) {
    return this.#once('reverse', address, () => this.#inner.reverse(address));
  }

  txt(name: string) {
    return this.#once('txt', name, () => this.#inner.txt(name));
  }

  lookUp<T extends DnsType>(name: string, type: T): Promise<DnsLookup<DnsRecords[T]>> {
    return this.#once(`lookUp ${type}`, name, () => this.#inner.lookUp(name, type));
  }

  #once<T>(what: string, name: string, ask: () => Promise<T>): Promise<T> {
    const key = `${what} ${name.toLowerCase()}`;
    const known = this.#answers.get(key) as Promise<T> | undefined;
    const answer = known ?? ask();
    // Last used, last forgotten.
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size > MOST_ANSWERS) {
      const [oldest = ''] = this.#answers.keys();
      this.#answers.delete(oldest);
    }
    return answer;
  }
}
