/**
 * The client's end of one session with a next hop, over nodemailer's connection. Only this file, `inner-connection.ts` and
 * `opening.ts` know nodemailer.
 *
 * nodemailer greets, starts TLS and authenticates. Its `send` is not used: it asks one DSN request for all recipients,
 * declares SMTPUTF8 by addresses alone, and forgets who was refused when DATA fails. So from the first transaction on its
 * socket is ours (see `wire.ts`), and what is said over it is said here.
 *
 * Guarantee: nothing waits longer than its limit. nodemailer's own timers stand far above ours and never strike first.
 */
import { TLSSocket } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { errnoOf } from '../mail/failure.ts';
import type { Clock } from '../plugin/ports.ts';
import { chainOf, DANE_MISMATCH, meetsDane } from './dane-match.ts';
import { Extensions } from './extensions.ts';
import { type Heard, type Lost, lost, wasInterrupted } from './heard.ts';
import type { ConnectionError, Inner } from './inner-connection.ts';
import { type Opening, optionsOf } from './opening.ts';
import { parseReply } from './remote-reply.ts';
import { type Piece, Wire } from './wire.ts';

/** A session that is ready for transactions, one after the other. */
export class SmtpClient {
  readonly #connection: SMTPConnection & Inner;
  readonly #opening: Opening;
  readonly #wire: Wire;
  #isOurs = false;
  #saysQuit = false;
  #extensions = new Extensions([]);
  #transactions = 0;
  #transaction: 'none' | 'open' = 'none';
  #onceEnded: (() => void) | null = null;

  private constructor(opening: Opening, clock: Clock) {
    this.#connection = new SMTPConnection(optionsOf(opening)) as SMTPConnection & Inner;
    this.#opening = opening;
    this.#wire = new Wire(clock, opening.limits, () => this.#close());
    this.#connection.on('error', (error: ConnectionError) => this.#fail(error));
    this.#connection.on('end', () => this.destroy('the next hop closed the connection'));
  }

