/** The authorities that a server's certificate must come from: those of an option, or the ones that Node knows. */
import { describeError } from '../mail/failure.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Files } from '../plugin/ports.ts';
import { Unreachable } from './asking.ts';

/** What to give to `tls.connect`. @throws Unreachable where the file cannot be read */
export async function authoritiesIn(file: string | null, files: Files): Promise<{ readonly ca?: Buffer }> {
  if (file === null) return {};
  try {
    return { ca: await files.read(file) };
  } catch (error) {
    throw new Unreachable(`${file} cannot be read: ${describeError(error)}`, { cause: error });
  }
}

/** What is wrong with the file. */
export async function checkAuthorities(
  file: string | null,
  files: Files,
  path: OptionComplaint['path'],
): Promise<readonly OptionComplaint[]> {
  if (file === null) return [];
  try {
    const pem = (await files.read(file)).toString('latin1');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return [];
    return [{ path, message: `${file} holds no certificate in PEM form` }];
  } catch (error) {
    return [{ path, message: `${file} cannot be read: ${describeError(error)}` }];
  }
}
