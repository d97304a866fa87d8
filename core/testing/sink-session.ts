/** One session of the sink: the commands of RFC 5321 as far as a client needs them, over plain TCP or TLS. */
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { ChunkedContent, chunkOf } from './chunked-content.ts';
import { DottedContent } from './dotted-content.ts';
import { offerOf, offers } from './sink-offer.ts';
import { faultFor, isFault, type ScriptedFaults, SinkScript } from './sink-script.ts';
import type { SinkFault, SinkFaults, SinkSettings } from './sink-settings.ts';
import { SinkVoice } from './sink-voice.ts';
import type { SunkMail, SunkRecipient } from './sunk-mail.ts';

/** What all sessions of a sink share. */
export interface SinkState extends ScriptedFaults {
  readonly mails: SunkMail[];
  readonly commands: string[];
}

/** The argument of MAIL and RCPT: a path, whose local part may be quoted, and parameters. */
const PATH = /^(?:FROM|TO):\s*(<(?:"(?:[^"\\]|\\.)*"|[^>"])*>)\s*(.*)$/i;

const UNKNOWN = '502 5.5.1 Command not implemented';
const GREETINGS = { smtp: 'EHLO', lmtp: 'LHLO' } as const;

export class SinkSession {
  readonly #settings: SinkSettings;
  readonly #state: SinkState;
  #socket: Socket;
  /** latin1: one character an octet. */
  #pending = '';
  #mode: 'commands' | 'handshake' | 'over' | 'chunk' | DottedContent = 'commands';
  #chunks = new ChunkedContent();
  #greeting = '';
  /** What the client greeted in. */
  #spoken: 'smtp' | 'lmtp' = 'smtp';
  #user: string | null = null;
  #from: SunkRecipient | null = null;
  #recipients: SunkRecipient[] = [];
  readonly #voice = new SinkVoice(() => this.#socket);
  readonly #script: SinkScript;
  /** Octets of content that have come in this transaction. */
  #come = 0;

  constructor(socket: Socket, settings: SinkSettings, state: SinkState) {
    this.#socket = socket;
    this.#settings = settings;
    this.#state = state;
    this.#script = new SinkScript(state);
  }

