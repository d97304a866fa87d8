/**
 * Reads the PROXY header of a connection from a listed proxy: before TLS, before the greeting, before any session.
 *
 * Guarantees: nothing is said to a peer that sends none; it has a short time for it, however slowly it sends; and what
 * follows the header, even in the same segment, is left in the socket for whoever reads next.
 */
import type { Socket } from 'node:net';
import { peerAddress } from '../mail/ip-address.ts';
import type { Clock, Log } from '../plugin/ports.ts';
import { type FoundProxyHeader, type ProxiedSource, parseProxyHeader } from './proxy-header.ts';

/** A proxy sends its header at once: within the time of a few lost packets it is here, or it never will be. In milliseconds. */
const LONGEST_WAIT = 10_000;

/** What reading needs. */
export interface ProxiedSetting {
  readonly clock: Clock;
  readonly log: Log;
  /** The listener's, for a command: a header gets no more. In milliseconds. */
  readonly patience: number;
}

/** What a proxy has said. */
export interface Proxied {
  /** `null`: the real address of the peer stands. */
  readonly source: ProxiedSource | null;
}

/**
 * Waits for the header. Does not reject.
 * @returns `null` where none came: the socket is closed, and the log says why.
 */
export async function readProxyHeader(socket: Socket, setting: ProxiedSetting): Promise<Proxied | null> {
  const { clock, log } = setting;
  const by = peerAddress(socket.remoteAddress ?? '');
  const patience = Math.min(setting.patience, LONGEST_WAIT);
  const timer = new AbortController();
  /** Health checks open and close a connection: that is no news. */
  let cause: string | null = null;
  const giveUp = (reason: string) => {
    cause = reason;
    socket.destroy();
  };
  clock.sleep(patience, timer.signal).then(
    () => giveUp(`no whole PROXY header came within ${patience} ms`),
    () => undefined,
  );
  const header = await headerOf(socket, giveUp);
  timer.abort('it is over');
  if (header === null) {
    socket.destroy();
    if (cause === null) log.debug('left', { during: 'the PROXY header', proxy: by });
    else log.warn('refused', { proxy: by, because: cause });
    return null;
  }
  log.debug('proxied', { proxy: by, client: header.source?.address ?? by });
  return header;
}

/** `null` where the octets are none, or end, or the socket fails. */
async function headerOf(socket: Socket, giveUp: (reason: string) => void): Promise<FoundProxyHeader | null> {
  let octets = Buffer.alloc(0);
  try {
    const pieces: AsyncIterable<Buffer> = socket.iterator({ destroyOnReturn: false });
    for await (const piece of pieces) {
      octets = Buffer.concat([octets, piece]);
      const found = parseProxyHeader(octets);
      switch (found.kind) {
        case 'incomplete':
          continue;
        case 'malformed':
          giveUp(`what it sends is no PROXY header: ${found.reason}`);
          return null;
        case 'header': {
          const rest = octets.subarray(found.length);
          if (rest.length > 0) socket.unshift(rest);
          return found;
        }
      }
    }
  } catch {
    // The peer or `giveUp` ended it, which is known already.
  }
  return null;
}
