/**
 * A running gateway: queue, plugins, scheduler and listeners, begun in that order and ended in reverse.
 *
 * Guarantee: what cannot begin ends all that had begun. At the end no new session comes in, running transactions finish,
 * running deliveries finish, plugins close, the queue closes: nothing that was answered 250 is lost.
 */
import { join } from 'node:path';
import { Certificates, type Guarded } from './certificates.ts';
import { createChain } from './chain/create-chain.ts';
import type { CompiledConfiguration } from './compile.ts';
import type { Configuration } from './config/configuration.ts';
import { ControlServer } from './control/control-server.ts';
import { controlVerbs } from './control-verbs.ts';
import { decoyKey } from './decoy-key.ts';
import { Generation, type Pin } from './generation.ts';
import { ListenerCertificates, type Renewal } from './listener-certificates.ts';
import { MailframeError } from './mail/error.ts';
import { describeError, describeWithOrigin } from './mail/failure.ts';
import { describeWithRemedy } from './mail/remedy.ts';
import type { MountedPlugin } from './mounted-plugin.ts';
import { CLOCK, type Clock, FILES, LOG, type Log, RANDOM, RESOLVER } from './plugin/ports.ts';
import { QUEUE_STORE, type QueueStore } from './plugin/queue-store.ts';
import { TLS_REPORTS } from './plugin/tls-reports.ts';
import { CANNOT_KEEP_UP, CommitLine, octetsInMemory } from './queue/commit-line.ts';
import { queueIds } from './queue/queue-id.ts';
import { Scheduler } from './queue/scheduler.ts';
import { openSqliteStore } from './queue/sqlite-store.ts';
import { CONTENT_MEMORY, ContentMemory } from './smtp/content-memory.ts';
import { Listener } from './smtp/listener.ts';
import type { Reception } from './smtp/reception.ts';
import { type Astray, type StrayError, strayError } from './stray-error.ts';
import { mostOpenFiles } from './system/open-files.ts';
import { openSpool, sweepSpool } from './system/spool.ts';

/** How long a plugin may take to close, in milliseconds. */
const CLOSE_DEADLINE = 10_000;
/** Files beside those of clients: the queue, deliveries and what they deliver to, lists and certificates. */
const OTHER_FILES = 200;
/** How long running transactions may take to finish at the end, in milliseconds. */
const SESSION_GRACE = 30_000;

/** What the store is given at the same time: some groups of commits, and not more than a fraction of the memory. */
const MOST_COMMITS = { commits: 500, octets: 16 * 1024 ** 2 };
/** How long a client waits for its turn to commit, in milliseconds: less than any of them waits for the reply. */
const COMMIT_PATIENCE = 60_000;

/** Where a listener listens. */
export interface Listening {
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

/** A gateway. */
export interface Engine {
  readonly configuration: Configuration;
  readonly log: Log;
  /** Empty before `start`. */
  readonly listeners: readonly Listening[];
  /** The queue, for looking and acting. Before `start` it throws. */
  readonly queue: QueueStore;
  /**
   * Opens the queue, starts the plugins, then the scheduler, then the listeners.
   * @throws MailframeError where one of them cannot; what was started by then is closed again.
   */
  start(): Promise<void>;
  /**
   * Reads the certificates of all listeners again and puts them to use, without ending a session or refusing a client. It
   * happens by itself within a minute after their files have changed. What cannot be used leaves the old ones in use, and
   * the log says why. Does not reject.
   */
  reloadCertificates(): Promise<readonly Renewal[]>;
  /**
   * Judges an error that reached the process and not us: thrown in a timer of a plugin, or in a promise that nobody waits
   * for. `mailframe start` asks for all of them; a program that embeds the gateway may do so too. Does nothing itself.
   */
  judgeStray(error: unknown, astray: Astray): StrayError;
  /** Resolves when everything has ended. Calling it again waits for the same. */
  close(): Promise<void>;
}

export class Gateway implements Engine {
  readonly configuration: Configuration;
  readonly log: Log;
  readonly #compiled: CompiledConfiguration;
  readonly #clock: Clock;
  readonly #generation: Generation;
  /** What was started, last first: how to end it again. */
  readonly #started: (() => Promise<void>)[] = [];
  /** The plugins that have started. */
  readonly #alive: MountedPlugin[] = [];
  #listening: readonly Listening[] = [];
  #store: QueueStore | null = null;
  #certificates: Certificates | null = null;
  #closing: Promise<void> | null = null;

