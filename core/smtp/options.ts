/** What one listener is told about itself. Plain values: defaults and readable units are the configuration's business. */
import type { SecureVersion } from 'node:tls';

/** TLS of a listener. */
export interface TlsOptions {
  /** `starttls`: the client asks for it (RFC 3207). `implicit`: before the first octet of SMTP (RFC 8314 section 3). */
  readonly mode: 'starttls' | 'implicit';
  /** The certificate and its chain, as PEM. */
  readonly cert: Buffer | string;
  /** The private key, as PEM. */
  readonly key: Buffer | string;
  readonly minVersion: SecureVersion;
}

/** One listener. */
export interface ListenerOptions {
  /** As in the configuration; sessions carry it as `listener`. */
  readonly id: string;
  /** The IP address to listen on. */
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** The fully qualified name in the greeting, the answer to EHLO and `Received`. */
  readonly hostname: string;
  /** `submission`: what the mail lacks is added, Date and Message-ID (RFC 6409 section 8). */
  readonly role: 'inbound' | 'submission';
  /** The largest content, in octets. Offered as SIZE (RFC 1870). */
  readonly maxSize: number;
  /** The most RCPT commands that one transaction may have accepted. */
  readonly maxRecipients: number;
  /**
   * Content with a bare CR, a bare LF or a NUL in it (RFC 5321 section 2.3.8). `reject`: refused. `normalize`: the first
   * two become CRLF and a NUL goes.
   */
  readonly bareNewline: 'reject' | 'normalize';
  /** `null`: no TLS, and STARTTLS is neither offered nor taken. */
  readonly tls: TlsOptions | null;
  /** Whether clients may, or must, say who they are (RFC 4954). */
  readonly auth: 'off' | 'optional' | 'required';
  /** Whether AUTH works without TLS, where anyone on the way can read the password. */
  readonly allowPlaintextAuth: boolean;
  /** How long a client may be silent when it is its turn, in milliseconds (RFC 5321 section 4.5.3.2.7 asks for five minutes). */
  readonly idleTimeout: number;
  /** The most clients at one time. */
  readonly maxConnections: number;
  /**
   * One transaction whose recipients belong to different groups at `data`. `one-group`: a recipient of another group is
   * told to come alone (452 4.5.3). `notify`: all are taken, and the sender is notified about those who are refused
   * later. `auto`: `notify` for clients that have authenticated, `one-group` for strangers.
   */
  readonly mixed: 'auto' | 'one-group' | 'notify';
}
