/**
 * What one hostile client does to the others: content that is dear to read and commands by the megabyte, while another
 * session says NOOP and waits for each answer.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { smtpClient } from '../core/testing/smtp-client.ts';
import { duration, octets } from './compare.ts';
import { type BenchServer, withBoth } from './server-process.ts';

/** In milliseconds, for one attack. */
const LONGEST = 20_000;
/** For one whose client reads nothing: by then it is stuck, or it never will be. */
const LONGEST_DEAF = 3000;
const PIECE = 64 * 1024;
/** Between two NOOP of the other session, in milliseconds. */
const PAUSE = 2;

interface Attack {
  readonly name: string;
  /** What comes after EHLO. */
  readonly opening: string;
  /** What comes again and again. */
  readonly unit: string;
  /** How much of it, in octets. */
  readonly size: number;
  readonly closing: string;
  /** The peer does not know the command. */
  readonly only?: BenchServer['name'];
  /** `deaf`: the client reads no reply, and is cut off when it has written for a while. */
  readonly ear?: 'deaf';
}

const ENVELOPE = 'MAIL FROM:<ann@client.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n';
const BODY = `${ENVELOPE}Subject: x\r\n\r\n`;
const END = '\r\n.\r\nQUIT\r\n';

/** `scale`: 1 for the real thing. */
const attacks = (scale: number): readonly Attack[] => {
  const mega = Math.ceil(1e6 * scale);
  return [
    {
      name: '25 MB, every line dot-stuffed',
      opening: BODY,
      unit: `..${'x'.repeat(16)}\r\n`,
      size: 25 * mega,
      closing: END,
    },
    { name: '25 MB of lines of 1 MB', opening: BODY, unit: `${'x'.repeat(mega)}\r\n`, size: 25 * mega, closing: END },
    { name: 'a header of 1 MB in short lines', opening: ENVELOPE, unit: 'X: y\r\n', size: mega, closing: END },
    { name: 'a million header lines', opening: ENVELOPE, unit: 'X: y\r\n', size: 6 * mega, closing: END },
    {
      name: '25 MB that are one header line',
      opening: `${ENVELOPE}X: y\r\n`,
      unit: ' z\r\n',
      size: 25 * mega,
      closing: END,
    },
    { name: '10 MB of pipelined NOOP', opening: '', unit: 'NOOP\r\n', size: 10 * mega, closing: 'QUIT\r\n' },
    {
      name: '10 MB of pipelined NOOP, replies unread',
      opening: '',
      unit: 'NOOP\r\n',
      size: 10 * mega,
      closing: '',
      ear: 'deaf',
    },
    {
      name: '10 MB of pipelined RCPT',
      opening: 'MAIL FROM:<ann@client.test>\r\n',
      unit: 'RCPT TO:<bob@example.test>\r\n',
      size: 10 * mega,
      closing: 'QUIT\r\n',
    },
    {
      name: 'a million chunks of one octet',
      opening: 'MAIL FROM:<ann@client.test>\r\nRCPT TO:<bob@example.test>\r\n',
      unit: 'BDAT 1\r\nx',
      size: 9 * mega,
      closing: 'BDAT 0 LAST\r\nQUIT\r\n',
      only: 'mailframe',
    },
    { name: '10 MB without a line end', opening: '', unit: 'x'.repeat(1000), size: 10 * mega, closing: '\r\nQUIT\r\n' },
  ];
};

export async function hostileBench(scale = 1): Promise<void> {
  // So that the commands are answered and not cut short.
  const limits = '{ commands: 100000000, errors: 100000000, unknownCommands: 100000000, transactions: 100000000 }';
  await withBoth(limits, async server => {
    const possible = attacks(scale).filter(({ only }) => only === undefined || only === server.name);
    for (const attack of possible) await measure(server, attack);
  });
}

async function measure(server: BenchServer, attack: Attack): Promise<void> {
  const before = await server.ask('memory');
  server.resetPeak();
  await server.ask('watch');
  const bystander = new Bystander(server.port);
  const started = performance.now();
  const outcome = await make(server.port, attack);
  const took = performance.now() - started;
  const waited = await bystander.leave();
  const delay = await server.ask('delay');
  const { peak } = server.resident();
  console.log(
    `hostile: ${server.name}, ${attack.name}: ${duration(took)} (${outcome}), ${octets(Math.max(0, peak - before.rss))} more memory at the most, ` +
      `another session waits ${duration(waited)} at the most, event loop held up for ${duration(Math.max(0, delay.max))}`,
  );
}

/** @returns how it ended. */
async function make(port: number, { opening, unit, size, closing, ear }: Attack): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const over = new Promise<void>(resolve => {
    for (const event of ['end', 'close', 'error']) socket.on(event, () => resolve());
  });
  const late = new AbortController();
  const tooLate = sleep(ear === 'deaf' ? LONGEST_DEAF : LONGEST, 'late' as const, { signal: late.signal }).catch(
    () => 'late' as const,
  );
  await once(socket, 'data');
  let last = '';
  if (ear === 'deaf') socket.pause();
  else {
    socket.on('data', (heard: Buffer) => {
      last = (last + heard.toString('latin1')).slice(-400);
    });
  }
  socket.write(`EHLO client.test\r\n${opening}`);
  const written = write(socket, { unit, size, closing, over });
  const ending = await Promise.race([ear === 'deaf' ? written : written.then(() => over), over, tooLate]);
  late.abort();
  socket.destroy();
  if (ending === 'late') return ear === 'deaf' ? 'not read any further' : `given up after ${duration(LONGEST)}`;
  if (ear === 'deaf') return 'all of it read';
  const codes = last.split('\r\n').filter(line => line !== '');
  return codes.findLast(line => !line.startsWith('221')) ?? 'no reply';
}

async function write(
  socket: Socket,
  { unit, size, closing, over }: Pick<Attack, 'unit' | 'size' | 'closing'> & { readonly over: Promise<void> },
): Promise<void> {
  const full = Buffer.from(unit.repeat(Math.max(1, Math.ceil(PIECE / unit.length))));
  for (let left = Math.ceil(size / unit.length) * unit.length; left > 0 && socket.writable; left -= full.length) {
    if (!socket.write(full.subarray(0, left))) await Promise.race([once(socket, 'drain').catch(() => undefined), over]);
  }
  if (socket.writable) socket.write(closing);
}

/** Another client, who only wants an answer. */
class Bystander {
  #leaves = false;
  readonly #longest: Promise<number>;

  constructor(port: number) {
    this.#longest = this.#talk(port);
  }

  /** @returns the longest that it has waited, in milliseconds. */
  leave(): Promise<number> {
    this.#leaves = true;
    return this.#longest;
  }

  async #talk(port: number): Promise<number> {
    const client = await smtpClient(port, { patience: 2 * LONGEST });
    let longest = 0;
    do {
      const started = performance.now();
      await client.say('NOOP');
      longest = Math.max(longest, performance.now() - started);
      await sleep(PAUSE);
    } while (!this.#leaves);
    await client.close();
    return longest;
  }
}
