/** The parts of nodemailer's connection that the client uses and that its typings leave out. */
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/** What nodemailer's typings leave out. Its version is pinned, and a test holds that all of it is there. */
export interface Inner {
  /** The answer to EHLO without its first line; missing where only HELO was understood. */
  readonly _ehloLines?: readonly string[];
  /** The answer to EHLO before STARTTLS, from then until the handshake begins. */
  readonly _plaintextEhlo: string | false;
  /** Who waits for the next replies, in their order. */
  readonly _responseActions: ((reply: string) => void)[];
  readonly _socket: Socket | false;
  _sendCommand(line: string): void;
  /** A stream that stuffs dots, sends the final one at its end, and hands the reply over. */
  _createSendStream(done: (error: { readonly response?: string } | null, reply?: string) => void): Writable;
}

/** What nodemailer's errors tell. */
export interface ConnectionError {
  readonly message: string;
  readonly code?: string | undefined;
  /** That of the system, where there is one. */
  readonly originalCode?: string | undefined;
  readonly response?: string | undefined;
}
