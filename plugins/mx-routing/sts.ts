/**
 * The MTA-STS policy that holds for a domain (RFC 8461 section 5.1).
 *
 * Guarantee: a policy that was seen holds until it expires, whatever becomes of DNS and of the web server by then: who
 * blocks either of them does not get the mail in the clear (section 10.2). A domain that was never seen has none.
 */
import {
  type Clock,
  formatDuration,
  type Log,
  type PublishedPolicy,
  type Resolver,
  type TlsReports,
} from '../../core/index.ts';
import { fetchPolicy, type StsFetching } from './sts-fetch.ts';
import { parseStsPolicy, type StsPolicy } from './sts-policy.ts';
import { stsIdIn } from './sts-record.ts';
import type { KnownPolicy, StsStore } from './sts-store.ts';

/** What the policies need of the world. */
export interface StsWorld extends StsFetching {
  readonly store: StsStore;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly log: Log;
  readonly reports: TlsReports;
}

/** What is known of a domain. */
export interface Sts {
  readonly policy: StsPolicy | null;
  /** As reports name it. */
  readonly published: PublishedPolicy | null;
  /** How that came about, for a person. */
  readonly why: string;
}

/** A policy is fetched again after a day, so that it never expires as long as it is there. In milliseconds. */
const REFRESH_AFTER = 24 * 3_600_000;
/** Who did not give a policy is not asked for a while. In milliseconds. */
const LEFT_ALONE = 5 * 60_000;
const MOST_LEFT_ALONE = 10_000;

export class StsPolicies {
  readonly #world: StsWorld;
  readonly #fetching = new Map<string, Promise<KnownPolicy | string>>();
  /** By domain: until when, on the monotonic clock, and why. */
  readonly #leftAlone = new Map<string, { readonly until: number; readonly why: string }>();

  constructor(world: StsWorld) {
    this.#world = world;
  }

  /** Does not reject. */
  async of(domain: string): Promise<Sts> {
    const { store, resolver, clock } = this.#world;
    const known = await store.get(domain);
    const { answer } = await resolver.lookUp(`_mta-sts.${domain}`, 'TXT');
    const id = answer.kind === 'found' ? stsIdIn(answer.records) : null;
    if (id === null) {
      return known === null ? none('no policy is announced') : this.#held(domain, known, 'no longer announced');
    }
    if (known?.id === id) {
      // In the background: what is known holds.
      if (clock.now().getTime() - known.fetchedAt >= REFRESH_AFTER) void this.#fetched(domain, id);
      return this.#held(domain, known, 'known');
    }
    const fetched = await this.#fetched(domain, id);
    if (typeof fetched !== 'string') return this.#held(domain, fetched, 'fetched');
    return known === null ? none(fetched) : this.#held(domain, known, `the new one cannot be had: ${fetched}`);
  }

  #held(domain: string, known: KnownPolicy, how: string): Sts {
    const { policy, text } = known;
    const left = Math.round((this.#world.store.expiresAt(known) - this.#world.clock.now().getTime()) / 1000) * 1000;
    const why = `${policy.mode}, hosts ${policy.mx.join(', ')}, id ${known.id}, for ${formatDuration(left)} (${how})`;
    const strings = text.split(/\r?\n/).filter(line => line !== '');
    return { policy, published: { type: 'sts', domain, strings, mxHosts: policy.mx }, why };
  }

  /** One fetch at a time for a domain, and none for a while after one that failed. */
  #fetched(domain: string, id: string): Promise<KnownPolicy | string> {
    const left = this.#leftAlone.get(domain);
    if (left !== undefined && left.until > this.#world.clock.monotonic()) return Promise.resolve(left.why);
    let running = this.#fetching.get(domain);
    if (running === undefined) {
      running = this.#fetch(domain, id).finally(() => this.#fetching.delete(domain));
      this.#fetching.set(domain, running);
    }
    return running;
  }

  async #fetch(domain: string, id: string): Promise<KnownPolicy | string> {
    const { store, log, reports, clock } = this.#world;
    const fetched = await fetchPolicy(domain, this.#world);
    const policy = fetched.kind === 'fetched' ? parseStsPolicy(fetched.text) : null;
    if (fetched.kind === 'fetched' && policy !== null) {
      const known = { id, text: fetched.text, policy, fetchedAt: clock.now().getTime() };
      await store.put(domain, known);
      this.#leftAlone.delete(domain);
      return known;
    }
    const { type, why } =
      fetched.kind === 'failed'
        ? fetched
        : { type: 'sts-policy-invalid' as const, why: 'what was fetched is no policy' };
    log.warn('failed', { policyOf: domain, cause: why });
    const published = { type: 'sts', domain, strings: [], mxHosts: [] } as const;
    reports.count({ policy: published, failure: { type, reason: why } });
    this.#leave(domain, why);
    return why;
  }

  #leave(domain: string, why: string): void {
    if (this.#leftAlone.size >= MOST_LEFT_ALONE) this.#leftAlone.clear();
    this.#leftAlone.set(domain, { until: this.#world.clock.monotonic() + LEFT_ALONE, why });
  }
}

function none(why: string): Sts {
  return { policy: null, published: null, why };
}
