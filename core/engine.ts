/**
 * The engine: a configuration goes in, a gateway comes out. It introduces the rooms to each other and knows nothing of
 * mail itself.
 */
import { compile } from './compile.ts';
import { bootError } from './config/complaint.ts';
import type { Configuration } from './config/configuration.ts';
import { Gateway } from './gateway.ts';
import { GatewayServices } from './gateway-services.ts';
import type { Renewal } from './listening/listener-certificates.ts';
import type { ListenerState, Listening } from './listening/listeners.ts';
import type { Plugin } from './plugin/plugin.ts';
import { LOG, type Log } from './plugin/ports.ts';
import type { QueueStore } from './plugin/queue-store.ts';
import type { Reload } from './reload/reload.ts';
import type { TallyRecord } from './shadow/tally.ts';
import type { Astray, StrayError } from './stray-error.ts';
import { systemClock } from './system/clock.ts';
import type { Scope } from './wiring/scope.ts';

export type { Complaint } from './config/complaint.ts';
export type { Renewal, RenewalFault } from './listening/listener-certificates.ts';
export type { ListenerState, Listening } from './listening/listeners.ts';
export type { Reload } from './reload/reload.ts';
export type { Answered, Example, HookTally, TallyRecord } from './shadow/tally.ts';

/** What a gateway is doing. */
export interface EngineState {
  /** Counts from 1, the configuration that the gateway was started with. */
  readonly generation: number;
  /** Since when that has been in use. */
  readonly since: Date;
  readonly listeners: readonly ListenerState[];
  /** What goes on with configurations that have been replaced. */
  readonly former: { readonly generations: number; readonly sessionsAndDeliveries: number };
}

/** A gateway. */
export interface Engine {
  /** The one in use. */
  readonly configuration: Configuration;
  readonly log: Log;
  /** Empty before `start`. */
  readonly listeners: readonly Listening[];
  /** The queue, for looking and acting. Before `start` it throws. */
  readonly queue: QueueStore;
  readonly state: EngineState;
  /**
   * Opens the queue, starts the plugins, then the scheduler, then the listeners.
   * @throws MailframeError where one of them cannot; what was started by then is closed again.
   */
  start(): Promise<void>;
  /**
   * Reads the configuration again, with all that it includes and refers to, and goes over to it: new sessions and attempts
   * meet the new one, those that run finish with the old one. No client is refused meanwhile. On any error the old one goes
   * on untouched. The log says what came of it. Whoever asks while a reload runs waits for one that begins after it.
   */
  reload(): Promise<Reload>;
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
  /** What plugins in shadow mode would have done, by their ids. */
  shadows(): Readonly<Record<string, TallyRecord>>;
  /** Resolves when everything has ended; a start that goes on is waited for first. Calling it again waits for the same. */
  close(): Promise<void>;
}

/** What an engine is made of. */
export interface EngineOptions {
  /** The configuration file. */
  readonly file: string;
  /** For `!env` in the configuration; the process's own without it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Plugins that the program itself brings, found by their name before any other. */
  readonly plugins?: readonly Plugin[];
  /** Adds services for plugins, or replaces the ports. */
  readonly provide?: (scope: Scope) => void;
}

/**
 * Makes a gateway out of a configuration file. Nothing acts before `start`.
 * @throws MailframeError with every complaint about the configuration.
 * @example
 * const engine = await createEngine({ file: './mailframe.config.yaml' });
 * await engine.start();
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const services = new GatewayServices(options.provide);
  const compileAnew = () =>
    compile(options.file, {
      env: options.env ?? process.env,
      now: systemClock.now(),
      plugins: options.plugins ?? [],
      scope: configuration => services.scopeFor(configuration),
    });
  const compiled = await compileAnew();
  if (compiled.kind === 'refused') throw bootError(compiled.complaints);
  const log = compiled.scope.get(LOG);
  for (const { code, message, file, line, column } of compiled.warnings) {
    log.warn('warned', { code, message, at: `${file}:${line}:${column}` });
  }
  return new Gateway(compiled, { compile: compileAnew, adopt: configuration => services.adopt(configuration) });
}