  /** Waits for the greeting, says EHLO or LHLO, starts TLS. */
  static async open(opening: Opening, clock: Clock, signal: AbortSignal): Promise<SmtpClient | Lost> {
    const client = new SmtpClient(opening, clock);
    const heard = await client.during(signal, () =>
      client.#wire.wait(opening.limits.greeting, settle => {
        client.#connection.connect(error => {
          if (error) client.#fail(error);
          else settle(READY);
        });
      }),
    );
    if (heard.kind === 'lost') return heard;
    const fault = client.#daneFault(clock);
    if (fault !== null) {
      client.#wire.end(fault);
      return fault;
    }
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
    return this.#opening.tls === 'verified' || this.#opening.tls === 'dane' ? 'verified' : 'encrypted';
  }

  /** What is wrong with the certificate as authorities go, whether that matters or not: `CERT_HAS_EXPIRED`. */
  get certificateFault(): string | null {
    const { _socket: socket } = this.#connection;
    if (!(socket instanceof TLSSocket) || socket.authorized) return null;
    // Typed as an error, it is the code of one.
    const fault: unknown = socket.authorizationError;
    return errnoOf(fault) ?? String(fault);
  }

  /** How the session ended, once it has. */
  get ended(): Lost | null {
    return this.#wire.ended;
  }

  /** Whether it may serve another mail: it is not over, and every reply was one of SMTP. */
  get isSound(): boolean {
    return this.#wire.ended === null && !this.#wire.isStrange;
  }

  /** Whether the end of the last content may have left: from then on a lost connection tells nothing. */
  get contentSent(): boolean {
    return this.#wire.contentSent;
  }

  /** How many transactions were begun. */
  get transactions(): number {
    return this.#transactions;
  }

  /**
   * To be called before MAIL. @returns the commands that come first: RSET, where the transaction before has not come to
   * its end, and the next hop may still be in it
   */
  begin(): readonly 'RSET'[] {
    const before = this.#transaction;
    this.#transaction = 'open';
    this.#transactions += 1;
    return before === 'open' ? RESET : NOTHING;
  }

  /** To be called when the next hop has refused MAIL or has replied to the end of the content. */
  end(): void {
    this.#transaction = 'none';
  }

  /** Calls the listener when the session is over, and no earlier one any more. */
  onceEnded(listener: (() => void) | null): void {
    this.#onceEnded = listener;
  }

  /** Calls the listener when the connection is closed, by both sides. */
  onceClosed(listener: () => void): void {
    const { socket } = this.#opening;
    if (socket.closed) listener();
    else socket.once('close', listener);
  }

  /** Does the work, and closes the connection in the middle of it when the signal is aborted. */
  async during<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const leave = this.endWith(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Closes the connection when the signal is aborted, @returns unless this is called before. */
  endWith(signal: AbortSignal): () => void {
    const end = () => this.#wire.end(lost({ because: 'the attempt was ended', how: 'silent' }));
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
    return () => signal.removeEventListener('abort', end);
  }

  /** Proves who we are (RFC 4954), by the first mechanism that both sides know. Before the first transaction. */
  login(user: string, password: string): Promise<Heard> {
    return this.#wire.wait(this.#opening.limits.reply, settle => {
      this.#connection.login({ user, pass: password }, (error: ConnectionError | null) => {
        if (error === null) settle(READY);
        else if (error.response === undefined) this.#fail(error);
        else settle(parseReply(error.response));
      });
    });
  }

  /** Sends commands in one go, and waits for a reply to each: more than one only with PIPELINING (RFC 2920). */
  ask(lines: readonly string[]): Promise<readonly Heard[]> {
    if (!this.#isOurs) this.#takeOver();
    return this.#wire.ask(lines);
  }

  /** Sends the whole content and its end in one go, and waits for so many replies. */
  send(octets: Buffer, replies: number): Promise<readonly Heard[]> {
    return this.#wire.send(octets, replies);
  }

  /** Sends content piece by piece. See `Wire`. */
  transfer(pieces: AsyncIterable<Piece> | Iterable<Piece>, replies: number): Promise<readonly Heard[]> {
    return this.#wire.transfer(pieces, replies);
  }

  /** Says QUIT and closes. The reply is not waited for: it changes nothing. */
  quit(): void {
    this.#saysQuit = true;
    this.#wire.end(lost({ because: 'we said QUIT' }));
  }

  /** Closes without another word. */
  destroy(because: string): void {
    this.#wire.end(lost({ because }));
  }

  /** Nothing but EHLO has been said by then. */
  #daneFault(clock: Clock): Lost | null {
    const { tls, tlsa, names } = this.#opening;
    const { _socket: socket } = this.#connection;
    if (tls !== 'dane') return null;
    const chain = socket instanceof TLSSocket ? chainOf(socket) : [];
    if (meetsDane(tlsa, { chain, names, now: clock.now() })) return null;
    const because = 'the certificate is none that the TLSA records of the host name';
    return lost({ because, tls: 'failed', code: DANE_MISMATCH });
  }

  #takeOver(): void {
    const { _socket: socket, _onSocketData } = this.#connection;
    if (socket === false) return;
    this.#isOurs = true;
    socket.setTimeout(0);
    socket.off('data', _onSocketData);
    this.#wire.begin(socket);
  }

  #close(): void {
    const { _socket: socket } = this.#connection;
    if (this.#saysQuit && socket !== false && !socket.destroyed) socket.write('QUIT\r\n');
    this.#connection.close();
    if (!this.#saysQuit) this.#opening.socket.destroy();
    this.#onceEnded?.();
  }

  #fail(error: ConnectionError): void {
    const { upgrading, _plaintextEhlo } = this.#connection;
    // An error of the TLS socket itself has no code of its own: what matters is what was going on.
    const due = error.code === 'ETLS' || upgrading === true || _plaintextEhlo !== false;
    const tls = due ? (wasInterrupted(error) ? 'interrupted' : 'failed') : 'no';
    const reply = error.response === undefined ? null : parseReply(error.response);
    this.#wire.end(lost({ because: error.message, tls, reply, code: error.originalCode ?? null }));
  }
}

const RESET = ['RSET'] as const;
const NOTHING = [] as const;

/** Stands for what nodemailer reports without words: the session is ready, the login has succeeded. */
const READY = parseReply('250');
