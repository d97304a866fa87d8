/** A client for tests that says exactly the octets it is told to, and hears reply lines one by one. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls';

/** How long a line may take to come, in milliseconds of real time. */
const PATIENCE = 20_000;

export class RawClient {
  #socket: Socket;
  readonly #patience: number;
  #heard = '';
  #ended = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket, patience = PATIENCE) {
    this.#socket = socket;
    this.#patience = patience;
    this.#listen();
  }

  /** Connects, over loopback unless `host` says otherwise; `tls`: with TLS from the first octet. */
  static async connect(
    port: number,
    tls?: ConnectionOptions,
    { host = '127.0.0.1', patience = PATIENCE }: { readonly host?: string; readonly patience?: number } = {},
  ): Promise<RawClient> {
    const at = { host, port };
    const socket = tls === undefined ? connect({ ...at, allowHalfOpen: true }) : connectTls({ ...at, ...tls });
    try {
      await once(socket, tls === undefined ? 'connect' : 'secureConnect', { signal: AbortSignal.timeout(patience) });
    } catch (error) {
      socket.destroy();
      throw error instanceof Error && error.name === 'AbortError'
        ? new Error(`no connection to ${host} port ${port} within ${patience} ms`)
        : error;
    }
    socket.setNoDelay(true);
    return new RawClient(socket, patience);
  }

  /** Negotiates TLS over anything. */
  static async overTls(below: Duplex): Promise<RawClient> {
    const socket = connectTls({ socket: below, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return new RawClient(socket);
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** The socket below, which must speak TLS. */
  get secure(): TLSSocket {
    if (this.#socket instanceof TLSSocket) return this.#socket;
    throw new Error('there is no TLS');
  }

  /** The common name in the certificate that the server has shown. */
  get shown(): string {
    return String(this.secure.getPeerCertificate().subject.CN);
  }

  send(octets: string | Buffer): void {
    this.#socket.write(octets);
  }

  /** Sends octets one by one, each in a segment of its own as far as the kernel allows. */
  async sendSlowly(pieces: Iterable<Buffer>): Promise<void> {
    for (const piece of pieces) {
      this.#socket.write(piece);
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  /**
   * The next line without its line end, or `null` once the server has closed.
   * @throws Error where neither happens in time.
   */
  async line(): Promise<string | null> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, this.#patience);
    try {
      return await this.#line(() => late);
    } finally {
      clearTimeout(timer);
    }
  }

  async #line(isLate: () => boolean): Promise<string | null> {
    for (;;) {
      const end = this.#heard.indexOf('\r\n');
      if (end !== -1) {
        const line = this.#heard.slice(0, end);
        this.#heard = this.#heard.slice(end + 2);
        return line;
      }
      if (this.#ended) return this.#heard === '' ? null : `${this.#heard} (no line end)`;
      if (isLate()) throw new Error(`nothing was said within ${this.#patience} ms`);
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  /** The next reply: all of its lines. Empty once the server has closed. */
  async reply(): Promise<readonly string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === null) return lines;
      lines.push(line);
      if (line[3] !== '-') return lines;
    }
  }

  /** Sends a line, and hears the reply to it as one string. */
  async command(line: string): Promise<string> {
    this.send(`${line}\r\n`);
    return (await this.reply()).join('\n');
  }

  /** Everything until the server closes. */
  async rest(): Promise<readonly string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== null; line = await this.line()) lines.push(line);
    return lines;
  }

  /** Negotiates TLS on the connection that stands. */
  async startTls(options: ConnectionOptions = {}): Promise<void> {
    this.#socket.removeAllListeners('data');
    const secure = connectTls({ socket: this.#socket, rejectUnauthorized: false, ...options });
    this.#socket = secure;
    this.#listen();
    await once(secure, 'secureConnect');
  }

  /** Says that it has nothing more to say, and still listens. */
  finish(): void {
    this.#socket.end();
  }

  /** Reads nothing any more. */
  deafen(): void {
    this.#socket.pause();
  }

  /** Leaves without a word. */
  vanish(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    const wake = () => this.#wake();
    this.#socket.on('data', (octets: Buffer) => {
      this.#heard += octets.toString('utf8');
      wake();
    });
    for (const event of ['end', 'close', 'error']) {
      this.#socket.on(event, () => {
        this.#ended = true;
        this.#socket.end();
        wake();
      });
    }
  }
}
