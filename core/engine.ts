/**
 * The engine: a configuration goes in, a gateway comes out. It introduces the rooms to each other and knows nothing of
 * mail itself.
 */
import { compile } from './compile.ts';
import { bootError } from './config/complaint.ts';
import { type Engine, Gateway } from './gateway.ts';
import type { Plugin } from './plugin/plugin.ts';
import { LOG } from './plugin/ports.ts';
import { machineServices } from './services.ts';
import { systemClock } from './system/clock.ts';
import type { Scope } from './wiring/scope.ts';

export type { Engine, Listening } from './gateway.ts';
export type { Renewal, RenewalFault } from './listener-certificates.ts';

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
  const compiled = await compile(options.file, {
    env: options.env ?? process.env,
    now: systemClock.now(),
    plugins: options.plugins ?? [],
    scope: configuration => {
      const scope = machineServices(configuration).child();
      options.provide?.(scope);
      return scope;
    },
  });
  if (compiled.kind === 'refused') throw bootError(compiled.complaints);
  const log = compiled.scope.get(LOG);
  for (const { code, message, file, line, column } of compiled.warnings) {
    log.warn('warned', { code, message, at: `${file}:${line}:${column}` });
  }
  return new Gateway(compiled);
}
