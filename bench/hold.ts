/** Ten thousand clients that say nothing: what they cost, and how soon a new client is greeted meanwhile. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { duration, median, octets, percentile } from './compare.ts';
import { crowdProcess } from './crowd.ts';
import { type BenchServer, withBoth } from './server-process.ts';

/** How much of it. */
export interface HoldSizes {
  readonly clients: number;
  /** New clients that are greeted one after the other. */
  readonly newcomers: number;
  /** How long the CPU is watched, in seconds. */
  readonly seconds: number;
}

export const HOLD: HoldSizes = { clients: 10_000, newcomers: 100, seconds: 5 };

/** Of descriptors, beside one a client. */
const SPARE = 200;

export async function holdBench({ clients, newcomers, seconds }: HoldSizes = HOLD): Promise<void> {
  const most = openFilesLimit();
  if (most < clients + SPARE) {
    console.log(`hold: skipped, ${clients} clients need \`ulimit -n ${clients + SPARE}\` and this shell has ${most}`);
    return;
  }
  const limits = `{ connections: ${clients + SPARE} }`;
  await withBoth(limits, server => measure(server, { clients, newcomers, seconds }));
}

async function measure(server: BenchServer, { clients, newcomers, seconds }: HoldSizes): Promise<void> {
  const before = await greetings(server.port, newcomers);
  const empty = await server.ask('memory');
  const crowd = await crowdProcess({ port: server.port, count: clients, manner: 'hold' });
  try {
    const full = await server.ask('memory');
    const { spent } = await server.ask('cpu');
    await sleep(seconds * 1000);
    const cpu = (await server.ask('cpu')).spent - spent;
    const during = await greetings(server.port, newcomers);
    const lost = await crowd.lost();
    const each = (now: number, then: number) => octets((now - then) / clients);
    console.log(
      `hold: ${server.name}, ${clients.toLocaleString('en')} idle sessions (${lost} lost), gathered in ${duration(crowd.took)}: ` +
        `${each(full.rss, empty.rss)} resident each (${each(full.heap, empty.heap)} of it heap), ${octets(full.rss)} in all; ` +
        `${((cpu / (seconds * 1000)) * 100).toFixed(1)}% of a core while idle; a new client is greeted in ` +
        `${duration(median(during))} (p99 ${duration(percentile(during, 99))}), without the others in ` +
        `${duration(median(before))} (p99 ${duration(percentile(before, 99))})`,
    );
  } finally {
    await crowd.stop();
  }
}

/** From connecting to the greeting, in milliseconds, client after client. */
async function greetings(port: number, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let left = count; left > 0; left -= 1) {
    const started = performance.now();
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'data');
    times.push(performance.now() - started);
    socket.destroy();
    await once(socket, 'close');
  }
  return times;
}

/** Node raises the soft limit to the hard one itself. */
function openFilesLimit(): number {
  const [, most] = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return Number(most ?? Number.POSITIVE_INFINITY);
}
