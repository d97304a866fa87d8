/** A log that keeps its lines, so that a test can say what must have been logged and what must not. */
import type { Log, LogFields } from '../plugin/ports.ts';

/** One line as it was logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  /** Those of the line and those that `child` added. */
  readonly fields: LogFields;
}

/** A log that remembers. Children write to the same lines. */
export interface RecordingLog extends Log {
  /** In the order in which they were logged. */
  readonly lines: readonly LogLine[];
  /** The lines of one event. */
  of(event: string): readonly LogLine[];
  /** Every line as `level event {fields}`: for asserting that something is nowhere in the log. */
  text(): string;
}

/** Makes an empty one. */
export function recordingLog(): RecordingLog {
  const lines: LogLine[] = [];
  return {
    ...writer(lines, {}),
    lines,
    of: event => lines.filter(line => line.event === event),
    text: () => lines.map(line => `${line.level} ${line.event} ${JSON.stringify(line.fields)}`).join('\n'),
  };
}

function writer(lines: LogLine[], inherited: LogFields): Log {
  const at = (level: LogLine['level']) => (event: string, fields?: LogFields) => {
    lines.push({ level, event, fields: { ...inherited, ...fields } });
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: fields => writer(lines, { ...inherited, ...fields }),
  };
}
