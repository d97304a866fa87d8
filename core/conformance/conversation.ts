/** One session with the server, written down as it goes. */
import type { ConnectionOptions } from 'node:tls';
import { escapeControls } from '../system/escape.ts';
import { RawClient } from '../testing/raw-client.ts';
import { Departure } from './conformance-case.ts';

/** One reply. */
export interface HeardReply {
  readonly code: number;
  /** The enhanced status of the last line, or `null`. */
  readonly status: string | null;
  readonly lines: readonly string[];
}

/** How to reach the server. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** TLS from the first octet. */
  readonly tls: 'none' | 'implicit';
  /** How long a reply may take, in milliseconds. */
  readonly patience: number;
}

const STATUS = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})(?: |$)/;
/** Longer lines are shown by their beginning. */
const SHOWN = 120;
const NO_CHECKS: ConnectionOptions = { rejectUnauthorized: false };

export class Conversation {
  /** `C:` and `S:` lines. */
  readonly transcript: string[] = [];
  /** Every line that was heard, without its end. */
  readonly heard: string[] = [];
  readonly #client: RawClient;

  private constructor(client: RawClient) {
    this.#client = client;
  }

  /** Connects, and hears nothing yet. */
  static async open({ host, port, tls, patience }: ServerAddress): Promise<Conversation> {
    const client = await RawClient.connect(port, tls === 'implicit' ? NO_CHECKS : undefined, { host, patience });
    return new Conversation(client);
  }

  /** Sends octets as they are. */
  send(octets: string | Buffer): void {
    this.#client.send(octets);
    const text = octets.toString('latin1');
    for (const line of text.replace(/\r\n$/, '').split('\r\n')) this.#note('C', line);
  }

  /** The next reply, or `null` where the server closes instead. */
  async next(): Promise<HeardReply | null> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#line();
      if (line === null) return null;
      lines.push(line);
      if (line[3] !== '-') break;
    }
    const last = lines.at(-1) ?? '';
    const code = /^\d{3}(?:[ -]|$)/.test(last) ? Number(last.slice(0, 3)) : 0;
    return { code, status: STATUS.exec(last)?.[1] ?? null, lines };
  }

  /** The next reply. @throws Departure where the server closes instead. */
  async reply(): Promise<HeardReply> {
    const reply = await this.next();
    if (reply === null) throw new Departure('the server closes the connection instead of answering');
    return reply;
  }

  /** Says a line and hears the reply. */
  say(line: string): Promise<HeardReply> {
    this.send(`${line}\r\n`);
    return this.reply();
  }

  /** Every reply until the server closes. */
  async rest(): Promise<readonly HeardReply[]> {
    const replies: HeardReply[] = [];
    for (let one = await this.next(); one !== null; one = await this.next()) replies.push(one);
    return replies;
  }

  /** Says STARTTLS, and negotiates TLS where that is answered 220. */
  async startTls(): Promise<HeardReply> {
    const reply = await this.say('STARTTLS');
    if (reply.code === 220) await this.secure();
    return reply;
  }

  async secure(): Promise<void> {
    await this.#client.startTls(NO_CHECKS);
    this.transcript.push('(TLS)');
  }

  /** Has nothing more to say, and still listens. */
  finish(): void {
    this.#client.finish();
  }

  close(): void {
    this.#client.destroy();
  }

  async #line(): Promise<string | null> {
    const line = await this.#client.line();
    if (line !== null) this.heard.push(line);
    if (line === null) this.transcript.push('(the server closes)');
    else this.#note('S', line);
    return line;
  }

  #note(who: 'C' | 'S', line: string): void {
    const shown = line.length > SHOWN ? `${line.slice(0, SHOWN)}… (${line.length} octets)` : line;
    this.transcript.push(`${who}: ${escapeControls(shown)}`);
  }
}
