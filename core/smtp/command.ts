/** Command lines: a verb, and what stands after it (RFC 5321 section 2.4). */

/** A command line without its line end. */
export interface Command {
  /** Upper case. */
  readonly verb: string;
  /** Without blanks at both ends. */
  readonly argument: string;
}

/** Splits a line. Never fails: any line has a verb, if one that nobody knows. */
export function parseCommand(line: string): Command {
  const blank = line.indexOf(' ');
  const verb = blank === -1 ? line : line.slice(0, blank);
  return { verb: verb.toUpperCase(), argument: trimBlanks(line.slice(verb.length)) };
}

/** Whether a line begins an HTTP request: a browser was made to talk to us, and commands may stand in its form data. */
export function isHttpRequest(line: string): boolean {
  return /^(?:CONNECT|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT|TRACE) .* HTTP\/\d/i.test(line);
}

/** Tabs are put up with at the end alone: between the parts of a command only blanks may stand. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === ' ') start += 1;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  return text.slice(start, end);
}
