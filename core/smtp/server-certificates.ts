/**
 * The certificates of one listener, ready for handshakes, and which of them a client is shown (RFC 6066 section 3).
 *
 * A set is never changed: a renewal makes another one, and a handshake that has begun keeps its own. Each set makes its
 * own secret for session tickets, so that no session outlives the certificates and authorities that it began with. Where
 * clients show certificates there are no tickets at all: each handshake verifies anew, and nobody comes in on a ticket
 * after his certificate has expired. TLS 1.2 knows renegotiation, in which a client could change its certificate in the
 * middle of a session: it is off. Ciphers are those that Node thinks well of.
 */
import { constants, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { isFor } from '../mail/certificate.ts';
import type { KeyPair, TlsOptions } from './options.ts';

interface Shown {
  readonly certificate: X509Certificate;
  readonly context: SecureContext;
}

export class ServerCertificates {
  readonly #usual: Shown;
  readonly #all: readonly Shown[];

  /** @throws Error where a certificate and its key are none, or not of each other. */
  constructor(tls: TlsOptions) {
    this.#usual = shown(tls, tls);
    this.#all = [this.#usual, ...(tls.more ?? []).map(pair => shown(pair, tls))];
  }

  /** For clients who ask for no name. */
  get usual(): SecureContext {
    return this.#usual.context;
  }

  /**
   * For clients who ask for a name. Mail servers ask for all sorts of names, and do not mind who answers: where there is
   * no certificate for it, the usual one is better than none.
   */
  for(servername: string): SecureContext {
    return (this.#all.find(({ certificate }) => isFor(certificate, servername)) ?? this.#usual).context;
  }
}

function shown({ cert, key }: KeyPair, { minVersion, clients }: TlsOptions): Shown {
  const asksClients = clients !== undefined && clients !== null;
  const context = createSecureContext({
    cert,
    key,
    minVersion,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (asksClients ? constants.SSL_OP_NO_TICKET : 0),
    // Not the authorities of the web: they vouch for everybody.
    ca: asksClients ? clients.authorities : [],
    // What the operator names is what is trusted, be it a root, an authority below one, or a single client.
    allowPartialTrustChain: true,
  });
  return { certificate: new X509Certificate(cert), context };
}
