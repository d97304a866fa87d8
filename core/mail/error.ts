/** Errors that stop a boot: each has a code that never changes its meaning, and a section in `docs/errors.md`. */

/** Every code, in the order of the documentation. */
export const ERROR_CODES = [
  'MF_INIT',
  'MF_CONFIG_FILE',
  'MF_CONFIG_SYNTAX',
  'MF_CONFIG_ENV',
  'MF_CONFIG_SECRET',
  'MF_CONFIG_INCLUDE',
  'MF_CONFIG_OPTION',
  'MF_CONFIG_REFERENCE',
  'MF_CONFIG_DUPLICATE_ID',
  'MF_LISTENER_AUTH',
  'MF_LISTENER_CERTIFICATE',
  'MF_LISTENER_PORT',
  'MF_LISTENER_BIND',
  'MF_PLUGIN_NOT_FOUND',
  'MF_PLUGIN_LOAD',
  'MF_PLUGIN_API',
  'MF_PLUGIN_CREATE',
  'MF_PLUGIN_HOOK',
  'MF_PLUGIN_IDLE',
  'MF_PLUGIN_START',
  'MF_PLUGIN_FINDING',
  'MF_SERVICE_MISSING',
  'MF_SERVICE_CYCLE',
  'MF_TRANSPORT_UNKNOWN',
  'MF_ROUTE_MISSING',
  'MF_ROUTE_HOSTS',
  'MF_ROUTE_UNREACHABLE',
  'MF_ROUTE_LOOP',
  'MF_RECIPIENTS_REFUSED',
  'MF_CONDITION_NEVER',
  'MF_CONTENT_ORDER',
  'MF_OPEN_RELAY',
  'MF_NAME_UNRESOLVED',
  'MF_QUEUE_OPEN',
  'MF_ZONE_FILE',
  'MF_MESSAGE',
  'MF_OUTPUT',
  'MF_REPLAY_CORPUS',
  'MF_RELOAD_RESTART',
  'MF_CONTROL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** A place in a text file. Lines and columns count from 1; a column is a UTF-16 code unit, as editors count. */
export interface Position {
  /** As it was given: relative to the working directory, or absolute. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something about the configuration, a plugin or this machine that a person has to put right before a gateway can run. */
export class MailframeError extends Error {
  override readonly name = 'MailframeError';
  readonly code: ErrorCode;
  readonly position: Position | null;

  constructor(
    code: ErrorCode,
    message: string,
    about: { readonly position?: Position | null; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: about.cause });
    this.code = code;
    this.position = about.position ?? null;
  }

  /** Where the code is explained, relative to the project. */
  get page(): string {
    return pageOf(this.code);
  }
}

/** Where a code is explained. */
export function pageOf(code: ErrorCode): string {
  return `docs/errors.md#${code.toLowerCase()}`;
}
