/** What the files of this folder have in common: an exchange of challenges and responses (RFC 4422 section 3). */
import { isUtf8 } from 'node:buffer';
import type { Authentication } from '../authentication.ts';
import type { Said } from '../replies.ts';
import type { Setting } from '../setting.ts';

/** Yields challenges, is sent responses, and ends with the reply to AUTH. Nobody need bring it to its end. */
export type Exchange = AsyncGenerator<string, Said, Buffer>;

/** What an exchange works with. */
export interface Surroundings {
  readonly setting: Setting;
  readonly authentication: Authentication;
}

/** A mechanism. `initial`: the response that came with AUTH, or `null`. */
export type BeginExchange = (surroundings: Surroundings, initial: Buffer | null) => Exchange;

/** A message as text, or `null` where it is not UTF-8. */
export function textOf(message: Buffer): string | null {
  return isUtf8(message) ? message.toString('utf8') : null;
}

/** Whether somebody can be called so: logs and traces say it. */
export function isName(user: string): boolean {
  return user !== '' && !/\p{Cc}/u.test(user);
}