  get #faults(): SinkFaults {
    return this.#script.faults;
  }

  begin(): void {
    if (this.#settings.tls?.implicit === true) this.#secureWith(this.#settings.tls);
    else this.#listen();
    this.#answer(this.#faults.connect, `220 ${this.#hostname} ESMTP`);
  }

  get #hostname(): string {
    return this.#settings.hostname ?? 'sink.test';
  }

  get #protocol(): 'smtp' | 'lmtp' {
    const { protocol = 'smtp' } = this.#settings;
    return protocol === 'either' ? this.#spoken : protocol;
  }

  get #secure(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  #listen(): void {
    const socket = this.#socket;
    // A client that goes away without a word is none of the sink's business.
    socket.on('error', () => socket.destroy());
    socket.on('data', (octets: Buffer) => {
      this.#pending += octets.toString('latin1');
      while (this.#step()) {
        // Everything that came together is handled in its turn.
      }
    });
  }

  /** Handles one command or one content. `false`: what is there is not complete. */
  #step(): boolean {
    const mode = this.#mode;
    if (mode === 'chunk') return this.#readChunk();
    if (mode === 'handshake' || mode === 'over' || this.#pending === '') return false;
    return mode === 'commands' ? this.#readCommand() : this.#readContent(mode);
  }

  #readCommand(): boolean {
    const end = this.#pending.indexOf('\r\n');
    if (end < 0) return false;
    const line = Buffer.from(this.#pending.slice(0, end), 'latin1').toString('utf8');
    this.#pending = this.#pending.slice(end + 2);
    this.#state.commands.push(line);
    this.#command(line);
    return true;
  }

  /** @returns whether the connection broke, as the test wants it, over so much content. */
  #breaksMidway(): boolean {
    this.#come += this.#pending.length;
    const { midway } = this.#faults;
    if (midway === undefined || this.#come < midway) return false;
    this.#mode = 'over';
    this.#socket.destroy();
    return true;
  }

  #readContent(reader: DottedContent): boolean {
    if (this.#breaksMidway()) return false;
    const found = reader.feed(this.#pending);
    this.#pending = found?.rest ?? '';
    if (found === null) return false;
    this.#mode = 'commands';
    this.#take(found.content, null);
    return true;
  }

  /** Whatever becomes of it, all octets of a chunk are taken off the wire. */
  #readChunk(): boolean {
    if (this.#breaksMidway()) return false;
    const rest = this.#chunks.feed(this.#pending);
    this.#pending = rest ?? '';
    if (rest === null) return false;
    this.#mode = 'commands';
    const { content, sizes, isLast } = this.#chunks;
    if (this.#recipients.length === 0) this.#say('503 5.5.1 No recipients');
    else if (isLast) this.#take(content, sizes);
    else if (!this.#answer(this.#faults.chunk, '250 2.0.0 Go on')) this.#reset();
    return true;
  }

  #command(line: string): void {
    const [verb = ''] = line.split(' ', 1);
    const argument = line.slice(verb.length + 1);
    const faults = this.#faults;
    switch (verb.toUpperCase()) {
      case 'EHLO':
      case 'LHLO':
        this.#spoken = verb.toUpperCase() === 'LHLO' ? 'lmtp' : 'smtp';
        if (verb.toUpperCase() !== GREETINGS[this.#protocol]) return this.#say(UNKNOWN);
        if (this.#answer(faults.ehlo, offerOf(this.#hostname, this.#settings, this.#secure))) this.#greet(argument);
        return;
      case 'HELO':
        if (this.#protocol === 'lmtp') return this.#say(UNKNOWN);
        if (this.#answer(faults.helo, `250 ${this.#hostname}`)) this.#greet(argument);
        return;
      case 'STARTTLS':
        return this.#startTls();
      case 'AUTH':
        return this.#authenticate(argument);
      case 'MAIL':
        return this.#mail(argument);
      case 'RCPT':
        return this.#rcpt(argument);
      case 'DATA':
        if (this.#recipients.length === 0) return this.#say('503 5.5.1 No recipients');
        if (this.#answer(faults.data, '354 Go on')) this.#mode = new DottedContent();
        return;
      case 'BDAT':
        return this.#bdat(argument);
      case 'RSET':
        if (this.#answer(faults.rset, '250 2.0.0 OK')) this.#reset();
        return;
      case 'NOOP':
        this.#answer(faults.noop, '250 2.0.0 OK');
        return;
      case 'QUIT':
        if (this.#answer(faults.quit, '221 2.0.0 Bye')) this.#voice.end();
        this.#mode = 'over';
        return;
      default:
        return this.#say(UNKNOWN);
    }
  }

  /** Says the usual thing unless a fault is in its place. @returns whether what the client asked for is done. */
  #answer(fault: SinkFault | undefined, usual: string): boolean {
    if (this.#mode === 'over') return false;
    const { done, over } = this.#voice.answer(fault, usual);
    // Whatever was said together with it is not heard any more.
    if (over) this.#mode = 'over';
    return done;
  }

  #say(reply: string): void {
    this.#voice.say(reply);
  }

  #greet(name: string): void {
    this.#greeting = name;
    this.#reset();
  }

  #reset(): void {
    this.#from = null;
    this.#recipients = [];
    this.#chunks = new ChunkedContent();
    this.#come = 0;
  }

  #startTls(): void {
    const { tls } = this.#settings;
    if (tls === undefined || this.#secure) return this.#say(UNKNOWN);
    if (!this.#answer(this.#faults.starttls, '220 2.0.0 Go on')) return;
    if (this.#breaksHandshake()) return;
    this.#greet('');
    this.#secureWith(tls);
  }

  #breaksHandshake(): boolean {
    const { handshake } = this.#faults;
    if (handshake === undefined) return false;
    this.#mode = 'over';
    if (handshake === 'drop') this.#socket.destroy();
    if (handshake === 'garbage') this.#socket.once('data', () => this.#say('250 2.0.0 this is no TLS'));
    return true;
  }

  /** What the client said in plain text before the handshake is not believed (RFC 3207 section 4.2). */
  #secureWith(tls: NonNullable<SinkSettings['tls']>): void {
    this.#mode = 'handshake';
    this.#socket.removeAllListeners('data');
    const { forName } = tls;
    this.#socket = new TLSSocket(this.#socket, {
      isServer: true,
      secureContext: createSecureContext(tls),
      ...(forName !== undefined && {
        SNICallback: (name: string, done: (error: null, context: SecureContext) => void) =>
          done(null, createSecureContext(forName(name))),
      }),
    });
    this.#socket.once('secure', () => {
      this.#pending = '';
      this.#mode = 'commands';
    });
    this.#listen();
  }

  /** AUTH PLAIN with an initial response (RFC 4954 section 4): authorization identity, user, password. */
  #authenticate(argument: string): void {
    const { auth } = this.#settings;
    if (auth === undefined) return this.#say(UNKNOWN);
    const [, response = ''] = /^PLAIN (.*)$/i.exec(argument) ?? [];
    const [, user, password] = Buffer.from(response, 'base64').toString('utf8').split('\0');
    const right = auth === 'any' || (user === auth.user && password === auth.password);
    if (!right) return this.#say('535 5.7.8 Authentication credentials invalid');
    if (this.#answer(this.#faults.auth, '235 2.7.0 Welcome')) this.#user = user ?? null;
  }

  #mail(argument: string): void {
    this.#script.begin();
    const from = pathOf(argument);
    if (from === null) return this.#say('501 5.1.7 Not a path');
    if (this.#from !== null) return this.#say('503 5.5.1 One at a time');
    const { auth = 'any' } = this.#settings;
    if (auth !== 'any' && this.#user === null) return this.#say('530 5.7.0 Authenticate first');
    if (this.#answer(this.#faults.mail, '250 2.1.0 OK')) this.#from = from;
  }

  #rcpt(argument: string): void {
    const recipient = pathOf(argument);
    if (recipient === null) return this.#say('501 5.1.3 Not a path');
    if (this.#from === null) return this.#say('503 5.5.1 MAIL first');
    const fault = faultFor(this.#faults.rcpt, recipient);
    const isFull = this.#recipients.length >= (this.#settings.recipients ?? Number.POSITIVE_INFINITY);
    const room: SinkFault | undefined = isFull ? '452 4.5.3 Too many recipients' : undefined;
    if (this.#answer(fault ?? room, '250 2.1.5 OK')) this.#recipients.push(recipient);
  }

  #bdat(argument: string): void {
    const chunk = chunkOf(argument);
    if (chunk === null || !offers(this.#settings, this.#secure, 'CHUNKING')) return this.#say(UNKNOWN);
    this.#chunks.begin(chunk);
    this.#mode = 'chunk';
    // An empty chunk is complete at once, and no further octet would ask for it.
    if (chunk.size === 0) this.#readChunk();
  }

  #take(content: Buffer, chunks: readonly number[] | null): void {
    const mail = {
      greeting: this.#greeting,
      tls: this.#secure,
      user: this.#user,
      from: this.#from?.path ?? '<>',
      parameters: this.#from?.parameters ?? '',
      recipients: this.#recipients,
      content,
      chunks,
    };
    this.#reset();
    const number = this.#state.mails.length + 1;
    const usual = `250 2.0.0 Taken as sink-${number}`;
    const keep = (taken: SunkMail) => {
      this.#state.mails.push(taken);
      this.#settings.taken?.(taken, number);
    };
    const { content: fault } = this.#faults;
    this.#script.end();
    if (this.#protocol === 'lmtp') {
      const taken = mail.recipients.filter(one => this.#answer(faultFor(fault, one), usual));
      if (taken.length > 0) keep({ ...mail, recipients: taken });
    } else if (this.#answer(isFault(fault) ? fault : undefined, usual)) keep(mail);
  }
}

function pathOf(argument: string): SunkRecipient | null {
  const [, path, parameters = ''] = PATH.exec(argument) ?? [];
  return path === undefined ? null : { path, parameters };
}
