/**
 * What a running gateway and the command line say to each other over the control socket: lines of JSON, ended by LF.
 *
 * A client says one request and then listens: any number of items, then one last line. It ends a request that goes on by
 * closing the socket. Both sides leave keys alone that they do not know, so that either may be the newer one; what they
 * would misunderstand has another `protocol`.
 */

/** Changed when an older side would misunderstand a newer one. */
export const PROTOCOL = 1;

/** In octets, without its line end. */
export const LONGEST_REQUEST = 64 * 1024;
/** In octets: of one line of an answer. */
export const LONGEST_ANSWER = 64 * 1024 * 1024;

/** What a verb is told. Plain JSON. */
export type Parameters = Readonly<Record<string, unknown>>;

export interface ControlRequest {
  readonly protocol: number;
  readonly verb: string;
  readonly with: Parameters;
}

/** One line of an answer. */
export type ControlAnswer =
  | { readonly kind: 'item'; readonly item: unknown }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'refused'; readonly message: string };

/** A request, or in a sentence what is wrong with it. */
export function parseRequest(line: string): ControlRequest | string {
  const value = parsed(line);
  if (!isObject(value)) return 'a request is one line with a JSON object';
  const { protocol, verb, with: parameters = {} } = value;
  if (protocol !== PROTOCOL) {
    return `this gateway speaks version ${PROTOCOL} of the control protocol, not ${JSON.stringify(protocol)}: use the mailframe that it was started with`;
  }
  if (typeof verb !== 'string') return 'a request names a verb';
  if (!isObject(parameters)) return '"with" is a JSON object';
  return { protocol, verb, with: parameters };
}

/** `null`: it is no line of an answer. */
export function parseAnswer(line: string): ControlAnswer | null {
  const value = parsed(line);
  if (!isObject(value)) return null;
  switch (value.kind) {
    case 'item':
      return { kind: 'item', item: value.item };
    case 'done':
      return { kind: 'done', result: value.result };
    case 'refused':
      return typeof value.message === 'string' ? { kind: 'refused', message: value.message } : null;
    default:
      return null;
  }
}

export function formatLine(said: ControlRequest | ControlAnswer): string {
  return `${JSON.stringify(said)}\n`;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
