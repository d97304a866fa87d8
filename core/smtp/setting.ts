/** What everything that serves one session works with. */
import type { Chain } from '../chain/chain.ts';
import type { Log } from '../plugin/ports.ts';
import type { ClientNames } from './client-names.ts';
import type { ListenerOptions } from './options.ts';
import type { Reception } from './reception.ts';

export interface Setting {
  readonly options: ListenerOptions;
  readonly reception: Reception;
  /** Of the generation that the session pinned. */
  readonly chain: Chain;
  /** Of all sessions of the listener. */
  readonly names: ClientNames;
  /** Carries the listener and the session. */
  readonly log: Log;
}
