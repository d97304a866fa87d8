/** A message as a client would bring it: what a rehearsal begins with. */
import type { Content } from '../mail/content.ts';
import type { ClientCertificate } from '../mail/session.ts';

export interface Incoming {
  /** The id of a listener; `null`: the first one of the configuration. */
  readonly listener: string | null;
  /** The client's IP address. */
  readonly address: string;
  /** What it calls itself in HELO, EHLO or LHLO. */
  readonly greeting: string;
  /** `as needed`: where the listener has TLS and the client is to be authenticated, or TLS is implicit. */
  readonly tls: 'on' | 'off' | 'as needed';
  /** The client's certificate, taken for one that the listener trusts. */
  readonly certificate: ClientCertificate | null;
  /** Who the client is: believed without a password. `null`: it does not authenticate. */
  readonly user: string | null;
  /** As in MAIL, without brackets: `ann@example.test`; `` is the null reverse-path. */
  readonly from: string;
  /** As in RCPT, without brackets. */
  readonly to: readonly string[];
  /** Lines end in CRLF, dots are not stuffed. */
  readonly content: Content;
}
