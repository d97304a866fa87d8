/** What a schema cannot see of the options: whether there are keys where they say, and whether they can be used. */
import { describeError, type Files, type OptionComplaint } from '../../core/index.ts';
import { readKeyring, secretKeyComplaint } from '../../core/openpgp/index.ts';
import type { Options } from './options.ts';

/** All that is wrong. */
export async function checkOptions({ keyring, sign }: Options, files: Files): Promise<readonly OptionComplaint[]> {
  return [
    ...(await keyringComplaints(keyring, files)),
    ...(sign === undefined ? [] : await signComplaints(sign, files)),
  ];
}

async function keyringComplaints(keyring: string, files: Files): Promise<readonly OptionComplaint[]> {
  try {
    const { unusable } = await readKeyring(files, keyring);
    return unusable.map(({ path: file, why }) => ({ path: ['keyring'], message: `${file} is of no use: ${why}` }));
  } catch (error) {
    const message = `no keys can be read at ${files.resolve(keyring)}: ${describeError(error)}`;
    return [{ path: ['keyring'], message }];
  }
}

async function signComplaints(
  { keys, passphrase }: NonNullable<Options['sign']>,
  files: Files,
): Promise<readonly OptionComplaint[]> {
  const message = await secretKeyComplaint(files, { path: keys, passphrase: passphrase ?? null });
  return message === null ? [] : [{ path: ['sign', 'keys'], message }];
}
