/**
 * The socket's end of one session: command lines in, replies out, content through, and an orderly end.
 *
 * From smtp-server come the life of the socket and the handshake of STARTTLS. Guarantees over it: one command is worked
 * on at a time and answered exactly once, in order, whatever fails; every octet written is a whole reply; a client that
 * leaves, at whatever moment, is no error; and one that takes too long for anything is sent away.
 */
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SMTPServer, SMTPServerSession } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { describeError, LOCAL_ERROR } from '../mail/failure.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Log } from '../plugin/ports.ts';
import type { ClientNames } from './client-names.ts';
import { ClientStream } from './client-stream.ts';
import { CommandInterpreter } from './command-interpreter.ts';
import { Conversation } from './conversation.ts';
import type { EarlyPin } from './early-pin.ts';
import type { LetIn } from './let-in.ts';
import type { Line } from './line-buffer.ts';
import { newSession } from './new-session.ts';
import type { ListenerOptions } from './options.ts';
import type { Reception } from './reception.ts';
import * as replies from './replies.ts';
import { closes, formatSaid, type Said } from './replies.ts';
import { ReplyWriter } from './reply-writer.ts';
import { Timekeeper } from './timekeeper.ts';
import { certificateRefusal, logClient, tlsOf } from './tls.ts';
import type { Watched } from './watch.ts';

/** What a connection works with. */
export interface ConnectionParts {
  readonly server: SMTPServer;
  readonly socket: Socket;
  readonly about: LetIn;
  readonly options: ListenerOptions;
  readonly reception: Reception;
  readonly names: ClientNames;
  readonly log: Log;
}

/** Of those sessions that have asked for TLS: it is there when smtp-server says so. */
const owners = new WeakMap<SMTPServerSession, Connection>();

/** The connection to which a session of smtp-server belongs. */
export function ownerOf(session: SMTPServerSession): Connection | undefined {
  return owners.get(session);
}

/** All that needs saying has been said. */
const SAID: readonly Said[] = [];

export class Connection extends SMTPConnection implements Watched {
  /**
   * Resolves when the socket is closed and nothing is being worked on any more; after `cut`, when nothing is being
   * committed any more. Does not reject.
   */
  readonly ended: Promise<void>;
  readonly #options: ListenerOptions;
  readonly #reception: Reception;
  readonly #log: Log;
  readonly #pinned: EarlyPin;
  readonly #conversation: Conversation;
  readonly #interpreter: CommandInterpreter;
  readonly #time: Timekeeper;
  readonly #end: () => void;
  /** Pieces of work: a command, or the content of a transaction. */
  #running = 0;
  #retiring = false;
  #farewell = replies.SHUTTING_DOWN;
  #cut = false;
  #over = false;
  readonly #writer = new ReplyWriter(() => this._socket);

  constructor({ server, socket, about, options, reception, names, log }: ConnectionParts) {
    super(server, socket, about);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
    this.#options = options;
    this.#reception = reception;
    this.#log = log.child({ session: this.id });
    this.#pinned = about.pinned;
    this.#time = new Timekeeper(options.limits, reception.clock.monotonic());
    const setting = { options, reception, chain: this.#pinned.chain, names, log: this.#log };
    const client = { address: this.remoteAddress, port: about.remotePort ?? this.remotePort, name: null };
    this.#conversation = new Conversation(setting, about.visit, newSession(this.id, options, client, tlsOf(socket)));
    this.#interpreter = new CommandInterpreter(this.#conversation, options, {
      stream: () => this.#stream,
      say: reply => this.#say(reply),
      startTls: argument => this.#startTls(argument),
      refusal: verb => certificateRefusal(options.tls, this._socket, verb),
    });
    logClient(this.#log, options.tls, socket, client.address);
    this.#pinned.take(() => this.#giveWay());
  }

