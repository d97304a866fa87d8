/**
 * The services of one gateway, for one configuration after the other.
 *
 * The log, the counts for TLS reports and all that an embedding program provides outlive configurations: there is one of
 * each, and the program is asked once. DNS, files, tables and the web are made anew where the configuration says something
 * else about them.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from './config/configuration.ts';
import { CLOCK, FILES, LOG, RESOLVER } from './plugin/ports.ts';
import { TABLES } from './plugin/table.ts';
import { TLS_REPORTS } from './plugin/tls-reports.ts';
import type { Token } from './plugin/token.ts';
import { WEB } from './plugin/web.ts';
import { machineServices } from './services.ts';
import { AdjustableTlsCounts } from './system/adjustable-tls-counts.ts';
import { systemClock } from './system/clock.ts';
import { type AdjustableLog, createLog } from './system/log.ts';
import { logTap } from './system/log-tap.ts';
import { standardOutput } from './system/standard-output.ts';
import type { Scope } from './wiring/scope.ts';

/** The ports of a machine, as one configuration wants them. */
interface Machine {
  readonly wanted: Pick<Configuration, 'directory' | 'resolver'>;
  readonly scope: Scope;
}

interface Lasting {
  readonly log: AdjustableLog;
  readonly reports: AdjustableTlsCounts;
  /** What every configuration sees, the program's own services included. */
  readonly scope: Scope;
}

export class GatewayServices {
  readonly #provide: (scope: Scope) => void;
  #lasting: Lasting | null = null;
  /** Of the configuration that is in use, or the first one. */
  #machine: Machine | null = null;
  #candidate: Machine | null = null;

  constructor(provide: (scope: Scope) => void = () => undefined) {
    this.#provide = provide;
  }

  /** A scope with all services for a configuration. Changes nothing for others. */
  scopeFor(configuration: Configuration): Scope {
    const machine = this.#machineFor(configuration);
    this.#candidate = machine;
    if (this.#lasting === null) {
      this.#lasting = this.#first(configuration, machine);
      this.#machine = machine;
      return this.#lasting.scope;
    }
    const scope = this.#lasting.scope.child();
    const renew = <T>(token: Token<T>) => {
      if (!this.#lasting?.scope.owns(token)) scope.lazy(token, {}, () => machine.scope.get(token));
    };
    renew(RESOLVER);
    renew(FILES);
    renew(TABLES);
    renew(WEB);
    return scope;
  }

  /** The configuration whose scope was made last is in use from now on. */
  adopt({ log, tlsReports }: Configuration): void {
    this.#machine = this.#candidate;
    this.#lasting?.log.adjust(log);
    this.#lasting?.reports.adjust(tlsReports);
  }

  #machineFor(configuration: Configuration): Machine {
    const { directory, resolver } = configuration;
    const wanted = { directory, resolver };
    // What DNS has said stays known.
    if (this.#machine !== null && isDeepStrictEqual(this.#machine.wanted, wanted)) return this.#machine;
    return { wanted, scope: machineServices(configuration) };
  }

  #first({ log: settings, tlsReports }: Configuration, machine: Machine): Lasting {
    const log = createLog({ ...settings, destination: standardOutput, clock: systemClock, tap: logTap });
    const ports = machine.scope.all({ files: FILES, clock: CLOCK });
    const reports = new AdjustableTlsCounts(tlsReports, { ...ports, log });
    const scope = machine.scope.child().value(LOG, log).value(TLS_REPORTS, reports).child();
    this.#provide(scope);
    return { log, reports, scope };
  }
}
