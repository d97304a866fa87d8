/**
 * Many clients that bring no mail, in a process of their own: `hold` says nothing after EHLO, `trickle` says one octet a
 * second, half of them in commands and half in content. Started by `crowdProcess`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** What a crowd is to do. */
export interface CrowdOrder {
  readonly port: number;
  readonly count: number;
  readonly manner: 'hold' | 'trickle';
}

/** A crowd that stands. */
export interface Crowd {
  /** How long it took, in milliseconds. */
  readonly took: number;
  /** How many the server has sent away. */
  lost(): Promise<number>;
  stop(): Promise<void>;
}

/** At the same time, while the crowd gathers. */
const AT_ONCE = 200;
/** So many clients share a source address: one address has 28,000 ports. */
const AN_ADDRESS = 5000;
const ROUNDS_A_SECOND = 50;

const FILE = fileURLToPath(import.meta.url);

/** Starts one, and waits until all of it has been greeted. */
export async function crowdProcess(order: CrowdOrder): Promise<Crowd> {
  const started = performance.now();
  const child = fork(FILE, [JSON.stringify(order)], { stdio: 'inherit' });
  const [first] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (first !== 'ready') throw new Error('the crowd did not gather');
  return {
    took: performance.now() - started,
    async lost() {
      const answered = once(child, 'message');
      child.send('lost');
      const [count] = await answered;
      return Number(count);
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function gather({ port, count, manner }: CrowdOrder): Promise<void> {
  const sockets: Socket[] = [];
  let lost = 0;
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      const localAddress = `127.0.0.${2 + Math.floor(index / AN_ADDRESS)}`;
      const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
      socket.on('error', () => undefined);
      socket.on('close', () => (lost += 1));
      await once(socket, 'data');
      await said(socket, 'EHLO client.test\r\n', '250 ');
      if (manner === 'trickle' && index % 2 === 0) {
        await said(socket, 'MAIL FROM:<ann@client.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n', '354');
      }
      sockets.push(socket);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  process.on('message', () => process.send?.(lost));
  if (manner === 'trickle') trickle(sockets);
  process.send?.('ready');
}

/** Says something and waits for a line that begins so. */
async function said(socket: Socket, octets: string, wanted: string): Promise<void> {
  let heard = '';
  socket.write(octets);
  for (;;) {
    const [data] = (await once(socket, 'data')) as [Buffer];
    heard += data.toString('latin1');
    if (heard.split('\r\n').some(line => line.startsWith(wanted))) break;
  }
  socket.resume();
}

/** One octet a second for each, evenly spread. */
function trickle(sockets: readonly Socket[]): void {
  let round = 0;
  setInterval(() => {
    for (let at = round % ROUNDS_A_SECOND; at < sockets.length; at += ROUNDS_A_SECOND) sockets[at]?.write('x');
    round += 1;
  }, 1000 / ROUNDS_A_SECOND);
}

const [, script, order] = process.argv;
if (script === FILE && order !== undefined) await gather(JSON.parse(order) as CrowdOrder);
