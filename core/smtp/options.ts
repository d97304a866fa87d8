/** What one listener is told about itself. Plain values: defaults and readable units are the configuration's business. */
import type { SecureVersion } from 'node:tls';
import type { Limits } from '../mail/limits.ts';
import type { Mechanism } from '../mail/mechanism.ts';

/** A certificate and the private key that belongs to it. */
export interface KeyPair {
  /** The certificate and its chain, as PEM. */
  readonly cert: Buffer | string;
  /** As PEM. */
  readonly key: Buffer | string;
}

/** Clients are asked for a certificate. */
export interface ClientCertificates {
  /** Certificates as PEM. A client's own leads to one of them, or is one of them. */
  readonly authorities: Buffer | string;
  /** `required`: without a certificate that leads there no mail is taken. */
  readonly certificate: 'optional' | 'required';
}

/** TLS of a listener. What is shown is the first certificate for the name that the client asks for, or else the first. */
export interface TlsOptions extends KeyPair {
  /** `starttls`: the client asks for it (RFC 3207). `implicit`: before the first octet of SMTP (RFC 8314 section 3). */
  readonly mode: 'starttls' | 'implicit';
  readonly minVersion: SecureVersion;
  /** Certificates for other names. */
  readonly more?: readonly KeyPair[];
  /** Without it nobody is asked for a certificate. */
  readonly clients?: ClientCertificates | null;
}

/** Machines in front of us whose word about the client is taken: addresses and CIDR ranges. */
export interface TrustedPeers {
  /** These begin with a PROXY header, version 1 or 2, and with nothing else. */
  readonly proxy: readonly string[];
  readonly xclient: readonly string[];
  readonly xforward: readonly string[];
}

/** One listener. */
export interface ListenerOptions {
  /** As in the configuration; sessions carry it as `listener`. */
  readonly id: string;
  /** `lmtp`: LHLO in place of EHLO, and one reply a recipient after the content (RFC 2033). */
  readonly protocol: 'smtp' | 'lmtp';
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
  /**
   * A bare CR, a bare LF or a NUL in content (RFC 5321 section 2.3.8). `reject`: refused, and commands end at CRLF alone.
   * `normalize`: the first two become CRLF and a NUL goes; a command may end at LF.
   */
  readonly bareNewline: 'reject' | 'normalize';
  /** BODY=BINARYMIME (RFC 3030). `encode`: taken, and its binary parts put into base64 before anybody sees them. */
  readonly binaryMime: 'off' | 'encode';
  /** `null`: no TLS, and STARTTLS is neither offered nor taken. */
  readonly tls: TlsOptions | null;
  /** Whether clients may, or must, say who they are (RFC 4954). */
  readonly auth: 'off' | 'optional' | 'required';
  /** Whether AUTH works without TLS, where anyone on the way can read the password. */
  readonly allowPlaintextAuth: boolean;
  /** The mechanisms of AUTH that are offered. */
  readonly mechanisms: readonly Mechanism[];
  /** Clients for whom VRFY and EXPN are on: addresses and CIDR ranges. For the others: 252 and 502. */
  readonly lookups: readonly string[];
  readonly trust: TrustedPeers;
  /** Who may ask for more than the usual priority by MT-PRIORITY (RFC 6710). Less may be asked for by anybody. */
  readonly raisePriority: 'nobody' | 'users' | 'all';
  readonly limits: Limits;
  /**
   * One transaction whose recipients belong to different groups at `data`. `one-group`: a recipient of another group is
   * told to come alone (452 4.5.3). `notify`: all are taken, and the sender is notified about those who are refused
   * later. `auto`: `notify` for clients that have authenticated, `one-group` for strangers.
   */
  readonly mixed: 'auto' | 'one-group' | 'notify';
}
