/** What a question to a next hop brings: a reply, or the end of the session. */
import type { ConnectionError } from './inner-connection.ts';
import { printable, type RemoteReply } from './remote-reply.ts';

/** The session is over. */
export interface Lost {
  readonly kind: 'lost';
  readonly because: string;
  /** `silent`: by us, for nothing came in time. `closed`: in every other way. */
  readonly how: 'silent' | 'closed';
  /**
   * Whether TLS was the trouble: it `failed`, STARTTLS refused or absent and a certificate that nobody vouches for
   * included; or it was `interrupted`, for the connection broke while it was due.
   */
  readonly tls: 'no' | 'interrupted' | 'failed';
  /** The reply that ended it: a greeting that refuses, a 421. */
  readonly reply: RemoteReply | null;
  /** What the system or OpenSSL calls it: `CERT_HAS_EXPIRED`. */
  readonly code: string | null;
}

/** What a question brought. */
export type Heard = RemoteReply | Lost;

/** Codes of the system for a connection that broke. */
const BROKEN: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** The end of a session. The reason may hold words of a stranger. */
export function lost({
  because,
  how = 'closed',
  tls = 'no',
  reply = null,
  code = null,
}: Partial<Lost> & Pick<Lost, 'because'>): Lost {
  return { kind: 'lost', because: printable(because), how, tls, reply, code };
}

/** Whether a connection broke, which may be otherwise the next time. */
export function wasInterrupted({ originalCode, message }: ConnectionError): boolean {
  return BROKEN.has(originalCode ?? '') || message.startsWith('Connection closed');
}
