/**
 * Many clients that send content at the same time, in a process of their own, so that what they hold is not held against
 * the server. Started by `sendAtOnce`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** What the clients are to do. */
export interface SendOrder {
  readonly port: number;
  readonly clients: number;
  /** Of the content of each, in octets. */
  readonly size: number;
}

/** How often each reply was given to the content, by its code. */
export interface Sent {
  readonly replies: Readonly<Record<string, number>>;
  /** From the first octet of content to the last reply, in milliseconds. */
  readonly took: number;
}

const FILE = fileURLToPath(import.meta.url);
const HEADER = 'From: ann@client.test\r\nSubject: bench\r\n\r\n';
const LINE = `${'x'.repeat(78)}\r\n`;

/** All clients have heard 354 before the first one sends content. */
export async function sendAtOnce(order: SendOrder): Promise<Sent> {
  const child = fork(FILE, [JSON.stringify(order)], { stdio: 'inherit' });
  const [sent] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof sent !== 'object') throw new Error('the senders did not come to an end');
  return sent as Sent;
}

async function sendAll({ port, clients, size }: SendOrder): Promise<Sent> {
  const body = Buffer.alloc(size - HEADER.length, LINE);
  body.write('\r\n', body.length - 2);
  const conversations = await Promise.all(Array.from({ length: clients }, () => begun(port)));
  const started = performance.now();
  const codes = await Promise.all(
    conversations.map(async ({ socket, reply }) => {
      socket.write(HEADER);
      socket.write(body);
      socket.write('.\r\n');
      const code = await reply();
      socket.destroy();
      return code;
    }),
  );
  const replies: Record<string, number> = {};
  for (const code of codes) replies[code] = (replies[code] ?? 0) + 1;
  return { replies, took: performance.now() - started };
}

/** A client that has heard 354. */
async function begun(port: number) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const reply = repliesOf(socket);
  await reply();
  for (const line of ['EHLO client.test', 'MAIL FROM:<ann@client.test>', 'RCPT TO:<bob@example.test>', 'DATA']) {
    socket.write(`${line}\r\n`);
    await reply();
  }
  return { socket, reply };
}

/** Reads reply after reply. Gives the code, or `gone` where the server has left. */
function repliesOf(socket: Socket): () => Promise<string> {
  let heard = '';
  let gone = false;
  let look: () => void = () => undefined;
  socket.on('data', (octets: Buffer) => {
    heard += octets.toString('latin1');
    look();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    gone = true;
    look();
  });
  return () =>
    new Promise(resolve => {
      look = () => {
        const [whole, code] = /^(?:\d{3}-.*\r\n)*(\d{3}) .*\r\n/.exec(heard) ?? [];
        if (whole === undefined) {
          if (gone) resolve('gone');
          return;
        }
        heard = heard.slice(whole.length);
        resolve(code ?? '');
      };
      look();
    });
}

const [, script, order] = process.argv;
if (script === FILE && order !== undefined) process.send?.(await sendAll(JSON.parse(order) as SendOrder));
if (script === FILE) process.disconnect();
