/** The next hops of one plugin: it gives them mail as its options say, over sessions that are kept for the next one. */
import type { Recipient } from '../mail/envelope.ts';
import type { Outcome } from '../mail/outcome.ts';
import { CLOCK, FILES, IDENTITY, NETWORK, RESOLVER } from '../plugin/ports.ts';
import type { Preview } from '../plugin/preview.ts';
import { TLS_REPORTS } from '../plugin/tls-reports.ts';
import type { Resolved } from '../plugin/token.ts';
import type { Caller, Policy } from './dial.ts';
import { Pool } from './pool.ts';
import { previewed } from './preview.ts';
import { type Relaying, type RelayServices, relay } from './relay.ts';
import type { SessionOptions } from './session-options.ts';
import type { TlsOption } from './tls-wanted.ts';

/** The services that giving mail to next hops takes. */
export const NEXT_HOP_NEEDS = {
  network: NETWORK,
  resolver: RESOLVER,
  clock: CLOCK,
  files: FILES,
  identity: IDENTITY,
  reports: TLS_REPORTS,
};

/** How a plugin talks to its next hops. */
export interface NextHopOptions extends SessionOptions, Pick<Policy, 'protocol' | 'tlsRequiredNo'> {
  readonly tls: TlsOption;
}

export class NextHops {
  readonly #options: NextHopOptions;
  readonly #services: Resolved<typeof NEXT_HOP_NEEDS>;
  readonly #pool: Pool;
  readonly #relayServices: RelayServices;
  #policy: Policy;

  constructor(options: NextHopOptions, services: Resolved<typeof NEXT_HOP_NEEDS>) {
    this.#options = options;
    this.#services = services;
    const { connections, reuse } = options;
    this.#pool = new Pool({ connections, reuse }, services.clock);
    this.#relayServices = { ...services, pool: this.#pool };
    this.#policy = this.#policyWith(null);
  }

  /** To be called before the first mail. @throws where the file of authorities cannot be read */
  async start(): Promise<void> {
    const { authorities } = this.#options;
    if (authorities === undefined) return;
    this.#policy = this.#policyWith((await this.#services.files.read(authorities)).toString());
  }

  /**
   * Gives a mail to the first hop that takes it. Every recipient has an outcome.
   * @throws where the content cannot be read and nobody has an outcome yet
   */
  relay(relaying: Relaying, caller: Caller): Promise<ReadonlyMap<Recipient, Outcome>> {
    return relay(relaying, this.#policy, this.#relayServices, caller);
  }

  /** What `relay` would do, without doing it: DNS alone is asked. */
  preview(relaying: Relaying): Promise<readonly Preview[]> {
    return previewed(relaying, this.#policy, this.#services.resolver);
  }

  /** Says goodbye to all. */
  close(): void {
    this.#pool.close();
  }

  #policyWith(authorities: string | null): Policy {
    const { hostname: hello = this.#services.identity.hostname, timeouts, auth = null, ...others } = this.#options;
    const { connect, ...limits } = timeouts;
    return { ...others, hello, demands: 'kept', authorities, auth, connectTimeout: connect, limits };
  }
}
