/** One round of a load through one system. */
import { type Arrivals, reached } from './arrivals.ts';
import { arrivalsOf, envelopesOf, type Load } from './load.ts';
import { type Client, sendBySource } from './source.ts';
import type { TestPrograms } from './test-programs.ts';

/** A system that runs, and where its mail arrives: nowhere, where it stays in the queue. */
export interface Bench {
  readonly port: number;
  readonly arrivals: Arrivals | null;
}

/** With what, and how long. */
export interface RoundContext {
  readonly client: Client;
  readonly programs: TestPrograms;
  readonly signal: AbortSignal;
}

/** What it took, in milliseconds. */
export interface Round {
  readonly took: number;
  /** Of each message; none where smtp-source sent them, which does not say. */
  readonly acceptance: readonly number[];
}

/** Whether smtp-source can do it. */
function isForSource({ goal, recipients }: Load): boolean {
  return goal !== 'mailboxes' && recipients === 1;
}

/** From the first connection until the last message has arrived. */
export function round(load: Load, bench: Bench, context: RoundContext): Promise<Round> {
  return isForSource(load) ? bySource(load, bench, context) : byClient(load, bench, context);
}

/** By our client, whoever sends else: for it says what every acceptance takes. */
export async function byClient(load: Load, bench: Bench, { client, signal }: RoundContext): Promise<Round> {
  const parts = load.pace === 'each' ? load.messages : 1;
  const part = { ...load, messages: load.messages / parts };
  const acceptance: number[] = [];
  const started = performance.now();
  let ended = started;
  for (let left = parts; left > 0; left -= 1) {
    const { clients, connections, size, messages } = part;
    const order = { port: bench.port, clients, connections, size, messages, envelopes: envelopesOf(load) };
    const sent = client.send(order);
    ended = await until(part, bench, sent, signal);
    acceptance.push(...(await sent).acceptance);
  }
  return { took: ended - started, acceptance };
}

async function bySource(load: Load, bench: Bench, { programs, signal }: RoundContext): Promise<Round> {
  const started = performance.now();
  const ended = await until(load, bench, sendBySource(load, bench.port, programs), signal);
  return { took: ended - started, acceptance: [] };
}

/** The instant at which all has been sent and all has arrived. */
async function until(load: Load, { arrivals }: Bench, sent: Promise<unknown>, signal: AbortSignal): Promise<number> {
  const accepted = sent.then(() => performance.now());
  if (arrivals === null) return accepted;
  const all = await Promise.all([accepted, reached(arrivals, arrivals.count() + arrivalsOf(load), signal)]);
  return Math.max(...all);
}
