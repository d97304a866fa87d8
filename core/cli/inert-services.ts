/**
 * The services of this machine with everything that acts taken away: for verbs that look at a configuration and must
 * change nothing, whatever its plugins do. Files are read, and tables when a verb asks them; nothing is written, connected
 * to otherwise, or logged.
 */
import type { Configuration } from '../config/configuration.ts';
import { FILES, type Files, LOG, type Log, NETWORK, PROCESSES, RESOLVER, type Resolver } from '../plugin/ports.ts';
import { TABLES, type Table, type Tables, TableUnavailable } from '../plugin/table.ts';
import { TLS_REPORTS } from '../plugin/tls-reports.ts';
import { WEB } from '../plugin/web.ts';
import { notDone, nothingRuns, offline, unplugged } from '../rehearsal/inert-ports.ts';
import { machineServices, NOT_COUNTED } from '../services.ts';
import type { Scope } from '../wiring/scope.ts';

/** A scope with every port, none of which acts. */
export function inertServices(configuration: Configuration): Scope {
  const machine = machineServices(configuration);
  return machine
    .child()
    .value(FILES, readOnly(machine.get(FILES)))
    .value(NETWORK, unplugged(NOT_NOTED))
    .value(PROCESSES, nothingRuns(NOT_NOTED))
    .value(WEB, offline(NOT_NOTED))
    .value(LOG, SILENT)
    .value(TLS_REPORTS, NOT_COUNTED);
}

/** The same, and nobody outside this machine is asked anything: no DNS, no database, no directory. */
export function secludedServices(configuration: Configuration): Scope {
  const inert = inertServices(configuration);
  return inert
    .child()
    .value(RESOLVER, NO_DNS)
    .value(TABLES, localTables(inert.get(TABLES)));
}

const NOT_ASKED = 'nobody outside is asked while only looking';
const NOTHING_SAID = { kind: 'unavailable', cause: NOT_ASKED } as const;

const NO_DNS: Resolver = {
  mx: () => Promise.resolve(NOTHING_SAID),
  addresses: () => Promise.resolve(NOTHING_SAID),
  reverse: () => Promise.resolve(NOTHING_SAID),
  txt: () => Promise.resolve(NOTHING_SAID),
  lookUp: name => Promise.resolve({ answer: NOTHING_SAID, dnssec: 'unknown', name, ttl: 0 }),
};

function localTables(tables: Tables): Tables {
  return {
    check: (setting, path) => tables.check(setting, path),
    open(setting, log) {
      const { kind } = setting.source;
      const isRemote = kind === 'postgresql' || kind === 'ldap' || kind === 'http';
      return isRemote ? closedTable(kind) : tables.open(setting, log);
    },
  };
}

function closedTable(name: string): Table {
  return {
    name,
    entries: 'keys',
    lookup: () => {
      throw new TableUnavailable(name, NOT_ASKED);
    },
    close: () => Promise.resolve(),
  };
}

const NOT_NOTED = () => undefined;

/** A log that nobody reads. */
export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => SILENT };

function readOnly(files: Files): Files {
  const refuse = (path: string) => Promise.reject(notDone('EROFS', `write ${path}`));
  return {
    resolve: path => files.resolve(path),
    read: path => files.read(path),
    facts: path => files.facts(path),
    list: path => files.list(path),
    open: (path, how, mode) => (how === 'read' ? files.open(path, how, mode) : refuse(path)),
    makeDirectory: refuse,
    replace: refuse,
    append: refuse,
    rename: refuse,
    link: refuse,
    remove: refuse,
    syncDirectory: refuse,
  };
}
