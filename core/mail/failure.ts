/** Failures of the machine as SMTP sees them: one table from errno to reply, so that a full disk is never a lost mail. */
import type { Origin } from './origin.ts';
import type { EnhancedStatus, PermanentReply, Refusal, TransientReply } from './reply.ts';

/**
 * Thrown by a plugin or a port that knows which refusal its failure deserves. Any other error becomes 451 4.3.0.
 * @example throw new Failure({ code: 452, status: '4.3.1', text: 'Insufficient system storage' }, 'ENOSPC in ./var')
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly reply: Refusal;

  constructor(reply: Refusal, because: string, cause?: unknown) {
    super(because, { cause });
    this.reply = reply;
  }
}

/** What the client hears when something here broke. The cause is for the log. */
export const LOCAL_ERROR: TransientReply = {
  code: 451,
  status: '4.3.0',
  text: 'Local error in processing, try again later',
};

/** What the client hears when the disk is full. */
export const STORAGE_FULL: TransientReply = {
  code: 452,
  status: '4.3.1',
  text: 'Insufficient system storage, try again later',
};

const STATUS_OF_ERRNO: Readonly<Record<string, EnhancedStatus<4>>> = {
  EAGAIN: '4.2.0',
  EBUSY: '4.2.0',
  ESTALE: '4.2.0',
  EDQUOT: '4.2.2',
  EFBIG: '4.2.2',
  ENOSPC: '4.3.1',
  SQLITE_FULL: '4.3.1',
  EMFILE: '4.3.0',
  ENFILE: '4.3.0',
  EROFS: '4.3.0',
  EACCES: '4.3.0',
};

/** The errno of a system error (`ENOSPC`), or `null` where the value is none. */
export function errnoOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** The reply for any value that was thrown. Full storage is 452; what is not known to be permanent is transient. */
export function replyToError(error: unknown): PermanentReply | TransientReply {
  if (error instanceof Failure) return error.reply;
  const status = STATUS_OF_ERRNO[errnoOf(error) ?? ''];
  if (status === '4.3.1') return STORAGE_FULL;
  return status === undefined ? LOCAL_ERROR : { ...LOCAL_ERROR, status };
}

/** A thrown value in one line, for the log. Anything may be thrown, also what cannot be made text of. */
export function describeError(error: unknown): string {
  try {
    if (error instanceof Error) return error.message === '' ? error.name : error.message;
    return String(error);
  } catch {
    return `something that cannot be shown (${typeof error})`;
  }
}

/** What was thrown and what caused it, in one line: `fetch failed: connect ECONNREFUSED 127.0.0.1:5432`. */
export function describeWithCauses(error: unknown): string {
  const said: string[] = [];
  let one = error;
  for (let depth = 0; depth < 5 && one !== undefined && one !== null; depth++) {
    const text = describeError(one);
    if (!said.some(before => before.includes(text))) said.push(text);
    one = causeOf(one);
  }
  return said.length === 0 ? String(error) : said.join(': ');
}

function causeOf(error: unknown): unknown {
  try {
    return error instanceof Error ? error.cause : undefined;
  } catch {
    return undefined;
  }
}

/** The same, and where in the files of a plugin it comes from: `no such table (filters/mine.ts:5:11)`. */
export function describeWithOrigin(error: unknown, originOf: (error: unknown) => Origin): string {
  const { at, isExact } = originOf(error);
  return isExact ? `${describeWithCauses(error)} (${at})` : describeWithCauses(error);
}
