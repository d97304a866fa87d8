/**
 * smtp-server as a listener uses it: its TLS, our connections, and nothing of its policy. One for each set of settings that
 * a listener has had; the sockets come from the listener.
 */
import type { Socket } from 'node:net';
import { format } from 'node:util';
import type { SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { describeError } from '../mail/failure.ts';
import { peerAddress } from '../mail/ip-address.ts';
import { type InRanges, inRanges } from '../mail/ip-ranges.ts';
import type { Log } from '../plugin/ports.ts';
import type { Attendance } from './attendance.ts';
import { Connection, ownerOf } from './connection.ts';
import type { Visit } from './crowd.ts';
import { EarlyPin } from './early-pin.ts';
import { LetIn } from './let-in.ts';
import { sessionId } from './new-session.ts';
import type { ListenerOptions } from './options.ts';
import { readProxyHeader } from './proxied-socket.ts';
import type { Reception } from './reception.ts';
import { formatSaid, TOO_MANY_CONNECTIONS } from './replies.ts';
import { TlsServer } from './tls-server.ts';
import { Watch } from './watch.ts';

/** How long a handshake or a PROXY header may take before there is a session, in milliseconds. */
const LONGEST_ARRIVAL = 60_000;

type Arrived = Parameters<TlsServer['_handleProxy']>[1];

export class Server extends TlsServer {
  readonly #listener: ListenerOptions;
  readonly #reception: Reception;
  readonly #log: Log;
  readonly #isProxy: InRanges;
  /** Sockets without a session. */
  readonly #arriving = new Set<Socket>();
  /** From the first octet to the last, those included that are only waiting for the client to hang up. */
  readonly #sessions = new Set<Connection>();
  readonly #attendance: Attendance;
  readonly #watch: Watch;
  #retired = false;

  constructor(options: ListenerOptions, reception: Reception, attendance: Attendance, log: Log) {
    super(libraryOptions(options), options.tls, log);
    // Not by its options: the library would copy the fields of each line, and usually none is written.
    this.logger = quietLogger(log);
    this.#listener = options;
    this.#reception = reception;
    this.#log = log;
    this.#isProxy = inRanges(options.trust.proxy);
    this.#attendance = attendance;
    this.#watch = new Watch(reception.clock, log);
  }

  /** Takes a client. */
  take(socket: Socket): void {
    // A socket may fail between its being accepted and its being listened to.
    socket.on('error', () => undefined);
    this.server.emit('connection', socket);
  }

  /** Whether no session is left. */
  get isIdle(): boolean {
    return this.#sessions.size === 0 && this.#arriving.size === 0;
  }

  /** Takes no more clients, and ends the sessions as `Connection.retire` says. */
  retire(): void {
    this.#retired = true;
    // Who is still negotiating TLS has no session that could end.
    for (const socket of this._pendingSockets.values()) socket.destroy();
    for (const session of this.#sessions) session.retire();
  }

  /** Ends all sessions now. */
  cut(): void {
    for (const session of this.#sessions) session.cut();
  }

  /** Resolves when no session is left. */
  async idle(): Promise<void> {
    while (this.#sessions.size > 0) await Promise.all([...this.#sessions].map(session => session.ended));
  }

  override connect(socket: Socket, about?: SMTPConnectionOptions | null): void {
    if (!(about instanceof LetIn)) throw new Error('a client that nobody let in');
    const connection = new Connection({
      server: this,
      socket,
      about,
      options: this.#listener,
      reception: this.#reception,
      names: this.#attendance.names,
      log: this.#log,
    });
    this.connections.add(connection);
    this.#sessions.add(connection);
    this.#attendance.present += 1;
    this.#watch.add(connection);
    void connection.ended.then(() => {
      about.visit.leave();
      this.#watch.remove(connection);
      this.#sessions.delete(connection);
      this.#attendance.present -= 1;
    });
    if (this.#retired) connection.retire();
    connection.begin();
  }

  override onSecure(_: Socket, session: SMTPServerSession, callback: (error?: Error | null) => void): void {
    ownerOf(session)?.secured();
    callback();
  }

  /** smtp-server times silence here; a client that trickles must not hold a place for ever. */
  override _acceptSocket(socket: Socket, handshake: boolean): (() => void) | false {
    if (socket.remoteAddress === undefined) {
      // It has gone already, and with it the address by which it could be trusted or limited.
      socket.destroy();
      return false;
    }
    const release = super._acceptSocket(socket, handshake);
    if (release === false) return false;
    this.#arriving.add(socket);
    this.#attendance.present += 1;
    const began = this.#reception.clock.monotonic();
    const arrival = {
      look: (now: number) => {
        if (now - began > LONGEST_ARRIVAL) this._pendingSockets.get(socket)?.destroy();
      },
    };
    const waits = this._pendingSockets.has(socket);
    if (waits) this.#watch.add(arrival);
    return () => {
      if (this.#arriving.delete(socket)) this.#attendance.present -= 1;
      if (waits) this.#watch.remove(arrival);
      release();
    };
  }

  /** By now the client's address is known, and no handshake has cost us anything yet. */
  override _handleProxy(socket: Socket, arrived: Arrived): void {
    const pinned = new EarlyPin(this.#reception);
    let visit: Visit | null = null;
    socket.once('close', () => {
      pinned.socketClosed();
      visit?.leave();
    });
    this.#learnAddress(socket, (error, about) => {
      if (error !== null || about === undefined) return arrived(error, about);
      if (about.remoteAddress !== undefined) this.behindProxy.set(socket, about.remoteAddress);
      visit = this.#admit(socket, peerAddress(about.remoteAddress ?? socket.remoteAddress ?? ''));
      if (visit === null) return arrived(new Error('turned away'), about);
      return arrived(null, new LetIn(about, this.#listener, visit, pinned));
    });
  }

  /** Asked when a client is there, and never guessed from what it sends: else anybody could forge an address. */
  override _expectsProxyHeader({ remoteAddress }: Socket): boolean {
    return remoteAddress !== undefined && this.#isProxy(peerAddress(remoteAddress));
  }

  #learnAddress(socket: Socket, learnt: Arrived): void {
    if (this._expectsProxyHeader(socket)) void this.#learnFromProxy(socket, learnt);
    // What has come by then is read before the greeting: whoever talks too early is noticed.
    else setImmediate(() => learnt(null, { id: sessionId(this.#reception.clock) }));
  }

  async #learnFromProxy(socket: Socket, learnt: Arrived): Promise<void> {
    const { limits } = this.#listener;
    const { clock } = this.#reception;
    const proxied = await readProxyHeader(socket, { clock, log: this.#log, patience: limits.command });
    if (proxied === null) return learnt(new Error('no PROXY header'));
    const { source } = proxied;
    learnt(null, {
      id: sessionId(this.#reception.clock),
      ...(source !== null && { remoteAddress: source.address, remotePort: source.port }),
    });
  }

  #admit(socket: Socket, address: string): Visit | null {
    const { connections } = this.#listener.limits;
    if (this.#attendance.present > connections) {
      this.#turnAway(socket, address, `more than ${connections} connections`);
      return null;
    }
    const visit = this.#attendance.crowd.enter(address);
    if (visit.kind === 'visit') return visit;
    this.#turnAway(socket, address, visit.because, visit.news);
    return null;
  }

  /** Costs as little as can be: there may be many of them. */
  #turnAway(socket: Socket, client: string, because: string, news = true): void {
    this.#log[news ? 'info' : 'debug']('refused', { hook: 'connect', by: 'mailframe', because, client });
    if (this.#listener.tls?.mode === 'implicit') socket.destroy();
    else socket.end(formatSaid(TOO_MANY_CONNECTIONS), () => socket.destroy());
  }

  override _onError(error: Error): void {
    this.#log.debug('broken off', { cause: describeError(error) });
  }
}

function libraryOptions(options: ListenerOptions): SMTPServerOptions {
  const { hostname, limits } = options;
  return {
    name: hostname,
    socketTimeout: limits.idle,
    maxClients: limits.connections,
    // For the sockets of TLS. Those below are made by the listener.
    allowHalfOpen: true,
  };
}

/** What smtp-server has to say is for those who look for a fault in it. */
function quietLogger(log: Log): TlsServer['logger'] {
  const write = (_: unknown, message = '', ...rest: readonly unknown[]) =>
    log.debug('noted', {
      by: 'smtp-server',
      // Made only where it is written: there are several for each session.
      get message() {
        return format(message, ...rest);
      },
    });
  return { trace: write, debug: write, info: write, warn: write, error: write, fatal: write };
}
