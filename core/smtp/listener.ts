/**
 * One address on which clients are served. Lives longer than a configuration: each session pins the generation with which
 * it began, and its settings may be changed while it listens.
 *
 * Guarantee: a change of settings refuses no client and ends no session. Sessions keep the settings they began with; who
 * comes later meets the new ones.
 */
import { once } from 'node:events';
import { createServer, type Socket, type Server as SocketServer } from 'node:net';
import { MailframeError } from '../mail/error.ts';
import { describeError, errnoOf } from '../mail/failure.ts';
import { Attendance } from './attendance.ts';
import type { ListenerOptions, TlsOptions } from './options.ts';
import type { Reception } from './reception.ts';
import { Server } from './server.ts';

/** In octets: what may lie in a socket that is not read before it takes no more. One piece from the network is larger. */
const MOST_UNREAD = 16 * 1024;

/** Where a listener listens. */
export interface ListeningAt {
  readonly address: string;
  readonly port: number;
}

/** Settings that a listener could take at once: nothing can go wrong any more. */
export interface Change {
  /** From now on clients meet them. */
  make(): void;
}

export class Listener {
  readonly #reception: Reception;
  readonly #attendance: Attendance;
  readonly #sockets: SocketServer;
  #options: ListenerOptions;
  /** For clients who come now. */
  #server: Server;
  /** Those whose settings have been changed, as long as they have sessions. */
  readonly #former = new Set<Server>();
  /** Clients who have come before anybody is served. */
  #held: Socket[] | null = null;

  /** @throws MailframeError `MF_LISTENER_CERTIFICATE` where certificate and key are none, or not of each other. */
  constructor(options: ListenerOptions, reception: Reception) {
    this.#options = options;
    this.#reception = reception;
    this.#attendance = new Attendance(options.limits, reception);
    this.#server = this.#serverFor(options);
    // A client may end its side after its last command and still wait for our reply.
    this.#sockets = createServer({ allowHalfOpen: true, highWaterMark: MOST_UNREAD }, socket => {
      if (this.#held === null) this.#server.take(socket);
      else this.#held.push(socket.on('error', () => undefined));
    });
  }

  /** Sessions, and clients who are about to have one. */
  get sessions(): number {
    return this.#attendance.present;
  }

  /**
   * Begins to serve clients; `held`: they wait for `serve`.
   * @throws MailframeError `MF_LISTENER_BIND` where the address cannot be had.
   */
  async open(clients: 'served' | 'held' = 'served'): Promise<ListeningAt> {
    const { id, address, port } = this.#options;
    if (clients === 'held') this.#held = [];
    const server = this.#sockets;
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
    // Too many open files, for one: the next client may find room again.
    server.on('error', error => this.#reception.log.debug('broken off', { listener: id, cause: describeError(error) }));
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a TCP listener has an address and a port');
    return { address: bound.address, port: bound.port };
  }

  /** Serves those who have waited, and all who come. */
  serve(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const socket of held) this.#server.take(socket);
  }

  /**
   * Prepares a change of settings. Address and port stay as they are.
   * @throws MailframeError `MF_LISTENER_CERTIFICATE` where certificate and key cannot be used.
   */
  prepare(options: ListenerOptions): Change {
    const server = this.#serverFor(options);
    return {
      make: () => {
        this.#attendance.crowd.change(options.limits);
        const before = this.#server;
        this.#options = options;
        this.#server = server;
        for (const one of this.#former) if (one.isIdle) this.#former.delete(one);
        if (!before.isIdle) this.#former.add(before);
      },
    };
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
    const servers = [...this.#former, this.#server];
    const closed = new Promise<void>(resolve => {
      this.#sockets.close(() => resolve());
    });
    for (const socket of this.#held ?? []) socket.destroy();
    for (const server of servers) server.retire();
    const cut = () => {
      for (const server of servers) server.cut();
    };
    if (cutOff.aborted) cut();
    else cutOff.addEventListener('abort', cut, { once: true });
    await closed;
    await Promise.all(servers.map(server => server.idle()));
    cutOff.removeEventListener('abort', cut);
  }

  #serverFor(options: ListenerOptions): Server {
    const log = this.#reception.log.child({ listener: options.id });
    try {
      return new Server(options, this.#reception, this.#attendance, log);
    } catch (error) {
      throw unusable(options.id, error);
    }
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
