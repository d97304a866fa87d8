/** A line of the log, read back from JSON. */

export interface ReadLine {
  /** As it came, without its line end. */
  readonly json: string;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The line, or `null` where the text is none: other programs write to the same place. What stands before the JSON, as syslog
 * puts it there, is passed over.
 */
export function readLine(text: string): ReadLine | null {
  const start = text.indexOf('{"level":"');
  if (start === -1) return null;
  const json = text.slice(start).trimEnd();
  try {
    const { level, event, ...fields } = JSON.parse(json) as Record<string, unknown>;
    if (typeof level !== 'string' || typeof event !== 'string') return null;
    return { json, level, event, fields };
  } catch {
    return null;
  }
}
