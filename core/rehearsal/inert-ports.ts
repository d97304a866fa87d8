/** Ports that answer and do not act: who wants to act is told that nobody does, and it is noted. */
import { addressName, type Log, type LogFields, type Network, type Processes } from '../plugin/ports.ts';
import type { Web } from '../plugin/web.ts';

/** Hears what was wanted. */
export type Note = (kind: 'connect' | 'run' | 'fetch', what: string) => void;

/** Nobody can be connected to. */
export function unplugged(note: Note): Network {
  return {
    connect(destination) {
      const name = addressName(destination);
      note('connect', name);
      return Promise.reject(notDone('ENETDOWN', `connect to ${name}`));
    },
  };
}

/** No program runs. */
export function nothingRuns(note: Note): Processes {
  return {
    run({ program, args }) {
      note('run', [program, ...args].join(' '));
      return Promise.reject(notDone('EPERM', `run ${program}`));
    },
  };
}

/** Nothing is fetched. */
export function offline(note: Note): Web {
  return {
    get({ url }) {
      note('fetch', url.href);
      return Promise.resolve({ kind: 'failed', what: 'other', cause: `${url.host} is not asked while only looking` });
    },
  };
}

/** An error of the system about something that is not done. */
export function notDone(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what} while only looking`), { code });
}

/** A log whose lines go to somebody. */
export function logTo(
  hear: (level: 'debug' | 'info' | 'warn' | 'error', event: string, fields: LogFields) => void,
  about: LogFields = {},
): Log {
  const write = (level: Parameters<typeof hear>[0]) => (event: string, fields?: LogFields) =>
    hear(level, event, { ...about, ...fields });
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: fields => logTo(hear, { ...about, ...fields }),
  };
}
