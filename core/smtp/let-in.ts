/** A client that was let in: what smtp-server hands on of it from its socket to its session, and what it has of us. */
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { Visit } from './crowd.ts';
import type { EarlyPin } from './early-pin.ts';
import type { ListenerOptions } from './options.ts';

export class LetIn implements SMTPConnectionOptions {
  readonly id: string;
  /** Where a proxy has said them. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Of the listener: smtp-server would ask the system for those of the socket, and nobody wants to know them. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Its part in the crowd. */
  readonly visit: Visit;
  readonly pinned: EarlyPin;

  constructor(
    about: SMTPConnectionOptions & Pick<LetIn, 'id'>,
    { address, port }: ListenerOptions,
    visit: Visit,
    pinned: EarlyPin,
  ) {
    this.id = about.id;
    this.remoteAddress = about.remoteAddress;
    this.remotePort = about.remotePort;
    this.localAddress = address;
    this.localPort = port;
    this.visit = visit;
    this.pinned = pinned;
  }
}
