/**
 * Writes replies to a socket: those to commands that came together leave together (RFC 2920 section 3.2), and a client
 * that does not read them is noticed.
 */
import type { Socket } from 'node:net';

export class ReplyWriter {
  /** STARTTLS replaces the socket. */
  readonly #socket: () => Socket;
  /** What is said and not yet written. */
  #said = '';
  #blocked = false;

  constructor(socket: () => Socket) {
    this.#socket = socket;
  }

  /** Whether the client leaves so much unread that nothing more is read from it. */
  get blocked(): boolean {
    return this.#blocked;
  }

  write(octets: string): void {
    if (this.#said === '') process.nextTick(this.#onTick);
    this.#said += octets;
  }

  readonly #onTick = () => this.flush();

  /** Lets go of what was said: to be called before the socket is ended, or something else speaks by it. */
  flush(): void {
    const octets = this.#said;
    if (octets === '') return;
    this.#said = '';
    const socket = this.#socket();
    if (socket.writable) socket.write(octets);
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
