/** How a session with a next hop begins, and how long it may take. */
import { isIP, type Socket } from 'node:net';
import type { SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection';
import type { TlsaRecord } from '../mail/tls-demand.ts';
import { checkNames } from './certificate-names.ts';

/** In milliseconds (RFC 5321 section 4.5.3.2). */
export interface Limits {
  /** Until the session is ready: greeting, EHLO, STARTTLS. */
  readonly greeting: number;
  /** For the reply to a command. */
  readonly reply: number;
  /** For each piece of content to be taken. */
  readonly content: number;
  /** For the reply to the final dot. */
  readonly end: number;
}

/** How a session begins. */
export interface Opening {
  /** Connected, and nothing read from it. */
  readonly socket: Socket;
  /** The next hop as certificates name it. */
  readonly peer: string;
  /** Our name for EHLO. */
  readonly hello: string;
  /** `if-offered` and `required` take any certificate. */
  readonly tls: 'none' | 'if-offered' | 'required' | 'verified' | 'dane';
  /** The certificate must be for one of them. The first is asked for by SNI, but for one that stands for subdomains. */
  readonly names: readonly string[];
  /** For `dane`. */
  readonly tlsa: readonly TlsaRecord[];
  /** `lmtp`: LHLO, and nothing else where it is not understood (RFC 2033 section 4.1). */
  readonly protocol: 'smtp' | 'lmtp';
  /** Whether TLS comes before the greeting (RFC 8314 section 3.3). */
  readonly implicitTls: boolean;
  /** Certification authorities in PEM, instead of those that Node trusts. */
  readonly authorities: string | null;
  readonly limits: Limits;
}

/** Above every limit of ours that is at most an hour. In milliseconds. */
const NODEMAILERS_PATIENCE = 2 * 3_600_000;
/** In octets. */
const LARGEST_REPLY = 64 * 1024;

/** The same for nodemailer. */
export function optionsOf({
  socket,
  peer,
  hello,
  tls,
  names,
  implicitTls,
  protocol,
  authorities,
}: Opening): SMTPConnectionOptions {
  const server = names.find(name => !name.startsWith('.')) ?? peer;
  return {
    connection: socket,
    host: peer,
    name: hello,
    secure: implicitTls,
    lmtp: protocol === 'lmtp',
    ignoreTLS: tls === 'none',
    requireTLS: tls !== 'none' && tls !== 'if-offered',
    tls: {
      // What `dane` demands is looked at when the session is open: it does not ask for an authority.
      rejectUnauthorized: tls === 'verified',
      checkServerIdentity: (_, certificate) => checkNames(names, certificate),
      ...(isIP(server) === 0 ? { servername: server } : {}),
      ...(authorities === null ? {} : { ca: authorities }),
    },
    connectionTimeout: NODEMAILERS_PATIENCE,
    greetingTimeout: NODEMAILERS_PATIENCE,
    socketTimeout: NODEMAILERS_PATIENCE,
    maxResponseSize: LARGEST_REPLY,
  };
}