  constructor(compiled: CompiledConfiguration) {
    const { scope } = compiled;
    this.configuration = compiled.configuration;
    this.log = scope.get(LOG);
    this.#compiled = compiled;
    this.#clock = scope.get(CLOCK);
    this.#generation = this.#generate();
  }

  get listeners(): readonly Listening[] {
    return this.#listening;
  }

  get queue(): QueueStore {
    if (this.#store === null) throw new Error('the engine has not been started: there is no queue yet');
    return this.#store;
  }

  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      await this.close();
      throw error;
    }
    const { hostname, file } = this.configuration;
    this.log.info('started', { hostname, file, listeners: this.#listening });
  }

  async reloadCertificates(): Promise<readonly Renewal[]> {
    return (await this.#certificates?.renew()) ?? [];
  }

  judgeStray(error: unknown, astray: Astray): StrayError {
    return strayError(error, astray, this.#compiled.mounted);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #start(): Promise<void> {
    const { configuration, log } = this;
    const scope = this.#compiled.scope;
    const [clock, random, resolver] = [this.#clock, scope.get(RANDOM), scope.get(RESOLVER)];
    const store = scope.has(QUEUE_STORE) ? scope.get(QUEUE_STORE) : await openQueue(configuration, log);
    this.#store = store;
    this.#started.unshift(() => store.close());

    this.#started.unshift(async () => scope.get(TLS_REPORTS).close?.());
    await this.#startPlugins();

    const scheduler = new Scheduler({
      ...configuration.queue,
      store,
      pin: () => this.#pin(),
      clock,
      random,
      log,
      policy: configuration.queue.retry,
      hostname: configuration.hostname,
    });
    scheduler.start();
    this.#started.unshift(() => scheduler.stop());

    const intake = join(configuration.queue.directory, 'intake');
    await sweepSpool(intake);
    const line = new CommitLine({ clock, log, most: MOST_COMMITS, patience: COMMIT_PATIENCE });
    const reception: Reception = {
      pin: () => this.#pin(),
      commit: (mails, hasGone) => line.run(octetsInMemory(mails), () => scheduler.commit(mails), hasGone),
      busy: () => (line.isBehind ? CANNOT_KEEP_UP : null),
      memory: new ContentMemory(CONTENT_MEMORY),
      queueId: queueIds({ clock, random }),
      spool: () => openSpool({ directory: intake, random, memory: 0 }),
      decoyKey: await decoyKey(configuration, { files: scope.get(FILES), random }),
      clock,
      random,
      resolver,
      log,
    };
    await this.#listen(reception);
    await this.#openControl();
  }

  /** A gateway that nobody can ask is still one that takes mail. */
  async #openControl(): Promise<void> {
    const { configuration, log } = this;
    const { directory } = configuration.queue;
    try {
      const verbs = controlVerbs(this);
      const control = await ControlServer.open({ directory, verbs, clock: this.#clock, log });
      this.#started.unshift(() => control.close());
    } catch (error) {
      log.warn('failed', { opening: 'the control socket', directory, cause: describeError(error) });
    }
  }

  #generate(): Generation {
    const { mounted, routes } = this.#compiled;
    const chain = createChain({ links: mounted, routes, clock: this.#clock, random: this.#compiled.scope.get(RANDOM) });
    const close = async () => {
      await this.#closePlugins();
      chain.close();
    };
    return new Generation({ chain, close });
  }

  #pin(): Pin {
    return this.#generation.pin();
  }

  /** Plugins start in the order of the list, and close in reverse order with the generation. */
  async #startPlugins(): Promise<void> {
    this.#started.unshift(() => this.#generation.abandon());
    for (const mounted of this.#compiled.mounted) {
      const { id, instance, originOf } = mounted;
      try {
        await instance.start?.();
        this.#alive.push(mounted);
      } catch (error) {
        throw new MailframeError(
          'MF_PLUGIN_START',
          `the plugin ${id} cannot start: ${describeWithOrigin(error, originOf)}`,
          {
            cause: error,
          },
        );
      }
    }
  }

  /** A plugin that hangs or throws at its end keeps nobody else from ending. */
  async #closePlugins(): Promise<void> {
    for (const { id, instance, originOf } of this.#alive.toReversed()) {
      const timer = new AbortController();
      const late = this.#clock.sleep(CLOSE_DEADLINE, timer.signal).then(
        () => Promise.reject(new Error(`not closed within ${CLOSE_DEADLINE} ms`)),
        () => undefined,
      );
      try {
        await Promise.race([Promise.resolve(instance.close?.()), late]);
      } catch (error) {
        this.log.error('failed', { plugin: id, closing: describeError(error), at: originOf(error).at });
      } finally {
        timer.abort();
      }
    }
  }

  /** A client that finds no handle left is not even told so: better to hear of it before it happens. */
  async #warnOfFewFiles(): Promise<void> {
    const clients = this.configuration.listeners.reduce((sum, { limits }) => sum + limits.connections, 0);
    const most = await mostOpenFiles();
    if (most >= clients + OTHER_FILES) return;
    const message =
      `this process may have ${most} files open, and the listeners may have ${clients} clients: raise its limit ` +
      '(LimitNOFILE= of systemd, ulimit -n), or lower limits.connections';
    this.log.warn('warned', { message });
  }

  async #listen(reception: Reception): Promise<void> {
    const { listeners: settings, hostname } = this.configuration;
    await this.#warnOfFewFiles();
    const read = await this.#readCertificates();
    const guarded: Guarded[] = [];
    const listeners = settings.map(one => {
      const certificates = read.get(one.id);
      const listener = new Listener({ ...one, hostname, tls: certificates?.options ?? null }, reception);
      if (certificates !== undefined) guarded.push({ certificates, use: tls => listener.renew(tls) });
      return listener;
    });
    this.#started.unshift(() => this.#closeListeners(listeners));
    const open: Listening[] = [];
    for (const [index, listener] of listeners.entries()) {
      open.push({ id: settings[index]?.id ?? '', ...(await listener.open()) });
    }
    this.#listening = open;
    const certificates = new Certificates(guarded, { clock: this.#clock, log: this.log });
    this.#certificates = certificates;
    this.#started.unshift(async () => certificates.stop());
    certificates.watch();
  }

  /** The certificates of those listeners that have any, read, by the listener's id. */
  async #readCertificates(): Promise<ReadonlyMap<string, ListenerCertificates>> {
    const ports = { files: this.#compiled.scope.get(FILES), clock: this.#clock };
    const read = this.configuration.listeners.map(async ({ id, tls }) =>
      tls === null ? [] : [[id, await ListenerCertificates.read({ id, tls }, ports)] as const],
    );
    return new Map((await Promise.all(read)).flat());
  }

  async #closeListeners(listeners: readonly Listener[]): Promise<void> {
    const cutOff = new AbortController();
    const done = new AbortController();
    this.#clock.sleep(SESSION_GRACE, done.signal).then(
      () => cutOff.abort(),
      () => undefined,
    );
    await Promise.all(listeners.map(listener => listener.close(cutOff.signal)));
    done.abort();
  }

  async #end(): Promise<void> {
    for (const end of this.#started) {
      try {
        await end();
      } catch (error) {
        this.log.error('failed', { closing: describeError(error) });
      }
    }
    if (this.#listening.length > 0) this.log.info('closed');
  }
}

/** The embedded queue. What keeps it from opening is told with the folder and what to do. */
async function openQueue({ queue }: Configuration, log: Log): Promise<QueueStore> {
  try {
    return await openSqliteStore({ directory: queue.directory, role: 'owner', log, history: queue.history });
  } catch (error) {
    throw new MailframeError(
      'MF_QUEUE_OPEN',
      `the queue in ${queue.directory} cannot be opened: ${describeWithRemedy(error)}`,
      {
        cause: error,
      },
    );
  }
}
