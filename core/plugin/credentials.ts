/**
 * What a client sends to show who it is (RFC 4954), by mechanism.
 *
 * Passwords and tokens are for verification only: they go from the exchange to the plugins, and into no trace, no log and
 * no error. CRAM-MD5 and SCRAM send none: see the hook `secret`.
 */
import type { ClientCertificate } from '../mail/session.ts';

/** RFC 4616, and LOGIN, which has none. */
export interface PasswordCredentials {
  readonly mechanism: 'PLAIN' | 'LOGIN';
  readonly user: string;
  readonly password: string;
}

/** A bearer token (RFC 7628, and XOAUTH2, which came before it). Whose it is and how long it is good, its issuer knows. */
export interface TokenCredentials {
  readonly mechanism: 'XOAUTH2' | 'OAUTHBEARER';
  /** Who the client wants to be. `null`: whoever the token is of. XOAUTH2 always says it. */
  readonly user: string | null;
  readonly token: string;
  /** Where the client believes that it is. OAUTHBEARER alone says it, if it likes. */
  readonly host: string | null;
  readonly port: number | null;
}

/** What TLS has shown already (RFC 4422 appendix A). */
export interface CertificateCredentials {
  readonly mechanism: 'EXTERNAL';
  /** Who the client wants to be. `null`: whoever the certificate is of. */
  readonly user: string | null;
  readonly certificate: ClientCertificate;
}

export type Credentials = PasswordCredentials | TokenCredentials | CertificateCredentials;
