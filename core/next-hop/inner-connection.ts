/** The parts of nodemailer's connection that the client uses and that its typings leave out. */
import type { Socket } from 'node:net';

/** What nodemailer's typings leave out. Its version is pinned, and a test holds that all of it is there. */
export interface Inner {
  /** The answer to EHLO or LHLO without its first line; missing where only HELO was understood. */
  readonly _ehloLines?: readonly string[];
  /** The answer to EHLO before STARTTLS, from then until the handshake begins. */
  readonly _plaintextEhlo: string | false;
  /** Plain, or that of TLS. */
  readonly _socket: Socket | false;
  /** Its listener for what comes in. */
  readonly _onSocketData: (octets: Buffer) => void;
}

/** What nodemailer's errors tell. */
export interface ConnectionError {
  readonly message: string;
  readonly code?: string | undefined;
  /** That of the system, where there is one. */
  readonly originalCode?: string | undefined;
  readonly response?: string | undefined;
}
