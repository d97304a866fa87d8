/**
 * A million mails that wait: how soon a gateway listens that finds them, what it takes, and what is left of its speed. The
 * machine before it was killed: some mail is leased to a process that is no more, and the log of the database is not
 * written back.
 *
 * What is due goes to next hops that refuse every connection, so that it stays in the queue, and is as busy as it can be.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { duration, octets, percentile, shown } from './compare.ts';
import { counted } from './counted.ts';
import { type Fill, fullQueue } from './full-queue.ts';
import { NORMAL_CLIENTS, send } from './load.ts';
import { gatewayProcess, sinkProcess } from './server-process.ts';

/** How much of it. */
export interface MillionSizes extends Omit<Fill, 'directory'> {
  /** New mails, of 4 KB, relayed to a next hop that takes them. */
  readonly messages: number;
  /** How often a start is killed before it is done. */
  readonly kills: number;
}

export const MILLION: MillionSizes = {
  mails: 1_000_000,
  destinations: 50_000,
  due: 100_000,
  leased: 30_000,
  large: 1000,
  messages: 5000,
  kills: 5,
};

/** Ports of this machine. */
interface Hops {
  readonly taking: number;
  readonly refusing: number;
}

/** What came of one gateway. */
export interface Run {
  /** From the start of the process to its first greeting, in milliseconds. */
  readonly greeted: number;
  /** In octets. */
  readonly atGreeting: number;
  readonly peak: number;
  /** Messages a second, until the last was accepted and until it was delivered. */
  readonly accepted: number;
  readonly delivered: number;
  /** Attempts at the old mails meanwhile, a second. */
  readonly refused: number;
  /** In milliseconds. */
  readonly p99: number;
  readonly delay: number;
}

/** In milliseconds. */
const LOOK = 20;
const LONGEST_WAIT = 600_000;
/** Within it the killed start is killed. */
const LONGEST_LIFE = 1500;

/** A gateway with the full queue, and one with an empty queue just before it: a machine whose speed drifts disturbs both. */
export interface Beside {
  readonly among: Run;
  readonly without: Run;
}

/** What came of all of it. */
export interface Million {
  /** With the queue that the crash has left. */
  readonly crashed: Beside;
  /** With the same once more, after starts that were killed. */
  readonly killed: Beside;
  /** Of the old mails, in the end. */
  readonly waiting: number;
}

export async function millionBench(sizes: MillionSizes = MILLION): Promise<void> {
  const { crashed, killed, waiting } = await measureMillion(sizes);
  report(sizes, 'left by a crash', crashed);
  report(sizes, `killed ${sizes.kills} times during its start`, killed);
  console.log(`million: ${waiting.toLocaleString('en')} of the old mails are still there, each once`);
}

export async function measureMillion(sizes: MillionSizes): Promise<Million> {
  const folder = await mkdtemp(join(tmpdir(), 'mailframe-bench-'));
  const [empty, full] = [join(folder, 'empty'), join(folder, 'full')];
  const sink = await sinkProcess();
  const hops = { taking: sink.port, refusing: await refusingPort() };
  try {
    await run(empty, hops, Math.ceil(sizes.messages / 10));
    await fullQueue({ ...sizes, directory: full });
    const pair = async (): Promise<Beside> => {
      const without = await run(empty, hops, sizes.messages);
      return { without, among: await run(full, hops, sizes.messages) };
    };
    const crashed = await pair();
    for (let left = sizes.kills; left > 0; left -= 1) await killedStart(full, hops);
    return { crashed, killed: await pair(), waiting: countWaiting(full) };
  } finally {
    await sink.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function report({ mails }: MillionSizes, how: string, { among, without }: Beside): void {
  const beside = (of: (run: Run) => number) =>
    `${shown(of(among))} a second (${shown(of(among) / of(without))} of that)`;
  console.log(
    `million: a queue of ${mails.toLocaleString('en')} mails, ${how}: first greeting after ${duration(among.greeted)} ` +
      `(empty ${duration(without.greeted)}), ${octets(among.atGreeting)} then and ${octets(among.peak)} at the most ` +
      `(empty ${octets(without.atGreeting)} and ${octets(without.peak)}); accepts from ${NORMAL_CLIENTS} clients ` +
      `${beside(run => run.accepted)} and delivers ${beside(run => run.delivered)}, beside ${shown(among.refused)} refused attempts a second, p99 ${duration(among.p99)} ` +
      `(empty ${duration(without.p99)}); the event loop waits ${duration(among.delay)} at the most (empty ${duration(without.delay)})`,
  );
}

/** Starts a gateway, sends it mail until all of it is delivered, and kills it. */
async function run(queue: string, hops: Hops, messages: number): Promise<Run> {
  const started = performance.now();
  const delivered = counted('"event":"delivered"');
  const deferred = counted('"event":"deferred"');
  const logged = (octets: Buffer) => {
    delivered.hear(octets);
    deferred.hear(octets);
  };
  const gateway = await gatewayProcess({ ...settings(queue, hops), logged });
  try {
    await greeting(gateway.port);
    const greeted = performance.now() - started;
    const atGreeting = gateway.resident().now;
    await gateway.ask('watch');
    const before = deferred.count();
    const began = performance.now();
    const times = await send(gateway.port, messages);
    const accepted = performance.now() - began;
    for (const end = performance.now() + LONGEST_WAIT; delivered.count() < messages && performance.now() < end; ) {
      await sleep(LOOK);
    }
    if (delivered.count() < messages) throw new Error(`${messages - delivered.count()} messages were not delivered`);
    const took = performance.now() - began;
    const { max } = await gateway.ask('delay');
    return {
      greeted,
      atGreeting,
      peak: gateway.resident().peak,
      accepted: (messages / accepted) * 1000,
      delivered: (messages / took) * 1000,
      refused: ((deferred.count() - before) / took) * 1000,
      p99: percentile(times, 99),
      delay: max,
    };
  } finally {
    await gateway.stop();
  }
}

/** Starts a gateway and kills it before it may be done. */
async function killedStart(queue: string, hops: Hops): Promise<void> {
  const begin = (kill: () => void) => setTimeout(kill, Math.random() * LONGEST_LIFE);
  try {
    const gateway = await gatewayProcess({
      ...settings(queue, hops),
      begun: child => void begin(() => child.kill('SIGKILL')),
    });
    await gateway.stop();
  } catch {
    // It ended before it listened.
  }
}

function settings(queue: string, hops: Hops) {
  const ours = `{ when: { recipient: "@example.test" }, deliver: internet, hosts: ["[127.0.0.1]:${hops.taking}"] }`;
  return {
    queue: `{ directory: ${queue} }`,
    routes: `[${ours}, { deliver: internet, hosts: ["[127.0.0.1]:${hops.refusing}"] }]`,
  };
}

function countWaiting(queue: string): number {
  const database = new DatabaseSync(join(queue, 'queue.db'), { timeout: 10_000 });
  const { count } = database.prepare("SELECT count(*) AS count FROM mail WHERE id GLOB 'OLD*'").get() ?? {};
  database.close();
  return Number(count);
}

async function greeting(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'data');
  socket.destroy();
}

/** A port of this machine at which nobody listens. */
async function refusingPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
