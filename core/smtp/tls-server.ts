/**
 * The TLS of smtp-server, with certificates of ours alone.
 *
 * Guarantees: without a certificate of the operator's there is none to show; the library's own, whose key is published,
 * is never loaded. Certificates are exchanged while sessions go on. A client that offers another protocol than SMTP by
 * ALPN is a browser that somebody has sent here: its handshake is refused (RFC 7301 section 3.2, the ALPACA attack).
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { TLS_SOCKET_OPTIONS } from 'smtp-server/lib/smtp-connection.js';
import { errnoOf } from '../mail/failure.ts';
import { peerAddress } from '../mail/ip-address.ts';
import type { Log } from '../plugin/ports.ts';
import type { TlsOptions } from './options.ts';
import { ServerCertificates } from './server-certificates.ts';
import { whyUnverified } from './tls.ts';

/** No name is registered for SMTP. These are the ones that Exim knows. */
const PROTOCOLS = ['smtp', 'esmtp'];

// The options of its server that smtp-server hands on to each TLS socket. ALPN is not among them.
if (!TLS_SOCKET_OPTIONS.includes('ALPNProtocols')) TLS_SOCKET_OPTIONS.push('ALPNProtocols');

export class TlsServer extends SMTPServer {
  readonly #tls: TlsOptions | null;
  readonly #log: Log;
  #certificates: ServerCertificates | null = null;
  /** The addresses of clients that a proxy brings, for the log. */
  readonly behindProxy = new WeakMap<Socket, string>();

  constructor(options: SMTPServerOptions, tls: TlsOptions | null, log: Log) {
    super({ ...options, ...libraryOptions(tls) });
    this.#tls = tls;
    this.#log = log;
    this.secureContext = new Map();
    if (tls !== null) this.#use(tls);
  }

  /**
   * From now on handshakes show these certificates, and verify clients by these authorities; running ones go on as they
   * began. The mode, and what is asked of clients, stay as they were.
   * @throws Error where one of them cannot be used; the others stay in use then.
   */
  renew(tls: TlsOptions): void {
    if (this.#tls === null) throw new Error('a listener without TLS has no certificates to renew');
    this.#use(tls);
  }

  #use(tls: TlsOptions): void {
    const certificates = new ServerCertificates(tls);
    this.#certificates = certificates;
    this.secureContext.set('*', certificates.usual);
  }

  /** Called while the library constructs itself. What it would load has a key that everybody knows. */
  override updateSecureContext(): void {
    // `#use` does it.
  }

  override _warnAboutDefaultCertificate(): void {
    // There is none.
  }

  override _resolveSNI(servername: string, done: (error: Error | null, context?: SecureContext) => void): void {
    done(null, this.#certificates?.for(servername));
  }

  /** TLS before the first octet of SMTP. */
  override _upgrade(socket: Socket, done: (error: Error | null, secured?: TLSSocket) => void): void {
    // Node crashes where TLS is put on a socket that is destroyed already, as `retire` may have done a moment ago.
    if (socket.destroyed) return done(new Error('closed before the TLS handshake'));
    // A client that ends its side during the handshake will never finish it; after it, it may still wait for a reply.
    socket.allowHalfOpen = false;
    const client = this.behindProxy.get(socket) ?? peerAddress(socket.remoteAddress ?? '');
    super._upgrade(socket, (error, secured) => {
      if (error !== null) this.#logRefusal(error, this._pendingSockets.get(socket), client);
      if (secured !== undefined) secured.allowHalfOpen = true;
      done(error, secured);
    });
  }

  #logRefusal(error: Error, pending: Socket | undefined, client: string): void {
    if (this.#tls?.clients?.certificate !== 'required') return;
    const unverified = pending instanceof TLSSocket ? pending.authorizationError : null;
    const because = whyUnverified(unverified ?? errnoOf(error));
    if (because !== null) this.#log.info('refused', { during: 'TLS', because, client });
  }
}

function libraryOptions(tls: TlsOptions | null): SMTPServerOptions {
  if (tls === null) return { secure: false, disabledCommands: ['STARTTLS'] };
  const { mode, clients } = tls;
  return {
    secure: mode === 'implicit',
    ALPNProtocols: PROTOCOLS,
    requestCert: clients !== undefined && clients !== null,
    // After STARTTLS there is a better way to say no: `certificateRefusal`.
    rejectUnauthorized: mode === 'implicit' && clients?.certificate === 'required',
  };
}
