/** What was found on the way to a route, for a person who wonders why it is like that. */
import { type Dnssec, formatDuration, type RouteReason } from '../../core/index.ts';

const WORTH: Readonly<Record<Dnssec, string>> = {
  secure: 'DNSSEC vouches for it',
  insecure: 'not signed',
  unknown: 'the resolver is not trusted to know whether it is signed',
};

export class Reasons {
  readonly #list: RouteReason[] = [];

  get list(): readonly RouteReason[] {
    return this.#list;
  }

  add(about: string, text: string): void {
    this.#list.push({ about, text });
  }

  /** An answer of DNS. `ttl` in milliseconds. */
  lookup(about: string, text: string, { dnssec, ttl }: { readonly dnssec: Dnssec; readonly ttl: number }): void {
    const seconds = Math.round(ttl / 1000) * 1000;
    this.add(about, `${text} (for ${formatDuration(seconds)}; ${WORTH[dnssec]})`);
  }
}
