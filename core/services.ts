/** The ports of this machine, as services for one configuration. */
import type { Configuration } from './config/configuration.ts';
import { CLOCK, FILES, LOG, NETWORK, PROCESSES, RANDOM, RESOLVER } from './plugin/ports.ts';
import { TABLES } from './plugin/table.ts';
import { TLS_REPORTS, type TlsReports } from './plugin/tls-reports.ts';
import { WEB } from './plugin/web.ts';
import { systemClock } from './system/clock.ts';
import { systemFiles } from './system/files.ts';
import { type AdjustableLog, createLog } from './system/log.ts';
import { logTap } from './system/log-tap.ts';
import { systemNetwork } from './system/network.ts';
import { systemProcesses } from './system/processes.ts';
import { systemRandom } from './system/random.ts';
import { systemResolver } from './system/resolver.ts';
import { standardOutput } from './system/standard-output.ts';
import { TlsCounts } from './system/tls-counts.ts';
import { systemWeb } from './system/web.ts';
import { openTables } from './table/open-tables.ts';
import { Scope } from './wiring/scope.ts';

/** A scope with every port. A child of it may replace any. */
export function machineServices({ log, resolver, directory, tlsReports }: Configuration): Scope {
  return Scope.root()
    .value(CLOCK, systemClock)
    .value(RANDOM, systemRandom)
    .value(RESOLVER, systemResolver(resolver))
    .value(FILES, systemFiles(directory))
    .value(NETWORK, systemNetwork)
    .value(PROCESSES, systemProcesses)
    .lazy(TABLES, { files: FILES, clock: CLOCK }, openTables)
    .lazy(WEB, { resolver: RESOLVER, network: NETWORK }, systemWeb)
    .lazy(LOG, {}, () => machineLog(log))
    .lazy(TLS_REPORTS, { files: FILES, clock: CLOCK, log: LOG }, ports =>
      tlsReports === 'off' ? NOT_COUNTED : new TlsCounts(tlsReports, ports),
    );
}

/** The log of this machine, on standard output: the only place where one is opened for a configuration. */
export function machineLog(settings: Configuration['log']): AdjustableLog {
  return createLog({ ...settings, destination: standardOutput, clock: systemClock, tap: logTap });
}

/** Counts nothing. */
export const NOT_COUNTED: TlsReports = { count: () => {} };
