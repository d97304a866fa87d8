/** Two thousand clients that say one octet a second: what is left of the others' throughput. */
import { setTimeout as sleep } from 'node:timers/promises';
import { duration, median, percentile, shown } from './compare.ts';
import { crowdProcess } from './crowd.ts';
import { NORMAL_CLIENTS, send } from './load.ts';
import { type BenchServer, withBoth } from './server-process.ts';

/** How much of it. */
export interface SlowSizes {
  readonly clients: number;
  /** In one round. */
  readonly messages: number;
  readonly rounds: number;
}

export const SLOW: SlowSizes = { clients: 2000, messages: 2000, rounds: 3 };

/** In milliseconds, while a server finishes what it was sent. */
const LOOK = 200;
const LONGEST_WAIT = 10_000;

/** What came of some messages. */
interface Round {
  /** Messages a second. */
  readonly rate: number;
  /** In milliseconds, for one message. */
  readonly p99: number;
}

export async function slowBench(sizes: SlowSizes = SLOW): Promise<void> {
  // The clients are to stay, however slow they are.
  const limits = `{ connections: ${sizes.clients + 100}, contentRate: off }`;
  await withBoth(limits, server => measure(server, sizes));
}

/** With the slow ones and without them in turns, after one round that does not count. */
async function measure(server: BenchServer, { clients, messages, rounds }: SlowSizes): Promise<void> {
  await round(server, messages);
  const pairs: { alone: Round; among: Round }[] = [];
  let lost = 0;
  for (let left = rounds; left > 0; left -= 1) {
    const alone = await round(server, messages);
    const crowd = await crowdProcess({ port: server.port, count: clients, manner: 'trickle' });
    try {
      pairs.push({ alone, among: await round(server, messages) });
      lost += await crowd.lost();
    } finally {
      await crowd.stop();
    }
  }
  const middle = (of: (pair: (typeof pairs)[number]) => number) => median(pairs.map(of));
  console.log(
    `slow: ${server.name}, ${NORMAL_CLIENTS} clients among ${clients.toLocaleString('en')} that say one octet a second (${lost} lost): ` +
      `${shown(middle(({ among }) => among.rate))} messages/s, p99 ${duration(middle(({ among }) => among.p99))}; without the slow ones ` +
      `${shown(middle(({ alone }) => alone.rate))}/s, p99 ${duration(middle(({ alone }) => alone.p99))} ` +
      `(${shown(middle(({ among, alone }) => among.rate / alone.rate))} of the rate, ` +
      `${shown(middle(({ among, alone }) => among.p99 / alone.p99))} of the p99)`,
  );
}

async function round(server: BenchServer, messages: number): Promise<Round> {
  await untilQuiet(server);
  const started = performance.now();
  const times = await send(server.port, messages);
  return { rate: (messages / (performance.now() - started)) * 1000, p99: percentile(times, 99) };
}

/** What was accepted before is delivered, and a crowd has gathered or gone. */
async function untilQuiet(server: BenchServer): Promise<void> {
  for (const end = performance.now() + LONGEST_WAIT; performance.now() < end; ) {
    const before = await server.ask('cpu');
    await sleep(LOOK);
    const after = await server.ask('cpu');
    if (after.spent - before.spent < LOOK / 4) return;
  }
}
