/**
 * The socket's end of one session: command lines in, replies out, content through, and an orderly end.
 *
 * From smtp-server come the cutting of lines, the un-stuffing of dots, the handshake of STARTTLS and the steps of AUTH.
 * Guarantees over it: one command is worked on at a time and answered exactly once, in order, whatever fails; every
 * octet written is a whole reply; and a client that leaves, at whatever moment, is no error.
 */
import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SMTPServer, SMTPServerSession } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { describeError, LOCAL_ERROR } from '../mail/failure.ts';
import type { Credentials } from '../plugin/hooks.ts';
import type { Log } from '../plugin/ports.ts';
import { isHttpRequest, parseCommand } from './command.ts';
import { CommandStream } from './command-stream.ts';
import { Conversation } from './conversation.ts';
import { Login } from './login.ts';
import type { ListenerOptions } from './options.ts';
import { obey } from './plain-commands.ts';
import type { Pinned, Reception } from './reception.ts';
import * as replies from './replies.ts';
import { closes, formatSaid, type Said } from './replies.ts';
import { tlsOf } from './tls.ts';

/** After so many refusals without an accepted mail the client is guessing. */
const MOST_ERRORS = 100;
const MOST_UNKNOWN_COMMANDS = 10;

/** What a connection works with. */
export interface ConnectionParts {
  readonly server: SMTPServer;
  readonly socket: Socket;
  /** What smtp-server knows of the socket. */
  readonly about: SMTPConnectionOptions | null;
  readonly options: ListenerOptions;
  readonly reception: Reception;
  readonly log: Log;
}

const owners = new WeakMap<SMTPServerSession, Connection>();

/** The connection to which a session of smtp-server belongs. */
export function ownerOf(session: SMTPServerSession): Connection | undefined {
  return owners.get(session);
}

export class Connection extends SMTPConnection {
  /**
   * Resolves when the socket is closed and nothing is being worked on any more; after `cut`, when nothing is being
   * committed any more. Does not reject.
   */
  readonly ended: Promise<void>;
  readonly #options: ListenerOptions;
  readonly #log: Log;
  readonly #pinned: Pinned;
  readonly #conversation: Conversation;
  readonly #login: Login;
  readonly #end: () => void;
  /** Pieces of work: a command, or the content of a transaction. */
  #running = 0;
  #errors = 0;
  #unknown = 0;
  #retiring = false;
  #cut = false;
  #over = false;

