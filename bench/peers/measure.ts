/** A load through every system in turn, on the same machine in the same run. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../core/index.ts';
import type { Arrivals } from './arrivals.ts';
import { arrivalsOf, type Load, type SystemName } from './load.ts';
import { mboxArrivals } from './mbox-arrivals.ts';
import { Watch } from './processes.ts';
import { recipientSink } from './recipient-sink.ts';
import { type Bench, byClient, type RoundContext, round } from './round.ts';
import { type SmtpSink, smtpSink } from './smtp-sink.ts';
import type { MailSystem, RunningSystem } from './system.ts';

/** What a system did. */
export interface Measured {
  readonly kind: 'measured';
  readonly name: SystemName;
  /** Arrivals a second, of every round. */
  readonly rates: readonly number[];
  /** From the final dot to its 250, in milliseconds. */
  readonly acceptance: readonly number[];
  /** The most of all its processes together, in octets. */
  readonly memory: number;
  /** Of all its processes, in milliseconds for one arrival. */
  readonly cpu: number;
}

/** A system that did not get to the end, and why. */
export interface Broken {
  readonly kind: 'broken';
  readonly name: SystemName;
  readonly because: string;
}

export type Result = Measured | Broken;

/** How it is done. */
export interface MeasureContext extends RoundContext {
  /** Folders of the systems are made in it. */
  readonly folder: string;
  readonly rounds: number;
  /** After each round, in milliseconds: trailing work of one system must not fall into the turn of the next one. */
  readonly pause: number;
  readonly progress: (line: string) => void;
}

/** So much of the log of a system that broke, in characters. */
const LOG_SHOWN = 1000;

/** A system under this load, with what it has done so far. */
interface Standing {
  readonly system: MailSystem;
  readonly bench: Bench;
  readonly watch: Watch;
  readonly rates: number[];
  readonly acceptance: number[];
  cpu: number;
  broken: string | null;
  readonly log: () => Promise<string>;
  stop(): Promise<void>;
}

const WARM_UP_ROUNDS = 2;

export async function measure(
  load: Load,
  systems: readonly MailSystem[],
  context: MeasureContext,
): Promise<readonly Result[]> {
  const unable: Broken[] = [];
  const standing: Standing[] = [];
  try {
    for (const system of systems.filter(({ goals }) => goals.includes(load.goal))) {
      await attempt(
        () => stand(load, system, context).then(one => void standing.push(one)),
        because => {
          context.progress(`${load.name}: ${system.name} does not stand: ${because}`);
          unable.push({ kind: 'broken', name: system.name, because });
        },
      );
    }
    for (let turn = 0; turn <= context.rounds; turn += 1) {
      for (const one of standing.filter(({ broken }) => broken === null)) {
        await attempt(
          () => (turn === 0 ? warmUp(load, one, context) : count(load, one, turn, context)),
          because => giveUp(load, one, because, context),
        );
        context.signal.throwIfAborted();
      }
    }
    for (const one of standing.filter(({ broken }) => broken === null)) {
      await attempt(
        () => acceptance(load, one, context),
        because => giveUp(load, one, because, context),
      );
    }
    return [...standing.map(one => resultOf(load, one)), ...unable];
  } finally {
    await Promise.all(standing.map(one => one.stop()));
  }
}

async function attempt(work: () => Promise<void>, failed: (because: string) => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    await failed(describeError(error));
  }
}

/** The others go on. What it said goes with its folder, so the end of it is shown now. */
async function giveUp(load: Load, one: Standing, because: string, { progress, signal }: MeasureContext): Promise<void> {
  signal.throwIfAborted();
  one.broken = because;
  progress(`${load.name}: ${one.system.name} is given up: ${because}\n${(await one.log()).slice(-LOG_SHOWN)}`);
}

/** Starts a system with a next hop of its own. */
async function stand(load: Load, system: MailSystem, context: MeasureContext): Promise<Standing> {
  const folder = join(context.folder, `${load.name}-${system.name}`);
  await mkdir(folder, { mode: 0o755, recursive: true });
  const nextHop = load.recipients > 1 ? await recipientSink() : await smtpSink(context.programs, folder);
  let running: RunningSystem;
  try {
    running = await system.start({ folder, goal: load.goal, nextHop: nextHop.port });
  } catch (error) {
    await nextHop.stop();
    throw error;
  }
  const arrivals = arrivalsFor(load, running, nextHop);
  const watch = new Watch(running.pid);
  return {
    system,
    bench: { port: running.port, arrivals },
    watch,
    rates: [],
    acceptance: [],
    cpu: 0,
    broken: null,
    log: running.log,
    async stop() {
      watch.stop();
      await running.stop();
      await arrivals?.stop();
      if (arrivals !== nextHop) await nextHop.stop();
    },
  };
}

function arrivalsFor({ goal }: Load, { mailboxes }: RunningSystem, nextHop: SmtpSink): Arrivals | null {
  switch (goal) {
    case 'next-hop':
      return nextHop;
    case 'mailboxes':
      return mboxArrivals(mailboxes);
    case 'queue':
      return null;
  }
}

/** Rounds that do not count: what is compiled while they run is so for the life of a server, which is not measured in seconds. */
async function warmUp(load: Load, { bench }: Standing, context: MeasureContext): Promise<void> {
  for (let left = WARM_UP_ROUNDS; left > 0; left -= 1) {
    await round(load, bench, context);
    await sleep(context.pause);
  }
}

async function count(load: Load, one: Standing, turn: number, context: MeasureContext): Promise<void> {
  const before = one.watch.cpu();
  const { took, acceptance } = await round(load, one.bench, context);
  // What a system does after the last arrival is work for it, too.
  await sleep(context.pause);
  one.cpu += one.watch.cpu() - before;
  const rate = (arrivalsOf(load) / took) * 1000;
  one.rates.push(rate);
  one.acceptance.push(...acceptance);
  context.progress(`${load.name}: ${one.system.name}, round ${turn}: ${rate.toFixed(0)} a second`);
}

/** smtp-source does not say what acceptance takes: one more round, by a client that does. */
async function acceptance(load: Load, one: Standing, context: MeasureContext): Promise<void> {
  if (one.acceptance.length > 0) return;
  const half = { ...load, messages: Math.ceil(load.messages / 2) };
  one.acceptance.push(...(await byClient(half, one.bench, context)).acceptance);
}

function resultOf(load: Load, { system, rates, acceptance, watch, cpu, broken }: Standing): Result {
  if (broken !== null) return { kind: 'broken', name: system.name, because: broken };
  const each = cpu / (rates.length * arrivalsOf(load));
  return { kind: 'measured', name: system.name, rates, acceptance, memory: watch.peak, cpu: each };
}
