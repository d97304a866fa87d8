/**
 * A running gateway: queue, plugins, scheduler and listeners, begun in that order and ended in reverse; and how it goes over
 * to another configuration while it runs.
 *
 * Guarantees: what cannot begin ends all that had begun. At the end no new session comes in, running transactions finish,
 * running deliveries finish, plugins close, the queue closes: nothing that was answered 250 is lost. A reload happens in one
 * instant or not at all.
 */

import type { Compiled, CompiledConfiguration } from './compile.ts';
import type { Configuration } from './config/configuration.ts';
import { decoyKey } from './decoy-key.ts';
import type { Engine, EngineState } from './engine.ts';
import { warnOfFewFiles } from './few-files.ts';
import { FormerGenerations } from './generation/former-generations.ts';
import { type Live, liveFrom } from './generation/live.ts';
import { CLOSE_DEADLINE } from './generation/plugin-lives.ts';
import type { Renewal } from './listening/listener-certificates.ts';
import { Listeners, type Listening } from './listening/listeners.ts';
import { BLOCKS, BlockPool } from './mail/block-pool.ts';
import { describeError } from './mail/failure.ts';
import { openControl } from './open-control.ts';
import { openQueue } from './open-queue.ts';
import { openReception } from './open-reception.ts';
import { CLOCK, type Clock, FILES, LOG, type Log, RANDOM, RESOLVER } from './plugin/ports.ts';
import { QUEUE_STORE, type QueueStore } from './plugin/queue-store.ts';
import { TLS_REPORTS } from './plugin/tls-reports.ts';
import { Scheduler, type SchedulerSettings } from './queue/scheduler.ts';
import { changesBetween } from './reload/changes.ts';
import { complaintOf, type Reload } from './reload/reload.ts';
import { restartNeeded } from './reload/restart-needed.ts';
import { SourceWatch } from './reload/source-watch.ts';
import { tellReload } from './reload/tell-reload.ts';
import { ShadowBook } from './shadow/shadow-book.ts';
import type { TallyRecord } from './shadow/tally.ts';
import type { Reception } from './smtp/reception.ts';
import { type Astray, type StrayError, strayError } from './stray-error.ts';

/** What a gateway is given beside its configuration. */
export interface GatewayParts {
  /** Compiles the file as it is now. */
  readonly compile: () => Promise<Compiled>;
  /** The configuration that was compiled last is in use from now on. */
  readonly adopt: (configuration: Configuration) => void;
}

/** What there is once a gateway has started. */
interface Running {
  readonly scheduler: Scheduler;
  readonly listeners: Listeners;
  readonly sources: SourceWatch;
}

export class Gateway implements Engine {
  readonly log: Log;
  readonly #parts: GatewayParts;
  readonly #clock: Clock;
  readonly #former: FormerGenerations;
  readonly #shadows: ShadowBook;
  /** What was started, last first: how to end it again. */
  readonly #started: (() => Promise<void>)[] = [];
  #live: Live;
  #store: QueueStore | null = null;
  #running: Running | null = null;
  #decoyKey: Buffer = Buffer.alloc(0);
  readonly #blocks = new BlockPool(BLOCKS);
  #starting: Promise<unknown> = Promise.resolve();
  #reloading: Promise<unknown> = Promise.resolve();
  /** The reload that has not begun yet. */
  #nextReload: Promise<Reload> | null = null;
  #closing: Promise<void> | null = null;

  constructor(compiled: CompiledConfiguration, parts: GatewayParts) {
    const { scope } = compiled;
    this.log = scope.get(LOG);
    this.#parts = parts;
    this.#clock = scope.get(CLOCK);
    this.#former = new FormerGenerations(this.#clock);
    const { directory } = compiled.configuration.queue;
    this.#shadows = new ShadowBook({ directory, files: scope.get(FILES), clock: this.#clock, log: this.log });
    this.#live = this.#lifeOf(compiled, 1);
    this.#live.countShadows();
  }

