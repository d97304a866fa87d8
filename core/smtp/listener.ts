/**
 * One address on which clients are served. Lives longer than a configuration: each session pins the generation with
 * which it began.
 */
import { once } from 'node:events';
import { MailframeError } from '../mail/error.ts';
import { describeError, errnoOf } from '../mail/failure.ts';
import type { ListenerOptions, TlsOptions } from './options.ts';
import type { Reception } from './reception.ts';
import { Server } from './server.ts';

/** Where a listener listens. */
export interface ListeningAt {
  readonly address: string;
  readonly port: number;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;

  /** @throws MailframeError `MF_LISTENER_CERTIFICATE` where certificate and key are none, or not of each other. */
  constructor(options: ListenerOptions, reception: Reception) {
    this.#options = options;
    const log = reception.log.child({ listener: options.id });
    try {
      this.#server = new Server(options, reception, log);
    } catch (error) {
      throw unusable(options.id, error);
    }
  }

  /**
   * Begins to serve clients.
   * @throws MailframeError `MF_LISTENER_BIND` where the address cannot be had.
   */
  async open(): Promise<ListeningAt> {
    const { id, address, port } = this.#options;
    const { server } = this.#server;
    try {
      server.listen({ host: address, port });
      await once(server, 'listening');
    } catch (error) {
      throw new MailframeError(
        'MF_LISTENER_BIND',
        `the listener ${id} cannot listen on ${address} port ${port}: ${adviceOn(error)}`,
        { cause: error },
      );
    }
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a TCP listener has an address and a port');
    return { address: bound.address, port: bound.port };
  }

  /**
   * New handshakes, those of sessions that have begun without TLS among them, show these certificates and verify clients
   * by these authorities. Nobody is refused meanwhile, and whoever has TLS keeps what he has. Mode, and whether clients
   * must show a certificate, stay as they were.
   * @throws MailframeError `MF_LISTENER_CERTIFICATE` where one of them cannot be used; all of the old ones stay then.
   */
  renew(tls: TlsOptions): void {
    try {
      this.#server.renew(tls);
    } catch (error) {
      throw unusable(this.#options.id, error);
    }
  }

  /**
   * Stops: no new clients, 421 to idle sessions at once and to the others after their transaction. Resolves when the
   * last session has ended and nothing is being worked on for any.
   * @param cutOff when aborted, ends what is left. What was not answered 250 by then was not accepted.
   */
  async close(cutOff: AbortSignal): Promise<void> {
    const server = this.#server;
    const closed = new Promise<void>(resolve => {
      server.server.close(() => resolve());
    });
    server.retire();
    const cut = () => server.cut();
    if (cutOff.aborted) cut();
    else cutOff.addEventListener('abort', cut, { once: true });
    await closed;
    await server.idle();
    cutOff.removeEventListener('abort', cut);
  }
}

function unusable(id: string, error: unknown): MailframeError {
  return new MailframeError(
    'MF_LISTENER_CERTIFICATE',
    `the listener ${id} cannot use its certificate and key: ${describeError(error)}; both must be PEM, and the key must be that of the certificate`,
    { cause: error },
  );
}

function adviceOn(error: unknown): string {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return 'another program listens there; stop it or choose another port';
    case 'EACCES':
      return 'this user may not use the port; choose one above 1023';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have the address';
    default:
      return describeError(error);
  }
}
