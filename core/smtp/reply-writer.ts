/**
 * Writes replies to a socket: those to commands that came together leave together (RFC 2920 section 3.2), and a client
 * that does not read them is noticed.
 */
import type { Socket } from 'node:net';

export class ReplyWriter {
  /** STARTTLS replaces the socket. */
  readonly #socket: () => Socket;
  #corked = false;
  #blocked = false;

  constructor(socket: () => Socket) {
    this.#socket = socket;
  }

  /** Whether the client leaves so much unread that nothing more is read from it. */
  get blocked(): boolean {
    return this.#blocked;
  }

  write(octets: string): void {
    const socket = this.#socket();
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(() => this.flush());
    }
    socket.write(octets);
  }

  /** Lets go of what was written. */
  flush(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket().uncork();
  }

  /** A client that never reads what it is answered must not make us keep the answers: goes on once it has. */
  whenRead(goOn: () => void): void {
    const socket = this.#socket();
    if (!socket.writableNeedDrain || socket.destroyed) return goOn();
    this.#blocked = true;
    socket.once('drain', () => {
      this.#blocked = false;
      goOn();
    });
  }
}
