/** Packages that only those need who use a kind of table: they are looked for when such a table is checked or first asked. */
import { describeError, errnoOf } from '../mail/failure.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';

/** What to do where it is missing. */
export class NotInstalled extends Error {
  override readonly name = 'NotInstalled';
}

/**
 * Loads a package.
 * @throws NotInstalled where it is not there
 * @example const { Client } = await optional('ldapts', () => import('ldapts'));
 */
export async function optional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const isMissing = errnoOf(error) === 'ERR_MODULE_NOT_FOUND' && describeError(error).includes(`'${name}'`);
    if (!isMissing) throw error;
    throw new NotInstalled(`needs the package ${name}, which is not installed: npm install ${name}`, { cause: error });
  }
}

/** What a check says where the package is missing or broken. */
export function packageComplaint(error: unknown, path: OptionComplaint['path']): readonly OptionComplaint[] {
  return [{ path, message: describeError(error) }];
}
