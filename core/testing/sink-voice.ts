/** How a sink says its replies: at once, or as the test wants it. What is said later keeps its place in the order. */
import type { Socket } from 'node:net';
import type { SinkFault } from './sink-settings.ts';

/** What came of a reply. */
export interface Answered {
  /** Whether what the client asked for is done. */
  readonly done: boolean;
  /** Whether nothing that the client says from now on is heard. */
  readonly over: boolean;
}

const SAID: Answered = { done: true, over: false };
const REFUSED: Answered = { done: false, over: false };
const OVER: Answered = { done: false, over: true };

/** So much of an endless reply is written at once. */
const ENDLESS_LINES = 100;

export class SinkVoice {
  readonly #socket: () => Socket;
  /** What is still to be said; `null`: nothing. */
  #queue: Promise<void> | null = null;

  constructor(socket: () => Socket) {
    this.#socket = socket;
  }

  say(reply: string): void {
    this.#write(`${reply.replaceAll('\n', '\r\n')}\r\n`);
  }

  /** Closes when everything has been said. */
  end(): void {
    this.#inTurn(() => void this.#socket().end());
  }

  /** Says the usual thing unless a fault is in its place. */
  answer(fault: SinkFault | undefined, usual: string): Answered {
    if (fault === undefined || typeof fault === 'string') return this.#plain(fault, usual);
    switch (fault.kind) {
      case 'says':
        this.#write(fault.octets);
        if (fault.and === 'close') this.end();
        return fault.and === undefined || fault.and === 'go-on' ? REFUSED : OVER;
      case 'late':
        this.#inTurn(() => pause(fault.after));
        this.say(usual);
        return SAID;
      case 'drips':
        this.#drip(Buffer.from(`${usual.replaceAll('\n', '\r\n')}\r\n`), fault);
        return SAID;
      case 'endless':
        this.#endless(`${fault.line}\r\n`.repeat(ENDLESS_LINES));
        return OVER;
      case 'closes-after':
        this.say(usual);
        this.end();
        return { done: true, over: true };
      case 'does-and-drops':
        this.#socket().destroy();
        return { done: true, over: true };
    }
  }

  #plain(fault: string | undefined, usual: string): Answered {
    if (fault === 'drop') this.#socket().destroy();
    if (fault === 'drop' || fault === 'silent') return OVER;
    this.say(fault ?? usual);
    return fault === undefined ? SAID : REFUSED;
  }

  #write(octets: string | Buffer): void {
    this.#inTurn(() => void this.#socket().write(octets));
  }

  #drip(reply: Buffer, { octets, every }: { readonly octets: number; readonly every: number }): void {
    const size = Math.max(1, octets);
    for (let at = 0; at < reply.length; at += size) {
      if (at > 0) this.#inTurn(() => pause(every));
      const piece = reply.subarray(at, at + size);
      this.#inTurn(() => void this.#socket().write(piece));
    }
  }

  /** As fast as the client reads, so that it is the client's memory that is tried. */
  #endless(lines: string): void {
    const socket = this.#socket();
    const more = () => {
      while (!socket.destroyed && socket.write(lines));
    };
    socket.on('drain', more);
    more();
  }

  /** Does it at once, or when all that was begun before is done. */
  #inTurn(act: () => void | Promise<void>): void {
    if (this.#queue === null) {
      const begun = act();
      if (begun === undefined) return;
      this.#wait(begun);
    } else this.#wait(this.#queue.then(act));
  }

  #wait(begun: Promise<void>): void {
    const queue = begun.finally(() => {
      if (this.#queue === queue) this.#queue = null;
    });
    this.#queue = queue;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds).unref());
}
