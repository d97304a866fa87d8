/** smtp-server as a listener uses it: its sockets and its TLS, our connections, and nothing of its policy. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { format } from 'node:util';
import { SMTPServer, type SMTPServerAuthentication, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { describeError } from '../mail/failure.ts';
import type { Log } from '../plugin/ports.ts';
import { Connection, ownerOf } from './connection.ts';
import type { ListenerOptions } from './options.ts';
import type { Reception } from './reception.ts';

type LoginCallback = (error: Error | null, response?: { readonly user?: unknown }) => void;

export class Server extends SMTPServer {
  readonly #listener: ListenerOptions;
  readonly #reception: Reception;
  readonly #log: Log;
  /** From the first octet to the last, those included that are only waiting for the client to hang up. */
  readonly #sessions = new Set<Connection>();
  #retired = false;

  constructor(options: ListenerOptions, reception: Reception, log: Log) {
    super(libraryOptions(options, log));
    this.#listener = options;
    this.#reception = reception;
    this.#log = log;
    // A socket may fail between its being accepted and its being listened to.
    this.server.on('connection', socket => socket.on('error', () => undefined));
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
    const connection = new Connection({
      server: this,
      socket,
      about: about ?? null,
      options: this.#listener,
      reception: this.#reception,
      log: this.#log,
    });
    this.connections.add(connection);
    this.#sessions.add(connection);
    void connection.ended.then(() => this.#sessions.delete(connection));
    if (this.#retired) connection.retire();
    connection.begin(this.#sessions.size > this.#listener.limits.connections);
  }

  override onAuth(auth: SMTPServerAuthentication, session: SMTPServerSession, callback: LoginCallback): void {
    const { method, username = '', password, authcid, authzid } = auth;
    // To act for somebody else is a right that nobody has here (RFC 4616 section 2).
    const forAnother = authzid !== undefined && authzid !== '' && authcid !== '' && authzid !== authcid;
    if ((method !== 'PLAIN' && method !== 'LOGIN') || forAnother) return callback(new Error('not supported'));
    const attempt = { mechanism: method, user: username, password: password ?? '' };
    void ownerOf(session)?.authenticate(attempt, user => callback(null, { user }));
  }

  override onSecure(_: Socket, session: SMTPServerSession, callback: (error?: Error | null) => void): void {
    ownerOf(session)?.secured();
    callback();
  }

  /** Node crashes where TLS is put on a socket that is destroyed already, as `retire` may have done a moment ago. */
  override _upgrade(socket: Socket, callback: (error: Error | null, secured?: TLSSocket) => void): void {
    if (socket.destroyed) callback(new Error('closed before the TLS handshake'));
    else super._upgrade(socket, callback);
  }

  override _onError(error: Error): void {
    this.#log.debug('broken off', { cause: describeError(error) });
  }
}

function libraryOptions(options: ListenerOptions, log: Log): SMTPServerOptions {
  const { hostname, tls, limits } = options;
  const secrets = tls === null ? {} : { cert: tls.cert, key: tls.key, minVersion: tls.minVersion };
  return {
    ...secrets,
    name: hostname,
    secure: tls?.mode === 'implicit',
    // Without a certificate of ours it would take one whose private key is published.
    disabledCommands: tls === null ? ['STARTTLS'] : [],
    socketTimeout: limits.idle,
    maxClients: limits.connections,
    // A client may end its side after its last command and still wait for our reply.
    allowHalfOpen: true,
    logger: quietLogger(log),
  };
}

/** What smtp-server has to say is for those who look for a fault in it. */
function quietLogger(
  log: Log,
): Record<string, (fields: unknown, message?: string, ...rest: readonly unknown[]) => void> {
  const write = (_: unknown, message = '', ...rest: readonly unknown[]) =>
    log.debug('noted', { by: 'smtp-server', message: format(message, ...rest) });
  return { trace: write, debug: write, info: write, warn: write, error: write, fatal: write };
}
