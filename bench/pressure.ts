/**
 * Much content at the same time: what a gateway takes in memory while a hundred clients send it 25 MiB each, a thousand a
 * quarter of a megabyte, and while it delivers all that to a next hop that makes every delivery wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { duration, octets, shown } from './compare.ts';
import { counted } from './counted.ts';
import { type Sent, sendAtOnce } from './senders.ts';
import { type BenchServer, gatewayProcess, sinkProcess } from './server-process.ts';

/** Clients that send at the same time. */
export interface Throng {
  readonly clients: number;
  /** Of the content of each, in octets. */
  readonly size: number;
}

/** How much of it. */
export interface PressureSizes {
  readonly throngs: readonly Throng[];
  /** How long the next hop makes a delivery wait, in milliseconds. */
  readonly pause: number;
  /** Deliveries at the same time. */
  readonly deliveries: number;
}

export const PRESSURE: PressureSizes = {
  throngs: [
    { clients: 100, size: 25 * 1024 ** 2 },
    { clients: 1000, size: 250_000 },
  ],
  pause: 2000,
  deliveries: 200,
};

/** In milliseconds. */
const LOOK = 50;
const LONGEST_WAIT = 600_000;
const SPARE = 100;

export async function pressureBench({ throngs, pause, deliveries }: PressureSizes = PRESSURE): Promise<void> {
  const sink = await sinkProcess(pause);
  try {
    for (const throng of throngs) report(throng, deliveries, await measureThrong(throng, sink, deliveries));
  } finally {
    await sink.stop();
  }
}

/** What came of one throng. */
export interface Crush extends Sent {
  /** In octets: before it, and the most while it was accepted and while it was delivered. */
  readonly before: number;
  readonly accepting: number;
  readonly delivering: number;
}

function report({ clients, size }: Throng, deliveries: number, it: Crush): void {
  const replies = Object.entries(it.replies).map(([code, count]) => `${count} x ${code}`);
  console.log(
    `pressure: ${clients.toLocaleString('en')} clients send ${octets(size)} each at the same time: ${replies.join(', ')} ` +
      `in ${duration(it.took)} (${shown((clients * size) / 2 ** 20 / (it.took / 1000))} MiB/s), all of it delivered; ` +
      `memory ${octets(it.before)} before, ${octets(it.accepting)} at the most while they come, ` +
      `${octets(it.delivering)} while ${deliveries} deliveries run at the same time`,
  );
}

/** Rejects where what was accepted is not delivered. */
export async function measureThrong({ clients, size }: Throng, sink: BenchServer, deliveries: number): Promise<Crush> {
  const delivered = counted('"event":"delivered"');
  const concurrency = `{ start: ${deliveries}, most: ${deliveries} }`;
  const gateway = await gatewayProcess({
    limits: `{ connections: ${clients + SPARE} }`,
    queue: `{ directory: ./queue, concurrency: ${deliveries}, destinations: [{ concurrency: ${concurrency} }] }`,
    routes: `[{ deliver: internet, hosts: ["[127.0.0.1]:${sink.port}"] }]`,
    connections: deliveries,
    logged: delivered.hear,
  });
  try {
    const before = gateway.resident().now;
    gateway.resetPeak();
    const sent = await sendAtOnce({ port: gateway.port, clients, size });
    const accepting = gateway.resident().peak;
    gateway.resetPeak();
    const accepted = sent.replies['250'] ?? 0;
    for (const end = performance.now() + LONGEST_WAIT; delivered.count() < accepted; ) {
      if (performance.now() > end) throw new Error(`${accepted - delivered.count()} messages were not delivered`);
      await sleep(LOOK);
    }
    return { ...sent, before, accepting, delivering: gateway.resident().peak };
  } finally {
    await gateway.stop();
  }
}
