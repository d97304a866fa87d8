/** What a schema cannot see of the options: whether there are keys where they say, and whether they can be used. */
import { describeError, type Files, type OptionComplaint } from '../../core/index.ts';
import { parseOwnerTrusts, readKeyring, readSecretKeys } from '../../core/openpgp/index.ts';
import type { Options } from './options.ts';

/** All that is wrong. */
export async function checkOptions(options: Options, files: Files): Promise<readonly OptionComplaint[]> {
  const { keyring, trust, wkd, decrypt } = options;
  return [
    ...(await keyringComplaints(keyring, files)),
    ...(await tried(['trust', 'file'], 'no trust can be read', trust?.file, files, async file => {
      parseOwnerTrusts((await files.read(file)).toString('latin1'));
    })),
    ...(await tried(['wkd', 'authorities'], 'no authorities can be read', wkd?.authorities, files, async file => {
      if (!(await files.read(file)).includes('-----BEGIN CERTIFICATE-----'))
        throw new Error('there is no certificate in it');
    })),
    ...(await tried(['decrypt', 'keys'], 'no private keys can be used', decrypt?.keys, files, async path => {
      await readSecretKeys(files, { path, passphrase: decrypt?.passphrase ?? null });
    })),
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

async function tried(
  path: OptionComplaint['path'],
  what: string,
  written: string | undefined,
  files: Files,
  attempt: (written: string) => Promise<void>,
): Promise<readonly OptionComplaint[]> {
  if (written === undefined) return [];
  try {
    await attempt(written);
    return [];
  } catch (error) {
    return [{ path, message: `${what} at ${files.resolve(written)}: ${describeError(error)}` }];
  }
}