  constructor({ server, socket, about, options, reception, log }: ConnectionParts) {
    super(server, socket, about);
    owners.set(this.session, this);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
    this.#options = options;
    this.#log = log.child({ session: this.id });
    this.#pinned = reception.pin();
    const setting = { options, reception, chain: this.#pinned.chain, log: this.#log };
    this.#conversation = new Conversation(setting, {
      id: this.id,
      listener: options.id,
      protocol: 'smtp',
      client: { address: this.remoteAddress, port: this.remotePort, name: null },
      greeting: null,
      tls: tlsOf(socket),
      user: null,
      forwarded: null,
    });
    this.#login = new Login(this, this.#conversation, this.#log);
  }

  /** Begins: with the greeting, or with a refusal in its place. `full`: there are too many clients already. */
  begin(full: boolean): void {
    this._setListeners(() => {
      void this.#run(() => this.#greet(full));
    });
  }

  /** No new transaction: 421 at once where nothing is going on, else when the running one is over. */
  retire(): void {
    this.#retiring = true;
    this.#retireIfIdle();
  }

  /** Ends it now, and waits for no plugin. What is not being committed yet will not be. */
  cut(): void {
    this.#cut = true;
    this.#conversation.leave();
    this._socket.destroy();
    this.#settle();
  }

  /** TLS has been established by STARTTLS. */
  secured(): void {
    const tls = tlsOf(this._socket);
    if (tls !== null) this.#conversation.secured(tls);
  }

  /** AUTH has brought credentials. `done` hears the user, or `null` where there is none. */
  authenticate(credentials: Credentials, done: (user: string | null) => void): Promise<void> {
    return this.#login.decide(credentials, done);
  }

  /** What smtp-server itself says: the challenges and the results of AUTH, and nothing else. */
  override send(code: number, data?: string | string[] | null): void {
    this.#answer(this.#login.replyFor(code, String(data ?? '')));
  }

  override _createParser(): SMTPStream {
    const parser = new CommandStream();
    parser.oncommand = (line, next) => this._onCommand(line, next);
    parser.on('error', () => {
      this.#say(replies.LINE_TOO_LONG);
      this.close();
    });
    // The client has said its last word, and by now every word of it is answered.
    parser.on('finish', () => this._socket.end());
    return parser;
  }

  override _onCommand(line: Buffer, next: () => void = () => undefined): void {
    // What came before the handshake is over was not sent by the client that we talk to then (RFC 3207 section 4.2).
    if (this._upgrading || this._closing || this._closed) return next();
    if (!this._ready) {
      this.#say(replies.TOO_EARLY);
      return next();
    }
    const step = this._nextHandler;
    this._nextHandler = false;
    const work = step === false ? () => this.#command(line) : () => this.#login.goOn(step, line);
    void this.#run(work, () => this._whenWritable(next));
  }

  override _onTimeout(): void {
    const ourTurn = this.#running > 0 && !(this._parser !== false && this._parser._dataMode);
    if (this._closing) this._socket.destroy();
    else if (ourTurn) this._armTimeout();
    else this.#say(replies.IDLE);
  }

  override _onError(error: Error): void {
    this.#log.debug('broken off', { cause: error.message });
    this.close();
  }

  override _onClose(): void {
    super._onClose();
    this.#conversation.leave();
    this.#settle();
  }

  async #greet(full: boolean): Promise<Said | null> {
    if (full) return replies.TOO_MANY_CONNECTIONS;
    const refusal = await this.#conversation.connect();
    // One turn of the event loop reads what has come by now. A client that talks already does not listen.
    await nextTurn();
    if (this._closing || this._closed) return null;
    if (refusal !== null) {
      this.#say(refusal);
      this.close();
      return null;
    }
    if (this._parser !== false && this._parser._remainder !== '') return replies.TOO_EARLY;
    if (this.#retiring) return replies.SHUTTING_DOWN;
    this._ready = true;
    return replies.greeting(this.#options.hostname);
  }

  async #command(line: Buffer): Promise<Said | null> {
    if (!isUtf8(line)) return replies.NOT_UTF8;
    const text = line.toString('utf8');
    const command = parseCommand(text);
    switch (command.verb) {
      case 'DATA':
        return this.#data(command.argument);
      case 'STARTTLS':
        return this.#startTls(command.argument);
      case 'AUTH':
        return this.#login.begin(command.argument);
      default:
        return (await obey(this.#conversation, command)) ?? this.#unknownCommand(text);
    }
  }

  #unknownCommand(text: string): Said {
    if (isHttpRequest(text)) return replies.HTTP_CLIENT;
    this.#unknown += 1;
    return this.#unknown < MOST_UNKNOWN_COMMANDS ? replies.UNKNOWN_COMMAND : replies.TOO_MANY_ERRORS;
  }

  #startTls(argument: string): Said | null {
    if (this.#options.tls === null) return replies.NOT_IMPLEMENTED;
    if (argument !== '') return replies.NO_ARGUMENT;
    if (this.secure) return replies.TLS_IS_ON;
    // Node crashes where TLS is put on a socket that is destroyed already.
    if (this._socket.destroyed) return null;
    this.#say(replies.READY_FOR_TLS);
    this.upgrade(() => undefined);
    return null;
  }

  /** The command is over with 354: the parser goes on with content while another piece of work takes it in. */
  #data(argument: string): Said | null {
    const refusal = this.#conversation.dataRefusal(argument);
    if (refusal !== null || this._parser === false) return refusal;
    const stream = this._parser.startDataMode();
    this._dataStream = stream;
    this.#say(replies.GO_AHEAD);
    void this.#run(() => this.#receive(stream));
    return null;
  }

  async #receive(stream: Readable): Promise<null> {
    const reply = await this.#contained(() => this.#conversation.content(stream));
    // Before the final dot no reply may be given, and none is heard.
    await finished(stream.resume()).catch(() => undefined);
    this._dataStream = false;
    if (reply !== null) this.#answer(reply);
    if (reply?.code === 250) this.#errors = this.#unknown = 0;
    if (this.#retiring) this.#say(replies.SHUTTING_DOWN);
    if (this._parser !== false) this._parser.continue();
    return null;
  }

  /** Does a piece of work and says what it gives back; `null` where it has been said on the way. Does not reject. */
  async #run(work: () => Promise<Said | null>, resume: () => void = () => undefined): Promise<void> {
    this.#running += 1;
    const reply = await this.#contained(work);
    if (reply !== null) this.#answer(reply);
    this.#running -= 1;
    this.#retireIfIdle();
    this.#settle();
    resume();
  }

  /** What fails here is a fault of ours: the log has it, the client hears that it may come again. */
  async #contained(work: () => Promise<Said | null>): Promise<Said | null> {
    try {
      return await work();
    } catch (error) {
      this.#log.error('failed', {
        cause: describeError(error),
        stack: error instanceof Error ? error.stack : undefined,
      });
      this.#conversation.reset();
      return LOCAL_ERROR;
    }
  }

  /** Says it, and ends the session where it has said too much of the kind. */
  #answer(reply: Said): void {
    this.#say(reply);
    // 452 tells an honest client to go on in another transaction.
    if (reply.code < 400 || reply.code === 452) return;
    this.#errors += 1;
    if (this.#errors >= MOST_ERRORS) this.#say(replies.TOO_MANY_ERRORS);
  }

  #say(reply: Said): void {
    // While TLS is being negotiated the socket below still takes plain text.
    if (!this._upgrading && !this._closing && this._socket.writable) this._socket.write(formatSaid(reply));
    if (closes(reply)) this.close();
  }

  #retireIfIdle(): void {
    const idle = this._ready && this.#running === 0 && !this.#conversation.inTransaction;
    if (this.#retiring && idle && !this._closing && !this._closed) this.#say(replies.SHUTTING_DOWN);
  }

  #settle(): void {
    const working = this.#cut ? this.#conversation.committing : this.#running > 0;
    if (!this._closed || working || this.#over) return;
    this.#over = true;
    this.#pinned.release();
    this.#end();
  }
}
