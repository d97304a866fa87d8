/**
 * A client that measures how long every acceptance takes, from the final dot to its 250, in a process of its own. It also
 * does what smtp-source does not: recipients of many domains in one message.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What is to be sent. */
export interface ClientOrder {
  readonly port: number;
  readonly messages: number;
  readonly clients: number;
  readonly connections: 'new' | 'kept';
  /** Of the content, in octets. */
  readonly size: number;
  /** The recipients of the messages, in turn. */
  readonly envelopes: readonly (readonly string[])[];
}

/** What came of it. */
export interface ClientReport {
  /** Of each message, in milliseconds. */
  readonly acceptance: readonly number[];
}

/** Of a round: how many are left, and whose turn it is. */
interface Round {
  readonly order: ClientOrder;
  readonly content: Buffer;
  readonly acceptance: number[];
  next: number;
}

async function send(order: ClientOrder): Promise<ClientReport> {
  const round: Round = { order, content: contentOf(order.size), acceptance: [], next: 0 };
  await Promise.all(Array.from({ length: order.clients }, () => work(round)));
  return { acceptance: round.acceptance };
}

async function work(round: Round): Promise<void> {
  const { messages, connections, port } = round.order;
  let dialogue: Dialogue | null = null;
  while (round.next < messages) {
    const turn = round.next++;
    dialogue ??= await Dialogue.open(port);
    await message(dialogue, round, turn);
    if (connections === 'kept') continue;
    await dialogue.close();
    dialogue = null;
  }
  await dialogue?.close();
}

async function message(dialogue: Dialogue, { order, content, acceptance }: Round, turn: number): Promise<void> {
  const recipients = order.envelopes[turn % order.envelopes.length] ?? [];
  await dialogue.ask('MAIL FROM:<ann@client.test>\r\n', '250');
  // A thousand waits would hide what is measured: with more than one, they go out in one piece (RFC 2920).
  await dialogue.ask(recipients.map(address => `RCPT TO:<${address}>\r\n`).join(''), '250', recipients.length);
  await dialogue.ask('DATA\r\n', '354');
  const started = performance.now();
  await dialogue.ask(content, '250');
  acceptance.push(performance.now() - started);
}

/** One session. */
class Dialogue {
  readonly #socket: Socket;
  #heard = '';
  #wanted: { readonly code: string; left: number; readonly settle: (because: Error | null) => void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#hear(text));
    socket.on('error', error => this.#settle(error));
    socket.on('close', () => this.#settle(new Error('the connection was closed')));
  }

  static async open(port: number): Promise<Dialogue> {
    const dialogue = new Dialogue(connect({ port, host: '127.0.0.1', noDelay: true }));
    await dialogue.#reply('220', 1);
    await dialogue.ask('EHLO client.test\r\n', '250');
    return dialogue;
  }

  /** Says something, and waits for so many replies with this code. */
  ask(octets: string | Buffer, code: string, replies = 1): Promise<void> {
    const heard = this.#reply(code, replies);
    this.#socket.write(octets);
    return heard;
  }

  async close(): Promise<void> {
    await this.ask('QUIT\r\n', '221');
    const closed = this.#socket.destroyed ? null : once(this.#socket, 'close');
    this.#socket.end();
    await closed;
  }

  #reply(code: string, left: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (because: Error | null) => (because === null ? resolve() : reject(because));
      this.#wanted = { code, left, settle };
    });
  }

  #hear(text: string): void {
    this.#heard += text;
    for (let end = this.#heard.indexOf('\n'); end !== -1; end = this.#heard.indexOf('\n')) {
      const line = this.#heard.slice(0, end);
      this.#heard = this.#heard.slice(end + 1);
      if (line[3] === '-' || this.#wanted === null) continue;
      if (!line.startsWith(this.#wanted.code)) this.#settle(new Error(`${this.#wanted.code} was due: ${line}`));
      else if (--this.#wanted.left === 0) this.#settle(null);
    }
  }

  #settle(because: Error | null): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.settle(because);
  }
}

/** The final dot included. */
function contentOf(size: number): Buffer {
  const head = 'From: ann@client.test\r\nTo: bob@example.test\r\nSubject: bench\r\n\r\n';
  const line = `${'x'.repeat(70)}\r\n`;
  return Buffer.from(`${head}${line.repeat(Math.ceil((size - head.length) / line.length))}.\r\n`);
}

if (process.argv[2] === 'serve') {
  process.on('message', (order: ClientOrder) => {
    send(order).then(
      report => process.send?.(report),
      (error: Error) => process.send?.({ failed: error.message }),
    );
  });
}
