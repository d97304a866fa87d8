/**
 * Writes a log line for a person at a terminal: `12:00:01.123Z INFO  accepted  id=4fGh from=<ann@example.test>`.
 *
 * Guarantee: one call of the log is one line, but for the stack of an error, which stands below it, indented. No value
 * can forge another line or reach the terminal's controls.
 */
import { escapeControls } from './escape.ts';

const COLOURS: Readonly<Record<string, number>> = { debug: 90, info: 32, warn: 33, error: 31 };
const DIM = 2;
const BOLD = 1;
/** Text that needs no quotation marks to be told from what stands beside it. */
const PLAIN = /^[\w.:@<>/+*[\]-]+$/;

/** Rewrites a line of JSON as the log writes it. */
export function humanLine(json: string, colour: boolean): string {
  const { level, time, event, stack, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const name = String(level);
  const parts = [
    paint(DIM, String(time).slice(11)),
    paint(COLOURS[name] ?? BOLD, name.toUpperCase().padEnd(5)),
    paint(BOLD, escapeControls(String(event))),
    // What is not there is worth a field to a program, and only in the way of a person.
    ...Object.entries(fields)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => `${paint(DIM, `${escapeControls(key)}=`)}${inline(value)}`),
  ];
  const stacks = [...(typeof stack === 'string' ? linesOf(stack) : []), ...Object.values(fields).flatMap(stackOf)];
  return `${[parts.join(' '), ...stacks.map(line => paint(DIM, line))].join('\n')}\n`;
}

function inline(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  return escapeControls(isError(value) ? JSON.stringify(value.message) : JSON.stringify(value));
}

interface WrittenError {
  readonly message: string;
  readonly stack: string;
}

/** An error as `safeFields` writes it. */
function isError(value: unknown): value is WrittenError {
  return (
    typeof value === 'object' &&
    value !== null &&
    'message' in value &&
    'stack' in value &&
    typeof value.message === 'string' &&
    typeof value.stack === 'string'
  );
}

function stackOf(value: unknown): readonly string[] {
  return isError(value) ? linesOf(value.stack) : [];
}

function linesOf(stack: string): readonly string[] {
  return stack.split('\n').map(line => `      ${escapeControls(line.trim())}`);
}
