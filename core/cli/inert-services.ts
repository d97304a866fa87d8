/**
 * The services of this machine with everything that acts taken away: for verbs that look at a configuration and must
 * change nothing, whatever its plugins do. Files are read, and tables when a verb asks them; nothing is written, connected
 * to otherwise, or logged.
 */
import type { Configuration } from '../config/configuration.ts';
import {
  addressName,
  FILES,
  type Files,
  LOG,
  type Log,
  NETWORK,
  type Network,
  PROCESSES,
  type Processes,
} from '../plugin/ports.ts';
import { TLS_REPORTS } from '../plugin/tls-reports.ts';
import { WEB, type Web } from '../plugin/web.ts';
import { machineServices, NOT_COUNTED } from '../services.ts';
import type { Scope } from '../wiring/scope.ts';

/** A scope with every port, none of which acts. */
export function inertServices(configuration: Configuration): Scope {
  const machine = machineServices(configuration);
  return machine
    .child()
    .value(FILES, readOnly(machine.get(FILES)))
    .value(NETWORK, UNPLUGGED)
    .value(PROCESSES, NOTHING_RUNS)
    .value(WEB, OFFLINE)
    .value(LOG, SILENT)
    .value(TLS_REPORTS, NOT_COUNTED);
}

const UNPLUGGED: Network = {
  connect: destination => Promise.reject(refusal('ENETDOWN', `connect to ${addressName(destination)}`)),
};

const NOTHING_RUNS: Processes = {
  run: ({ program }) => Promise.reject(refusal('EPERM', `run ${program}`)),
};

const OFFLINE: Web = {
  get: ({ url }) =>
    Promise.resolve({ kind: 'failed', what: 'other', cause: `${url.host} is not asked while only looking` }),
};

/** A log that nobody reads. */
export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => SILENT };

function readOnly(files: Files): Files {
  const refuse = (path: string) => Promise.reject(refusal('EROFS', `write ${path}`));
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

function refusal(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what} while only looking at the configuration`), { code });
}
