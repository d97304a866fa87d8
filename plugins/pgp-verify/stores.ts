/** Where the keys are that the options name, opened once at the start. */
import type { Clock, Files, Log, Web } from '../../core/index.ts';
import { AutocryptPeers, Keyring, type PrivateKey, readSecretKeys, WebKeyDirectory } from '../../core/openpgp/index.ts';
import type { Sources } from './key-sources.ts';
import type { Options } from './options.ts';

/** What they act through. */
export interface Ports {
  readonly clock: Clock;
  readonly files: Files;
  readonly log: Log;
  readonly web: Web;
}

/** All keys. */
export interface Stores extends Sources {
  /**
   * Reads what has to be read before the first mail.
   * @throws Error where it cannot be read
   */
  open(): Promise<void>;
  /** `null`: nothing is to be opened. */
  secretKeys(): readonly PrivateKey[] | null;
}

/** Makes them. Nothing is read yet. */
export function storesOf({ keyring: path, trust, wkd, autocrypt, decrypt }: Options, ports: Ports): Stores {
  const keyring = new Keyring({ ...ports, path, trust: trust ?? null });
  const peers = autocrypt === undefined ? null : new AutocryptPeers({ ...ports, ...autocrypt });
  let authorities: string | null = null;
  let secretKeys: readonly PrivateKey[] | null = null;
  const directory =
    wkd === undefined
      ? null
      : new WebKeyDirectory({ ...ports, ...wkd, domains: wkd.domains ?? null, authorities: () => authorities });
  return {
    keyring,
    directory,
    autocrypt: peers === null ? null : { peers, believed: autocrypt?.believe ?? false },
    secretKeys: () => secretKeys,
    async open() {
      await keyring.load();
      await peers?.open();
      if (wkd?.authorities !== undefined) authorities = (await ports.files.read(wkd.authorities)).toString('latin1');
      if (decrypt !== undefined)
        secretKeys = await readSecretKeys(ports.files, { path: decrypt.keys, passphrase: decrypt.passphrase ?? null });
    },
  };
}
