/** TLS as plugins and the log see it, and what a client without the certificate that it needs is told (RFC 3207, RFC 8314). */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { clientCertificate } from '../mail/certificate.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { ClientCertificate, Tls } from '../mail/session.ts';
import type { Log } from '../plugin/ports.ts';
import type { TlsOptions } from './options.ts';
import { NO_CERTIFICATE, STARTTLS_FIRST } from './replies.ts';

/** What RFC 3207 section 4 lets a client say before TLS where it is required. HELO leads nowhere and does no harm. */
const BEFORE_TLS = new Set(['EHLO', 'HELO', 'LHLO', 'NOOP', 'STARTTLS', 'QUIT']);
/** What Node calls it where there was no certificate at all: after the handshake, and in it where one is required. */
const NONE = new Set(['UNABLE_TO_GET_ISSUER_CERT', 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE']);

/** What the handshake agreed on; `null` for a socket without TLS. */
export function tlsOf(socket: Socket): Tls | null {
  if (!(socket instanceof TLSSocket)) return null;
  const { servername } = socket as { readonly servername?: unknown };
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    servername: typeof servername === 'string' && servername !== '' ? servername : null,
    certificate: certificateOf(socket),
  };
}

/** `null` unless it leads to an authority of the listener's. */
function certificateOf(socket: TLSSocket): ClientCertificate | null {
  if (!socket.authorized) return null;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? null : clientCertificate(certificate);
}

/** Why a client is not who its certificate says, where Node gave this code for it; `null` where it is about something else. */
export function whyUnverified(code: unknown): string | null {
  if (typeof code !== 'string') return null;
  if (NONE.has(code)) return 'no client certificate';
  // Those of OpenSSL's verification: CERT_HAS_EXPIRED, SELF_SIGNED_CERT_IN_CHAIN.
  return /^(?:ERR_|E[A-Z]+$)/.test(code) ? null : `its client certificate is not trusted: ${code}`;
}

/** Writes down what came of the client's certificate, once after each handshake. */
export function logClient(log: Log, tls: TlsOptions | null, socket: Socket, client: string): void {
  if (!(socket instanceof TLSSocket) || tls?.clients === undefined || tls.clients === null) return;
  const certificate = certificateOf(socket);
  if (certificate !== null) return log.info('verified', { client, ...certificate });
  const because = whyUnverified(socket.authorizationError);
  if (tls.clients.certificate === 'required') log.info('refused', { during: 'TLS', because, client });
  else log.debug('unverified', { because, client });
}

/**
 * What a command is answered where a client certificate is required and the client has none that is trusted, or `null`.
 *
 * In the middle of a handshake a refusal is a broken connection, and a mail server that meets one tries again, without TLS
 * or for days. So after STARTTLS the client hears it as a reply to every command but QUIT (RFC 3207 section 4.1).
 */
export function certificateRefusal(tls: TlsOptions | null, socket: Socket, verb: string): PermanentReply | null {
  const shown = !(socket instanceof TLSSocket) ? 'no-tls' : socket.authorized ? 'trusted' : 'none';
  return refusalWithout(tls, shown, verb);
}

/** The same, where it is known what the client has shown. */
export function refusalWithout(
  tls: TlsOptions | null,
  shown: 'no-tls' | 'none' | 'trusted',
  verb: string,
): PermanentReply | null {
  // What a BDAT brings along must be read over, and without MAIL it is refused anyway.
  if (tls?.clients?.certificate !== 'required' || verb.startsWith('BDAT')) return null;
  if (shown === 'no-tls') return BEFORE_TLS.has(verb) ? null : STARTTLS_FIRST;
  return shown === 'trusted' || verb === 'QUIT' ? null : NO_CERTIFICATE;
}
