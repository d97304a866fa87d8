/**
 * The log port over pino: lines of JSON for machines, coloured lines for a person at a terminal.
 *
 * Guarantees: a value can never forge a line, whatever a client sent; what bears the name of a secret is never written
 * (see `log-fields.ts`).
 */
import { type Logger, pino } from 'pino';
import type { Clock, Log, LogFields } from '../plugin/ports.ts';
import { escapeControls } from './escape.ts';
import { humanLine } from './human-line.ts';
import { safeFields } from './log-fields.ts';
import type { LogTap } from './log-tap.ts';

/** Lines below the level are not written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where lines go: `process.stdout`, or anything that takes text. */
export interface LogDestination {
  readonly isTTY?: boolean;
  write(line: string): unknown;
  /** Where lines wait to be written together: writes them now. Called after each warning and each error. */
  flush?(): void;
}

/** How and where the log is written. */
export interface LogSettings {
  readonly level: LogLevel;
  /** `auto`: for a person where the destination is a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'human';
  readonly destination: LogDestination;
  readonly clock: Clock;
  /** Hears each line too, as JSON whatever the format. */
  readonly tap?: LogTap;
}

/** A log whose level and format may be changed, for all its children too. */
export interface AdjustableLog extends Log {
  adjust(to: Pick<LogSettings, 'level' | 'format'>): void;
}

/**
 * Opens the log. A line of JSON has `level`, `time` (ISO 8601), `event`, and the fields; a field that has one of these
 * three names gets an underscore behind it.
 */
export function createLog({ level, format, destination, clock, tap }: LogSettings): AdjustableLog {
  const terminal = destination.isTTY === true;
  const isHuman = (as: LogSettings['format']) => as === 'human' || (as === 'auto' && terminal);
  let human = isHuman(format);
  const colour = terminal && process.env.NO_COLOR === undefined;
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${clock.now().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    {
      write(line) {
        const safe = `${escapeControls(line.trimEnd())}\n`;
        tap?.write(safe);
        destination.write(human ? humanLine(line, colour) : safe);
      },
    },
  );
  return {
    ...writer(logger, {}, () => destination.flush?.()),
    adjust(to) {
      logger.level = to.level;
      human = isHuman(to.format);
    },
  };
}

/** Not pino's own children: a field that parent and line both have would stand twice in the line. */
function writer(logger: Logger, inherited: LogFields, flush: () => void): Log {
  const write = (level: LogLevel, event: string, fields: LogFields | undefined) => {
    if (!logger.isLevelEnabled(level)) return;
    logger[level](fields === undefined ? inherited : { ...inherited, ...safeFields(fields) }, event);
  };
  const writeNow = (level: LogLevel, event: string, fields: LogFields | undefined) => {
    write(level, event, fields);
    // It may be the last thing that this process has to say.
    flush();
  };
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => writeNow('warn', event, fields),
    error: (event, fields) => writeNow('error', event, fields),
    child: fields => writer(logger, { ...inherited, ...safeFields(fields) }, flush),
  };
}