  get #stream(): ClientStream | null {
    return this._parser instanceof ClientStream ? this._parser : null;
  }

  /** Begins: with the greeting, or with a refusal in its place. */
  begin(): void {
    this._setListeners(() => {
      this.#run(() => this.#greet());
    });
  }

  /** No new transaction: 421 at once where nothing is going on, else when the running one is over. */
  retire(): void {
    this.#retiring = true;
    this.#retireIfIdle();
  }

  /** The configuration that the session began with has been replaced a while ago. */
  #giveWay(): void {
    this.#farewell = replies.CONFIGURATION_CHANGED;
    this.retire();
  }

  /** Ends it now, and waits for no plugin. What is not being committed yet will not be. */
  cut(): void {
    this.#cut = true;
    this.#conversation.transactions.leave();
    this._socket.destroy();
    this.#settle();
  }

  /** TLS has been established by STARTTLS. */
  secured(): void {
    this._socket.allowHalfOpen = true;
    const tls = tlsOf(this._socket);
    if (tls !== null) this.#conversation.secured(tls);
    logClient(this.#log, this.#options.tls, this._socket, this.remoteAddress);
    this.#retireIfIdle();
  }

  /** Sends the client away where its time is up. */
  look(now: number): void {
    if (this._closing || this._closed) return;
    const stream = this.#stream;
    const listensTo = this._upgrading
      ? 'handshake'
      : this.#writer.blocked
        ? 'nobody'
        : (stream?.listensTo ?? 'nothing');
    const verdict = this.#time.look(now, listensTo, stream?.received ?? 0);
    if (verdict === null) return;
    // Into a handshake nothing can be said, and who does not read does not hear.
    if (this._upgrading || this.#writer.blocked) this._socket.destroy();
    else this.#say(verdict);
  }

  override close(): void {
    this.#writer.flush();
    super.close();
    this.#stream?.leave();
    // What is being decided already may still come to its end: only no further octet is taken.
  }

  override _createParser(): SMTPStream {
    const stream = new ClientStream(
      () => this.#interpreter.lineRules,
      line => this.#hear(stream, line),
    );
    // The client has said its last word, and by now every word of it is answered.
    stream.on('finish', () => {
      this.#writer.flush();
      this._socket.end();
    });
    return stream;
  }

  /** The watch looks after that. */
  override _armTimeout(): void {}

  override _onError(error: Error): void {
    this.#log.debug('broken off', { cause: error.message });
    this.close();
  }

  override _onClose(): void {
    this.#stream?.leave();
    super._onClose();
    this.#conversation.transactions.leave();
    this.#settle();
  }

  #hear(stream: ClientStream, line: Line): void {
    // What came before the handshake is over was not sent by the client that we talk to then (RFC 3207 section 4.2).
    if (this._upgrading || this._closing || this._closed) return;
    if (!this._ready) return this.#say(replies.TOO_EARLY);
    const goOn = () => {
      this.#turn();
      stream.resume();
    };
    this.#run(
      () => this.#interpreter.answerTo(line),
      () => this.#writer.whenRead(goOn),
    );
  }

  async #greet(): Promise<readonly Said[]> {
    const refusal = await this.#conversation.connect();
    await this.#keepQuiet();
    if (this._closing || this._closed) return SAID;
    if (refusal !== null) return [{ ...refusal, after: 'close' }];
    if (this.#stream?.holdsUnread === true) return [replies.TOO_EARLY];
    if (this.#retiring) return [this.#farewell];
    this._ready = true;
    return [replies.greeting(this.#options.hostname, this.#options.protocol)];
  }

  /** A client that talks before it is greeted does not listen. */
  async #keepQuiet(): Promise<void> {
    const { greetingPause } = this.#options.limits;
    if (greetingPause > 0) {
      const left = new AbortController();
      void this.ended.then(() => left.abort());
      await this.#reception.clock.sleep(greetingPause, left.signal).catch(() => undefined);
    }
    // One turn of the event loop reads what has come by now.
    await nextTurn();
  }

  #startTls(argument: string): readonly Said[] {
    if (this.#options.tls === null) return [replies.NOT_IMPLEMENTED];
    if (argument !== '') return [replies.NO_ARGUMENT];
    if (this.secure) return [replies.TLS_IS_ON];
    // Node crashes where TLS is put on a socket that is destroyed already.
    if (this._socket.destroyed) return SAID;
    this.#say(replies.READY_FOR_TLS);
    this.#writer.flush();
    // A client that ends its side now will never finish the handshake.
    this._socket.allowHalfOpen = false;
    owners.set(this.session, this);
    this.upgrade(() => undefined);
    return SAID;
  }

  /** Does a piece of work, and says what it gives back. Does not throw. */
  #run(work: () => Awaitable<readonly Said[]>, resume: () => void = () => undefined): void {
    this.#running += 1;
    const over = (said: readonly Said[]) => {
      for (const reply of said) this.#say(reply);
      this.#running -= 1;
      this.#turn();
      this.#retireIfIdle();
      this.#settle();
      resume();
    };
    const failed = (error: unknown) => over(this.#failed(error));
    let said: Awaitable<readonly Said[]>;
    try {
      said = work();
    } catch (error) {
      return failed(error);
    }
    if (said instanceof Promise) void said.then(over, failed);
    else over(said);
  }

  /** A fault of ours: the log has it, the client hears that it may come again. */
  #failed(error: unknown): readonly Said[] {
    const stack = error instanceof Error ? error.stack : undefined;
    this.#log.error('failed', { cause: describeError(error), stack });
    this.#conversation.transactions.reset();
    return [LOCAL_ERROR];
  }

  #say(reply: Said): void {
    // While TLS is being negotiated the socket below still takes plain text.
    if (!this._upgrading && !this._closing && this._socket.writable) this.#writer.write(formatSaid(reply));
    if (closes(reply)) this.close();
  }

  #turn(): void {
    this.#time.turn(this.#reception.clock.monotonic());
  }

  #retireIfIdle(): void {
    // Into a handshake nothing can be said: it is said when TLS is there.
    const hears = this._ready && !this._upgrading;
    const idle = hears && this.#running === 0 && !this.#conversation.transactions.open;
    if (this.#retiring && idle && !this._closing && !this._closed) this.#say(this.#farewell);
  }

  #settle(): void {
    const working = this.#cut ? this.#conversation.transactions.committing : this.#running > 0;
    if (!this._closed || working || this.#over) return;
    this.#over = true;
    this.#pinned.release();
    this.#end();
  }
}
