/** What an expansion has found so far, and what that comes to. */
import { type Expansion, formatMailbox, type Mailbox } from '../../core/index.ts';
import type { Expanded } from './expansion.ts';

/** Why an expansion came to an end before its time: all of it waits. */
export type Trouble = Extract<Expanded, { readonly kind: 'too-many' | 'too-deep' | 'loop' }>;

interface Said {
  readonly text: string;
  readonly via: string;
}

export class Found {
  readonly #limit: number;
  readonly #to = new Map<string, Expansion>();
  readonly #failed: Said[] = [];
  #deferred: Said | null = null;
  #blackhole: string | null = null;
  #trouble: Trouble | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether nothing that is found now changes anything. */
  get isOver(): boolean {
    return this.#trouble !== null;
  }

  /** @returns whether it was not there yet. `key`: what makes it the same as another one. */
  add(key: string, expansion: Expansion): boolean {
    if (this.#to.has(key)) return false;
    this.#to.set(key, expansion);
    if (this.#to.size > this.#limit) this.stop({ kind: 'too-many' });
    return true;
  }

  fail(said: Said): void {
    this.#failed.push(said);
  }

  defer(said: Said): void {
    this.#deferred ??= said;
  }

  swallow(via: string): void {
    this.#blackhole ??= via;
  }

  stop(trouble: Trouble): void {
    this.#trouble ??= trouble;
  }

  verdict(): Expanded {
    if (this.#trouble !== null) return this.#trouble;
    if (this.#deferred !== null) return { kind: 'defer', ...this.#deferred };
    if (this.#to.size > 0) {
      return { kind: 'recipients', to: [...this.#to.values()], leftOut: this.#failed.map(({ via }) => via) };
    }
    if (this.#blackhole !== null) return { kind: 'blackhole', via: this.#blackhole };
    const [first] = this.#failed;
    // Lists may be empty.
    return first === undefined ? { kind: 'fail', text: '', via: 'it leads to nobody' } : { kind: 'fail', ...first };
  }
}

/** What makes addresses the same: in our own domains the case of a name does not make it another one. */
export function addressKey({ localPart, domain }: Mailbox, domains: ReadonlySet<string>): string {
  return formatMailbox(domains.has(domain) ? { localPart: localPart.toLowerCase(), domain } : { localPart, domain });
}
