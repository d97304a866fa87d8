/** A network on which every address and every Unix socket leads where the test says: to this machine, or to a failure. */
import { addressName, type Network } from '../plugin/ports.ts';
import { systemNetwork } from '../system/network.ts';

/**
 * By `address:port` or by the path of a socket, as in `192.0.2.1:25` and `/run/lmtp`; `*` is any other. A number is a port on
 * loopback, a text the errno of the failure.
 */
export type FakeHosts = Readonly<Record<string, number | string>>;

/** A network that remembers where it was asked to connect. */
export interface FakeNetwork extends Network {
  /** `192.0.2.1:25` or the path of a socket, in the order of asking. */
  readonly attempts: readonly string[];
  /** Replaces all destinations. */
  set(hosts: FakeHosts): void;
}

/**
 * Makes one. A destination that is not named refuses the connection (ECONNREFUSED).
 * @example fakeNetwork({ '192.0.2.1:25': sink.port, '192.0.2.2:25': 'ETIMEDOUT' })
 */
export function fakeNetwork(initial: FakeHosts = {}): FakeNetwork {
  let hosts = initial;
  const attempts: string[] = [];
  return {
    attempts,
    set(later) {
      hosts = later;
    },
    connect(destination, signal) {
      const name = addressName(destination);
      attempts.push(name);
      const leadsTo = hosts[name] ?? hosts['*'] ?? 'ECONNREFUSED';
      if (typeof leadsTo === 'number') {
        const { timeout } = destination;
        return systemNetwork.connect({ address: '127.0.0.1', port: leadsTo, timeout }, signal);
      }
      return Promise.reject(Object.assign(new Error(`connect ${leadsTo} ${name}`), { code: leadsTo }));
    },
  };
}
