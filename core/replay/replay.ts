/** Replays corpora: lists their messages, has threads rehearse each under both configurations, and counts what came of it. */
import { loadConfiguration } from '../config/load.ts';
import { positionAt } from '../config/place.ts';
import { foundIn } from '../corpus/corpus.ts';
import type { Clock, Log } from '../plugin/ports.ts';
import type { Positions } from './groups.ts';
import { Pool } from './pool.ts';
import type { ReplaySettings, Result } from './protocol.ts';
import { ReplayThread, type StartReplaying } from './replay-thread.ts';
import type { Against, ReplayReport } from './report.ts';
import { Tally } from './tally.ts';

/** So far a message may be ahead of the first one that is not answered: what is answered waits until then. */
const FARTHEST_AHEAD = 2000;

export interface ReplayRequest {
  readonly corpora: readonly string[];
  readonly settings: ReplaySettings;
  /** The most threads. */
  readonly jobs: number;
  readonly clock: Clock;
  /** For what a queue has to say. */
  readonly log: Log;
  /** Breaks it off. */
  readonly signal: AbortSignal;
  /** In place of threads. */
  readonly start?: StartReplaying;
  /** Told after each message: how many were answered, and how many of them have another outcome. */
  readonly progress: (done: number, changed: number) => void;
}

/** @throws MailframeError where a gateway would not start with one of the configurations */
export async function replay(request: ReplayRequest): Promise<ReplayReport> {
  const { settings, corpora, jobs, clock, signal } = request;
  const started = clock.monotonic();
  const tally = new Tally({
    new: await positionsIn(settings.configuration, clock.now()),
    old: settings.against === null ? new Map() : await positionsIn(settings.against, clock.now()),
  });
  let done = 0;
  const hear = (number: number, name: string, result: Result) => {
    tally.hear(number, name, result);
    done += 1;
    request.progress(done, tally.changed);
  };
  const { start = ReplayThread.start } = request;
  const pool = new Pool({
    settings,
    jobs,
    start,
    hear: ({ number, sample }, result) => hear(number, sample.name, result),
  });
  try {
    const unready = await pool.open();
    const others = await giveAll(request, { pool, tally, hear });
    if (signal.aborted) tally.flush();
    const counts = tally.counts();
    const against = againstIn(settings, counts.compared);
    const ended = signal.aborted ? 'interrupted' : 'complete';
    const { underWay, most: threads } = pool;
    const took = clock.monotonic() - started;
    const { configuration } = settings;
    return { corpora, configuration, against, ...counts, others, unready, ended, underWay, took, threads };
  } finally {
    await pool.close();
  }
}

function againstIn({ against }: ReplaySettings, compared: number): Against {
  if (against !== null) return { kind: 'configuration', file: against };
  return compared > 0 ? { kind: 'traces' } : { kind: 'nothing' };
}

/** @returns how many files are no messages */
async function giveAll(
  { corpora, log, signal }: ReplayRequest,
  at: {
    readonly pool: Pool;
    readonly tally: Tally;
    readonly hear: (number: number, name: string, result: Result) => void;
  },
): Promise<number> {
  const { pool, tally, hear } = at;
  const aborted = new Promise<void>(settle => signal.addEventListener('abort', () => settle(), { once: true }));
  const until = async (isSo: () => boolean) => {
    while (!isSo() && !signal.aborted) {
      pool.check();
      await Promise.race([pool.change(), aborted]);
    }
  };
  let number = 0;
  let others = 0;
  for await (const found of foundIn(corpora, log)) {
    if (signal.aborted) break;
    if (found.kind === 'other') others += 1;
    else if (found.kind === 'fault') hear(number++, found.name, { kind: 'fault', cause: found.cause });
    else {
      await until(() => number - tally.next < FARTHEST_AHEAD);
      await Promise.race([pool.give({ number: number++, sample: found.sample }), aborted]);
    }
  }
  await until(() => tally.next === number);
  return others;
}

/** Where the plugins and routes of a configuration stand. */
async function positionsIn(file: string, now: Date): Promise<Positions> {
  const loaded = await loadConfiguration(file, { env: process.env, now });
  const draft = loaded.kind === 'ok' ? loaded : loaded.draft;
  if (draft === null) return new Map();
  const { configuration, document } = draft;
  const plugins = configuration.plugins.map(({ id, path }) => [id, positionAt(document.place, path, 'value')] as const);
  const routes = configuration.routes.map(
    ({ path }, index) => [`routes[${index}]`, positionAt(document.place, path, 'value')] as const,
  );
  return new Map([...plugins, ...routes]);
}
