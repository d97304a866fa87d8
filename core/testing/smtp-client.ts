/**
 * An SMTP client that says exactly what a test wants said, also what no real client would say.
 *
 * It adds nothing: no EHLO, no dot but in `data`, no waiting for a reply but where the method says so.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as startTls } from 'node:tls';
import { dotted } from './dotted-content.ts';
import { ReplyReader, type SmtpReply } from './reply-reader.ts';

/** How to reach the server. */
export interface SmtpClientSettings {
  /** The IP address; loopback without it. */
  readonly host?: string;
  /** The address that the client comes from. */
  readonly localAddress?: string;
  /** How long a reply may take, in milliseconds of real time; ten seconds without it. */
  readonly patience?: number;
  /** TLS before the first octet of SMTP (RFC 8314). Certificates are not verified unless `tls` asks for it. */
  readonly tls?: ConnectionOptions;
}

/** One dialogue. */
export interface SmtpClient {
  /** What the server said first. */
  readonly greeting: SmtpReply;
  /** Says a line and gives the reply. Rejects where the session ends instead. */
  readonly say: (line: string) => Promise<SmtpReply>;
  /** Says several lines at once (RFC 2920) and gives their replies. */
  readonly sayAll: (lines: readonly string[]) => Promise<readonly SmtpReply[]>;
  /**
   * Says DATA, and after 354 the content: every line end of a text becomes CRLF, leading dots are doubled, the final dot
   * is added. Gives the reply to the content, or the one to DATA where that is not 354.
   */
  readonly data: (content: string | Buffer) => Promise<SmtpReply>;
  /** Sends octets as they are and waits for nothing. */
  readonly write: (octets: string | Buffer) => void;
  /** The next reply: after `write`, or the further ones that LMTP gives (RFC 2033 section 4.2). */
  readonly reply: () => Promise<SmtpReply>;
  /** Says STARTTLS and, after 220, starts TLS. Gives the reply. */
  readonly startTls: (options?: ConnectionOptions) => Promise<SmtpReply>;
  /** Resolves when the server has ended the session, with what it said unasked before. */
  readonly closed: Promise<readonly SmtpReply[]>;
  /** Ends the session without a word. */
  readonly close: () => Promise<void>;
}

/**
 * Connects and waits for the greeting.
 * @example
 * const client = await smtpClient(port);
 * expect(await client.say('EHLO client.test')).toMatchObject({ code: 250 });
 */
export async function smtpClient(port: number, settings: SmtpClientSettings = {}): Promise<SmtpClient> {
  const { host = '127.0.0.1', localAddress, tls, patience = 10_000 } = settings;
  const wire = new Wire(patience);
  const socket = connect({ host, port, noDelay: true, ...(localAddress !== undefined && { localAddress }) });
  wire.use(socket);
  if (tls !== undefined) await wire.secure(tls);
  const say = (line: string) => {
    wire.write(`${line}\r\n`);
    return wire.reply(line);
  };
  return {
    greeting: await wire.reply('the connection'),
    say,
    sayAll(lines) {
      wire.write(lines.map(line => `${line}\r\n`).join(''));
      return Promise.all(lines.map(line => wire.reply(line)));
    },
    async data(content) {
      const go = await say('DATA');
      if (go.code !== 354) return go;
      wire.write(dotted(content));
      return wire.reply('the content');
    },
    write: octets => wire.write(octets),
    reply: () => wire.reply('what was written'),
    async startTls(options = {}) {
      const go = await say('STARTTLS');
      if (go.code === 220) await wire.secure(options);
      return go;
    },
    closed: wire.closed,
    close: () => wire.close(),
  };
}

const ENDED = 'the server ended the session';

/** The connection, whatever lies below it at the moment. */
class Wire {
  readonly #replies = new ReplyReader();
  readonly #patience: number;
  readonly #closed = Promise.withResolvers<readonly SmtpReply[]>();
  #socket: Socket | null = null;

  constructor(patience: number) {
    this.#patience = patience;
  }

  get closed(): Promise<readonly SmtpReply[]> {
    return this.#closed.promise;
  }

  use(socket: Socket): void {
    this.#socket = socket;
    const end = (reason: string) => {
      // The layer below TLS goes on to live under another name.
      if (this.#socket === socket) this.#replies.end(new Error(reason));
    };
    socket.on('data', (octets: Buffer) => this.#replies.feed(octets));
    socket.on('error', (error: Error) => end(`the connection failed: ${error.message}`));
    socket.on('end', () => end(ENDED));
    socket.on('close', () => {
      end(ENDED);
      if (this.#socket === socket) this.#closed.resolve(this.#replies.rest());
    });
  }

  write(octets: string | Buffer): void {
    this.#socket?.write(octets);
  }

  async reply(to: string): Promise<SmtpReply> {
    const late = () => this.#replies.end(new Error(`no reply to ${to} within ${this.#patience} ms`));
    const timer = setTimeout(late, this.#patience);
    try {
      return await this.#replies.next();
    } finally {
      clearTimeout(timer);
    }
  }

  async secure(options: ConnectionOptions): Promise<void> {
    const plain = this.#socket;
    if (plain === null) return;
    plain.removeAllListeners('data');
    const socket = startTls({ rejectUnauthorized: false, ...options, socket: plain });
    await once(socket, 'secureConnect');
    this.use(socket);
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket === null || socket.closed) return;
    socket.destroy();
    await once(socket, 'close');
  }
}
