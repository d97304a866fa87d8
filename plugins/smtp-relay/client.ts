/**
 * The client's end of one SMTP session, over nodemailer's connection. Only this file, `inner-connection.ts` and `opening.ts`
 * know nodemailer.
 *
 * nodemailer greets, starts TLS, authenticates, splits replies and stuffs dots. Its `send` is not used: it asks one DSN
 * request for all recipients, declares SMTPUTF8 by addresses alone, and forgets who was refused when DATA fails; so the
 * commands of a transaction are asked one by one, over parts of it that its typings leave out (see `Inner`).
 *
 * Guarantee: a question is answered once, by a reply or by `lost`; nothing waits longer than its limit. nodemailer's own
 * timers stand far above ours and never strike first.
 */
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Clock, Content } from '../../core/index.ts';
import type { Chunk } from './chunks.ts';
import { Extensions } from './extensions.ts';
import type { ConnectionError, Inner } from './inner-connection.ts';
import { lineSafe } from './line-safe.ts';
import { type Limits, type Opening, optionsOf } from './opening.ts';
import { parseReply, printable, type RemoteReply } from './remote-reply.ts';

/** The connection is gone. */
export interface Lost {
  readonly kind: 'lost';
  readonly because: string;
  /**
   * Whether TLS was the trouble: it `failed`, STARTTLS refused or absent and a certificate that nobody vouches for
   * included; or it was `interrupted`, for the connection broke while it was due.
   */
  readonly tls: 'no' | 'interrupted' | 'failed';
  /** The reply that ended it: a greeting that refuses, a 421. */
  readonly reply: RemoteReply | null;
}

/** What a question brought. */
export type Heard = RemoteReply | Lost;

/** Codes of the system for a connection that broke. */
const BROKEN: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** A session that is ready for transactions, one after the other. */
export class SmtpClient {
  readonly #connection: SMTPConnection & Inner;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #waiting = new Set<(heard: Heard) => void>();
  #extensions = new Extensions([]);
  readonly #verifies: boolean;
  #lost: Lost | null = null;
  #closing: RemoteReply | null = null;
  #alarm = new AbortController();
  #source: Readable | null = null;
  #contentSent = false;

  private constructor(opening: Opening, clock: Clock) {
    this.#connection = new SMTPConnection(optionsOf(opening)) as SMTPConnection & Inner;
    this.#socket = opening.socket;
    this.#clock = clock;
    this.#limits = opening.limits;
    this.#verifies = opening.tls === 'verified';
    this.#connection.on('error', (error: ConnectionError) => this.#fail(error));
    this.#connection.on('end', () => this.#lose({ because: 'the next hop closed the connection' }));
  }

