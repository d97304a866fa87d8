/**
 * The policies that are known, until each of them expires (RFC 8461 section 3.3): in memory, and in a file each, so that a
 * restart does not open the door for whoever keeps us from fetching them again.
 */
import { type Clock, describeError, errnoOf, type Files, type Log } from '../../core/index.ts';
import { parseStsPolicy, type StsPolicy } from './sts-policy.ts';

/** A policy, and when it was fetched. */
export interface KnownPolicy {
  readonly id: string;
  readonly text: string;
  readonly policy: StsPolicy;
  /** In milliseconds since 1970. */
  readonly fetchedAt: number;
}

const MOST_IN_MEMORY = 10_000;
const OWNER_ONLY = 0o600;

export class StsStore {
  readonly #directory: string;
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #known = new Map<string, KnownPolicy | null>();
  #troubled = false;

  constructor(
    directory: string,
    { files, clock, log }: { readonly files: Files; readonly clock: Clock; readonly log: Log },
  ) {
    this.#directory = directory;
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
  }

  /** The policy of a domain, as long as it holds. */
  async get(domain: string): Promise<KnownPolicy | null> {
    let known = this.#known.get(domain);
    if (known === undefined) known = this.#remember(domain, await this.#read(domain));
    if (known === null || this.expiresAt(known) > this.#clock.now().getTime()) return known;
    return null;
  }

  /** When a policy ends, in milliseconds since 1970. */
  expiresAt({ fetchedAt, policy }: KnownPolicy): number {
    return fetchedAt + policy.maxAge * 1000;
  }

  /** Keeps a policy in the place of the one before. What the disk does not take is kept in memory alone. */
  async put(domain: string, known: KnownPolicy): Promise<void> {
    this.#remember(domain, known);
    const { id, text, fetchedAt } = known;
    try {
      await this.#files.makeDirectory(this.#directory);
      await this.#files.replace(
        `${this.#directory}/${domain}`,
        Buffer.from(`${JSON.stringify({ id, fetchedAt, text })}\n`),
        OWNER_ONLY,
      );
      this.#troubled = false;
    } catch (error) {
      if (!this.#troubled) {
        const what = 'policies are kept in memory alone: whoever restarts the gateway forgets them';
        this.#log.warn('troubled', { directory: this.#directory, cause: describeError(error), message: what });
      }
      this.#troubled = true;
    }
  }

  #remember(domain: string, known: KnownPolicy | null): KnownPolicy | null {
    this.#known.delete(domain);
    this.#known.set(domain, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_IN_MEMORY) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  async #read(domain: string): Promise<KnownPolicy | null> {
    try {
      const octets = await this.#files.read(`${this.#directory}/${domain}`);
      const { id, fetchedAt, text } = JSON.parse(octets.toString()) as KnownPolicy;
      const policy = parseStsPolicy(text);
      return policy === null ? null : { id, fetchedAt, text, policy };
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#log.warn('failed', { policyOf: domain, cause: describeError(error) });
      return null;
    }
  }
}