  get configuration(): Configuration {
    return this.#live.compiled.configuration;
  }

  get listeners(): readonly Listening[] {
    return (this.#running?.listeners.states ?? []).map(({ id, address, port }) => ({ id, address, port }));
  }

  get queue(): QueueStore {
    if (this.#store === null) throw new Error('the engine has not been started: there is no queue yet');
    return this.#store;
  }

  get state(): EngineState {
    const { number: generation, since } = this.#live;
    const former = { generations: this.#former.count, sessionsAndDeliveries: this.#former.pins };
    return { generation, since, listeners: this.#running?.listeners.states ?? [], former };
  }

  shadows(): Readonly<Record<string, TallyRecord>> {
    return this.#shadows.records();
  }

  async start(): Promise<void> {
    const start = this.#start();
    this.#starting = start.catch(() => undefined);
    try {
      await start;
    } catch (error) {
      await this.close();
      throw error;
    }
    const { hostname, file } = this.configuration;
    this.log.info('started', { hostname, file, listeners: this.listeners });
  }

  reload(): Promise<Reload> {
    this.#nextReload ??= this.#reloading.then(() => {
      this.#nextReload = null;
      const reload = this.#reload();
      this.#reloading = reload.catch(() => undefined);
      return reload;
    });
    return this.#nextReload;
  }

  async reloadCertificates(): Promise<readonly Renewal[]> {
    return (await this.#running?.listeners.renew()) ?? [];
  }

  judgeStray(error: unknown, astray: Astray): StrayError {
    return strayError(error, astray, this.#live.compiled.mounted);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #start(): Promise<void> {
    const { configuration, log } = this;
    const { scope } = this.#live.compiled;
    const [clock, random] = [this.#clock, scope.get(RANDOM)];
    const store = scope.has(QUEUE_STORE) ? scope.get(QUEUE_STORE) : await openQueue(configuration, this.#blocks, log);
    this.#store = store;
    this.#started.unshift(() => store.close());

    this.#started.unshift(async () => scope.get(TLS_REPORTS).close?.());
    this.#started.unshift(async () => {
      await Promise.all([this.#former.abandon(), this.#live.generation.abandon()]);
    });
    await this.#shadows.load();
    this.#started.unshift(() => this.#shadows.close());
    await this.#live.lives.start();

    const pin = (hurry?: () => void) => this.#live.generation.pin(hurry);
    const scheduler = new Scheduler({
      ...schedulerSettings(configuration),
      store,
      pin: () => pin(),
      clock,
      random,
      log,
    });
    scheduler.start();
    this.#started.unshift(() => scheduler.stop());

    const listeners = new Listeners({
      reception: await this.#reception(scheduler, pin),
      files: scope.get(FILES),
      clock,
      log,
    });
    // Before them, so that they close first, and it can be asked what they still wait for.
    const control = await openControl(this, { clock, log });
    if (control !== null) this.#started.unshift(() => control.close());
    this.#started.unshift(() => listeners.close());
    await warnOfFewFiles(this.configuration, this.log);
    (await listeners.prepare(this.#live.compiled)).make();
    this.#running = { scheduler, listeners, sources: await this.#watchSources() };
  }

  /** What of it may be different from one configuration to the next is looked up when it is needed. */
  async #reception(scheduler: Scheduler, pin: Reception['pin']): Promise<Reception> {
    this.#decoyKey = await this.#keyFor(this.#live.compiled);
    return openReception({
      directory: this.configuration.queue.directory,
      pin,
      commit: mails => scheduler.commit(mails),
      resolver: () => this.#live.compiled.scope.get(RESOLVER),
      decoyKey: () => this.#decoyKey,
      blocks: this.#blocks,
      clock: this.#clock,
      random: this.#live.compiled.scope.get(RANDOM),
      log: this.log,
    });
  }

  async #keyFor({ configuration, scope }: CompiledConfiguration): Promise<Buffer> {
    return decoyKey(configuration, { files: scope.get(FILES), random: scope.get(RANDOM) });
  }

  async #watchSources(): Promise<SourceWatch> {
    const { scope, files } = this.#live.compiled;
    const changed = async () => {
      this.log.info('noticed', { changed: 'files of the configuration' });
      await this.reload().catch((error: unknown) => this.log.error('failed', { reloading: describeError(error) }));
    };
    const sources = new SourceWatch({ files: scope.get(FILES), clock: this.#clock, changed });
    await sources.follow(files);
    this.#started.unshift(async () => sources.turn('off'));
    if (this.configuration.reload === 'watch') sources.turn('on');
    return sources;
  }

  #lifeOf(compiled: CompiledConfiguration, number: number): Live {
    return liveFrom(compiled, { number, clock: this.#clock, log: this.log, shadows: this.#shadows });
  }

  /** @throws what nobody has foreseen. Whatever it is, the old generation goes on. */
  async #reload(): Promise<Reload> {
    const running = this.#running;
    if (running === null || this.#closing !== null) throw new Error('the engine does not run');
    const began = this.#clock.monotonic();
    await running.sources.isRead();
    const compiled = await this.#parts.compile();
    await running.sources.follow(compiled.files);
    const reload =
      compiled.kind === 'refused'
        ? ({ kind: 'refused', complaints: compiled.complaints } as const)
        : await this.#goOver(compiled, running);
    tellReload(reload, { log: this.log, state: this.state, took: this.#clock.monotonic() - began });
    // Files may be new where the configuration says the same, and where it says nothing that can be used.
    await running.listeners.renew();
    return reload;
  }

  async #goOver(compiled: CompiledConfiguration, running: Running): Promise<Reload> {
    const before = this.#live;
    const { configuration, warnings } = compiled;
    const complaints = restartNeeded(before.compiled, compiled);
    if (complaints.length > 0) return { kind: 'refused', complaints: [...complaints, ...warnings] };
    const next = this.#lifeOf(compiled, before.number + 1);
    try {
      const key = await this.#keyFor(compiled);
      await next.lives.start();
      const rearrangement = await running.listeners.prepare(compiled);
      if (this.#closing !== null) {
        await rearrangement.abandon();
        throw new Error('the engine does not run any more');
      }
      // In one go: whoever comes in between would meet half of each.
      this.#live = next;
      next.countShadows();
      this.#decoyKey = key;
      this.#parts.adopt(configuration);
      running.scheduler.change(schedulerSettings(configuration));
      rearrangement.make();
      running.sources.turn(configuration.reload === 'watch' ? 'on' : 'off');
    } catch (error) {
      await next.generation.abandon();
      return { kind: 'refused', complaints: [complaintOf(error, configuration.file), ...warnings] };
    }
    this.#former.add(before.generation);
    await warnOfFewFiles(this.configuration, this.log);
    const changes = changesBetween(before.compiled, compiled);
    return { kind: 'reloaded', generation: next.number, changes, warnings };
  }

  async #end(): Promise<void> {
    await this.#atRest();
    for (const end of this.#started) {
      try {
        await end();
      } catch (error) {
        this.log.error('failed', { closing: describeError(error) });
      }
    }
    if (this.#running !== null) this.log.info('closed');
  }

  /** A start or a reload that runs is waited for, so that all of it ends, though not longer than for a plugin. */
  async #atRest(): Promise<void> {
    const patience = new AbortController();
    const late = this.#clock.sleep(CLOSE_DEADLINE, patience.signal).catch(() => undefined);
    await Promise.race([Promise.all([this.#starting, this.#reloading]), late]);
    patience.abort();
  }
}

function schedulerSettings({ queue, hostname }: Configuration): SchedulerSettings {
  return { ...queue, policy: queue.retry, hostname };
}