  /** Waits for the greeting, says EHLO, starts TLS. */
  static async open(opening: Opening, clock: Clock, signal: AbortSignal): Promise<SmtpClient | Lost> {
    const client = new SmtpClient(opening, clock);
    const heard = await client.during(signal, () =>
      client.#wait(opening.limits.greeting, settle => {
        client.#connection.connect(error => {
          if (error) client.#fail(error);
          else settle(READY);
        });
      }),
    );
    if (heard.kind === 'lost') return heard;
    client.#extensions = new Extensions(client.#connection._ehloLines ?? []);
    return client;
  }

  /** What the next hop offers. */
  get extensions(): Extensions {
    return this.#extensions;
  }

  /** `verified`: a certificate that is trusted stands for the name of the next hop. */
  get security(): 'none' | 'encrypted' | 'verified' {
    if (!this.#connection.secure) return 'none';
    return this.#verifies ? 'verified' : 'encrypted';
  }

  /** Whether the end of the last content may have left: from then on a lost connection tells nothing. */
  get contentSent(): boolean {
    return this.#contentSent;
  }

  /** Does the work, and closes the connection in the middle of it when the signal is aborted. */
  async during<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const end = () => this.destroy('the attempt was ended');
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
    try {
      return await work();
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  /** Sends commands in one go, without waiting between them: only where PIPELINING is offered (RFC 2920). */
  pipeline(lines: readonly string[]): readonly Promise<Heard>[] {
    const socket = this.#connection._socket;
    if (socket) socket.cork();
    const heard = lines.map(line => this.ask(line));
    if (socket) socket.uncork();
    return heard;
  }

  /** Sends a command and waits for its reply. */
  ask(line: string): Promise<Heard> {
    if (/[\r\n\0]/.test(line)) throw new RangeError('a command must be one line');
    return this.#wait(this.#limits.reply, settle => {
      this.#connection._responseActions.push(reply => settle(parseReply(reply)));
      this.#connection._sendCommand(line);
    });
  }

  /** Proves who we are (RFC 4954), by the first mechanism that both sides know. */
  login(user: string, password: string): Promise<Heard> {
    return this.#wait(this.#limits.reply, settle => {
      this.#connection.login({ user, pass: password }, (error: ConnectionError | null) => {
        if (error === null) settle(READY);
        else if (error.response === undefined) this.#fail(error);
        else settle(parseReply(error.response));
      });
    });
  }

  /**
   * Sends content after a 354, piece by piece, and waits for the reply to the final dot.
   * @throws where the content cannot be read: the connection is then closed before the final dot
   */
  async content(content: Content): Promise<Heard> {
    let broken: { readonly error: unknown } | null = null;
    this.#contentSent = false;
    const heard = await this.#wait(this.#limits.content, settle => {
      const out = this.#connection._createSendStream((error, reply) => {
        settle(parseReply(reply ?? error?.response ?? ''));
      });
      const source = Readable.from(this.#watched(content), { objectMode: false });
      source.once('error', error => {
        broken = { error };
        this.destroy('the content could not be read');
      });
      source.once('end', () => {
        this.#contentSent = true;
        this.#arm(this.#limits.end);
      });
      this.#source = source;
      source.pipe(out);
    });
    // TypeScript does not see that a listener has set it.
    const failure = broken as { readonly error: unknown } | null;
    if (failure !== null) throw failure.error;
    if (!this.#contentSent) this.destroy('the next hop replied before the end of the content');
    return heard;
  }

  /**
   * Sends one chunk of content by BDAT, and waits for its reply (RFC 3030 section 2). Where the reply comes before the chunk
   * is complete the connection is closed: what was announced and did not come must not be taken out of the next command.
   */
  async chunk({ pieces, size, place }: Chunk): Promise<Heard> {
    this.#contentSent = false;
    if (this.#lost !== null) return this.#lost;
    let answered = false;
    const heard = this.#wait(this.#limits.content, settle => {
      this.#connection._responseActions.push(reply => settle(parseReply(reply)));
      this.#connection._sendCommand(`BDAT ${size}${place === 'last' ? ' LAST' : ''}`);
      if (place === 'last' && size === 0) this.#contentSent = true;
    }).finally(() => {
      answered = true;
    });
    let left = size;
    for (const piece of pieces) {
      if (answered || this.#isLost()) break;
      left -= piece.length;
      if (place === 'last' && left === 0) this.#contentSent = true;
      await this.#write(piece);
      this.#arm(this.#limits.content);
    }
    if (!answered) this.#arm(place === 'last' ? this.#limits.end : this.#limits.reply);
    const reply = await heard;
    if (left > 0) this.destroy('the next hop replied before the end of the content');
    return reply;
  }

  /** Says QUIT and closes. The reply is not waited for: it changes nothing. */
  quit(): void {
    if (this.#lost !== null) return;
    this.#connection._sendCommand('QUIT');
    this.#lost = { kind: 'lost', because: 'we said QUIT', tls: 'no', reply: null };
    this.#connection.close();
  }

  /** Closes without another word. */
  destroy(because: string): void {
    this.#lose({ because });
  }

  #wait(limit: number, start: (settle: (heard: Heard) => void) => void): Promise<Heard> {
    if (this.#lost !== null) return Promise.resolve(this.#lost);
    return new Promise(resolve => {
      const settle = (heard: Heard) => {
        if (!this.#waiting.delete(settle)) return;
        if (heard.kind === 'reply' && heard.code === 421) this.#closing = heard;
        if (this.#waiting.size === 0) this.#alarm.abort();
        else this.#arm(limit);
        resolve(heard);
      };
      this.#waiting.add(settle);
      this.#arm(limit);
      start(settle);
    });
  }

  /** From now on, silence for that long ends the session. */
  #arm(limit: number): void {
    this.#alarm.abort();
    if (this.#lost !== null) return;
    const alarm = new AbortController();
    this.#alarm = alarm;
    this.#clock.sleep(limit, alarm.signal).then(
      () => this.#lose({ because: `no reply within ${limit / 1000} s` }),
      () => undefined,
    );
  }

  /** TypeScript does not see that it may have changed meanwhile. */
  #isLost(): boolean {
    return this.#lost !== null;
  }

  /** Resolves when the octets have been taken, or when nobody will take them any more. */
  #write(octets: Buffer): Promise<void> {
    const { _socket: socket } = this.#connection;
    if (this.#lost !== null || socket === false) return Promise.resolve();
    return new Promise(resolve => socket.write(octets, () => resolve()));
  }

  async *#watched(content: Content): AsyncGenerator<Buffer> {
    for await (const piece of lineSafe(content)) {
      this.#arm(this.#limits.content);
      yield piece;
    }
  }

  #fail({ message, code, originalCode, response }: ConnectionError): void {
    const { upgrading, _plaintextEhlo } = this.#connection;
    // An error of the TLS socket itself has no code of its own: what matters is what was going on.
    const due = code === 'ETLS' || upgrading === true || _plaintextEhlo !== false;
    const broke = BROKEN.has(originalCode ?? '') || message.startsWith('Connection closed');
    const tls = due ? (broke ? 'interrupted' : 'failed') : 'no';
    this.#lose({ because: message, tls, reply: response === undefined ? null : parseReply(response) });
  }

  #lose({ because, tls = 'no', reply = null }: Pick<Lost, 'because'> & Partial<Lost>): void {
    if (this.#lost !== null) return;
    this.#lost = { kind: 'lost', because: printable(because), tls, reply: reply ?? this.#closing };
    this.#alarm.abort();
    this.#source?.destroy();
    this.#connection.close();
    this.#socket.destroy();
    for (const settle of this.#waiting) settle(this.#lost);
  }
}

/** Stands for what nodemailer reports without words: the session is ready, the login has succeeded. */
const READY = parseReply('250');
