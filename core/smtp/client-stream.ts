/**
 * The octets of one client, cut into command lines, content and chunks (RFC 5321 sections 2.3.8 and 4.1.1.4, RFC 3030).
 *
 * smtp-server pipes the socket into it and puts it away at STARTTLS, with all that it still holds. Guarantees: one thing
 * is read at a time, and nothing behind it is looked at before its reader asks for more; memory is bounded by the longest
 * line and by what the reader of content leaves lying; what a broken connection cut off is no command. Under `strict` a
 * line ends at CRLF alone, so that no two machines see different commands in the same octets.
 */
import { setImmediate as nextTurn } from 'node:timers';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import type { Content } from './content-stream.ts';
import { DottedContent } from './dotted-content.ts';
import { type Line, LineBuffer, type LineRules } from './line-buffer.ts';

/** `left`: the client has gone before the end. */
export type Received = 'whole' | 'left';

/** What is read at the moment. `nothing`: the client waits for us, or we for it to hang up. */
type Reading =
  | { readonly kind: 'command' }
  | { readonly kind: 'content'; readonly dots: DottedContent; readonly into: Content; done(how: Received): void }
  | { readonly kind: 'chunk'; left: number; readonly into: Content | null; done(how: Received): void }
  | { readonly kind: 'nothing' };

const LISTENING: Reading = { kind: 'command' };
const DEAF: Reading = { kind: 'nothing' };
/** In octets: how much may lie here before the socket is told to wait. A usual transaction is less. */
const MOST_AHEAD = 32 * 1024;
const LF = 10;
const NOTHING: Buffer = Buffer.alloc(0);
/** After so many lines in a row the others get a turn of the event loop. */
const LINES_A_TURN = 50;

export class ClientStream extends SMTPStream {
  readonly #online: (line: Line) => void;
  #reading: Reading = LISTENING;
  /** What has come and is not read yet, and how to ask for more once it is. */
  #octets: Buffer = NOTHING;
  #more: (() => void) | null = null;
  readonly #line: LineBuffer;
  #lines = 0;
  #count = 0;
  #running = false;
  /** Whether whoever takes the content in cannot keep up with the client. */
  #stalled = false;

  /** `online` hears each line, and nothing more is read until `resume`. */
  constructor(rules: () => LineRules, online: (line: Line) => void) {
    super({ highWaterMark: MOST_AHEAD });
    this.#line = new LineBuffer(rules);
    this.#online = online;
  }

  /** What the client may say now; `nothing`: it has to wait for us. */
  get listensTo(): Reading['kind'] {
    return this.#stalled ? 'nothing' : this.#reading.kind;
  }

  /** How many octets have come in all. */
  get received(): number {
    return this.#count;
  }

  /** Whether something lies here that nobody has read. */
  get holdsUnread(): boolean {
    return this.#octets.length > 0 || this.#line.length > 0;
  }

  /** On with the next command. */
  resume(): void {
    this.#lines += 1;
    if (this.#lines % LINES_A_TURN === 0) nextTurn(() => this.#listen());
    else this.#listen();
  }

  /** Reads content up to the final dot. */
  content(into: Content): Promise<Received> {
    return this.#until(done => ({ kind: 'content', dots: new DottedContent(), into, done }));
  }

  /** Reads exactly so many octets; `null`: and forgets them. */
  chunk(size: number, into: Content | null): Promise<Received> {
    return this.#until(done => ({ kind: 'chunk', left: size, into, done }));
  }

  /** The client has gone: whoever waits for content is told. */
  leave(): void {
    const reading = this.#reading;
    this.isClosed = true;
    this.#reading = DEAF;
    this.#forget();
    if (reading.kind !== 'content' && reading.kind !== 'chunk') return;
    reading.into?.destroy(new Error('the client has left'));
    reading.done('left');
  }

  override _write(octets: Buffer, _encoding: string, more: () => void): void {
    this.#count += octets.length;
    this.#octets = octets;
    this.#more = more;
    this.#read();
  }

  /** There is no line that lacks its end. */
  override _flushData(): void {
    this.#forget();
  }

  #until(reading: (done: (how: Received) => void) => Reading): Promise<Received> {
    if (this.isClosed) return Promise.resolve('left');
    return new Promise(resolve => {
      this.#reading = reading(resolve);
      this.#read();
    });
  }

  #listen(): void {
    this.#reading = LISTENING;
    this.#read();
  }

  #forget(): void {
    this.#octets = NOTHING;
    this.#line.clear();
  }

  /** Reads on as far as it goes. */
  #read(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#step() === 'go on');
    } finally {
      this.#running = false;
    }
  }

  #step(): 'go on' | 'wait' {
    if (this.isClosed) {
      this.#forget();
      return this.#askForMore();
    }
    const reading = this.#reading;
    if (reading.kind === 'chunk' && reading.left === 0) return this.#finished(reading);
    if (reading.kind === 'nothing') return 'wait';
    if (this.#octets.length === 0) return this.#askForMore();
    switch (reading.kind) {
      case 'command':
        return this.#readLine();
      case 'content':
        return this.#readContent(reading);
      case 'chunk':
        return this.#readChunk(reading);
    }
  }

  /** More may come before this is over. */
  #askForMore(): 'go on' | 'wait' {
    const more = this.#more;
    this.#more = null;
    more?.();
    return this.#octets.length > 0 ? 'go on' : 'wait';
  }

  #finished(reading: Extract<Reading, { done: unknown }>): 'wait' {
    this.#stalled = false;
    this.#reading = DEAF;
    reading.done('whole');
    return 'wait';
  }

  #readContent(reading: Extract<Reading, { kind: 'content' }>): 'go on' | 'wait' {
    const { octets, end } = reading.dots.feed(this.#octets);
    this.#octets = end === null ? NOTHING : this.#octets.subarray(end);
    const ready = this.#give(octets, reading.into);
    if (end === null) return ready;
    reading.into.end();
    return this.#finished(reading);
  }

  #readChunk(reading: Extract<Reading, { kind: 'chunk' }>): 'go on' | 'wait' {
    const octets = this.#octets.subarray(0, reading.left);
    this.#octets = this.#octets.subarray(octets.length);
    reading.left -= octets.length;
    return reading.into === null ? 'go on' : this.#give(octets, reading.into);
  }

  #give(octets: Buffer, into: Content): 'go on' | 'wait' {
    const ready = into.give(octets, () => {
      this.#stalled = false;
      this.#read();
    });
    this.#stalled = !ready;
    return ready ? 'go on' : 'wait';
  }

  #readLine(): 'go on' | 'wait' {
    const lf = this.#octets.indexOf(LF);
    const piece = lf === -1 ? this.#octets : this.#octets.subarray(0, lf);
    this.#octets = lf === -1 ? NOTHING : this.#octets.subarray(lf + 1);
    if (lf === -1) {
      this.#line.add(piece);
      return 'go on';
    }
    this.#reading = DEAF;
    this.#online(this.#line.end(piece));
    return 'go on';
  }
}
