/**
 * The keyring: every public key in a folder or a file, read at the start and again when what is there has changed.
 *
 * A key file that cannot be used costs nobody the other keys: it is a complaint for `mailframe check` and a warning in the
 * log. While the folder cannot be read at all, the keys that were read last go on to hold: mail is not deferred for it.
 */
import { createHash } from 'node:crypto';
import { describeError } from '../mail/failure.ts';
import type { Clock, Files, Log } from '../plugin/ports.ts';
import { armoredBlocks } from './armor.ts';
import { indexKeys, type KeyIndex } from './key-index.ts';
import { isKeybox, keyboxKeys } from './keybox.ts';
import { type Key, type KeyMaterial, readKeyMaterial } from './openpgp.ts';
import { type OwnerTrusts, parseOwnerTrusts } from './owner-trust.ts';
import { type TrustRules, type WebOfTrust, webOfTrust } from './web-of-trust.ts';

/** Files of a keyring folder that are read; all others are not looked at. */
const KEY_FILE = /\.(?:asc|gpg|pgp|kbx)$/i;
/** A key file of that size is none. In octets. */
const LARGEST_FILE = 64 * 1024 * 1024;
/** How the file begins in which GnuPG 2.4 can keep keys instead. */
const DATABASE = Buffer.from('SQLite format 3\0');
/** How long a web of trust holds: certifications expire. In milliseconds. */
const WEB_HOLDS = 60 * 60 * 1000;
/** How often the folder is looked at, at most. In milliseconds. */
const LOOK_EVERY = 5000;

/** A file that is no key file. */
export interface UnusableFile {
  readonly path: string;
  /** What is wrong and what to do, in one sentence without the file's name. */
  readonly why: string;
}

/** What was read. */
export interface ReadKeyring {
  readonly material: readonly KeyMaterial[];
  readonly unusable: readonly UnusableFile[];
}

/**
 * Reads a keyring.
 * @throws the error of the file system, where there is nothing at the path or it cannot be read
 */
export async function readKeyring(files: Files, path: string): Promise<ReadKeyring> {
  const material: KeyMaterial[] = [];
  const unusable: UnusableFile[] = [];
  for (const file of await keyFiles(files, path)) {
    try {
      material.push(...(await readKeyFile(await files.read(file))));
    } catch (error) {
      unusable.push({ path: file, why: describeError(error) });
    }
  }
  return { material, unusable };
}

/** The files of a keyring: those of the folder that bear a key file's name, or the one file itself. */
export async function keyFiles(files: Files, path: string): Promise<readonly string[]> {
  const facts = await files.facts(path);
  if (facts?.kind === 'file') return [path];
  try {
    return (await files.list(path)).filter(name => KEY_FILE.test(name)).map(name => `${path}/${name}`);
  } catch (error) {
    // A link may lead to a file as well as to a folder; only trying shows which.
    if (facts?.kind === 'link') return [path];
    throw error;
  }
}

async function readKeyFile(octets: Buffer): Promise<readonly KeyMaterial[]> {
  if (octets.length > LARGEST_FILE) throw new Error('it is too large to be a key file');
  if (isKeybox(octets)) return [await readKeyMaterial(Buffer.concat(keyboxKeys(octets)))];
  if (octets.subarray(0, DATABASE.length).equals(DATABASE))
    throw new Error('it is the database of keyboxd; write its keys to a file by: gpg --export --armor');
  const blocks = armoredBlocks(octets);
  if (blocks.length === 0) return [await readKeyMaterial(octets)];
  const material: KeyMaterial[] = [];
  for (const block of blocks) {
    if (block.kind === 'PRIVATE KEY BLOCK')
      throw new Error('it holds a private key, which has no place on a gateway; put only the public key here');
    if (block.kind !== 'PUBLIC KEY BLOCK') continue;
    if (block.octets === null) throw new Error('its armor is damaged; export the key again');
    material.push(await readKeyMaterial(block.octets));
  }
  if (material.length === 0) throw new Error('there is no public key in it');
  return material;
}

export interface KeyringParts {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  /** The folder or the file. */
  readonly path: string;
  /** Whose certifications count, and how many it takes. `null`: every key of the keyring is believed. */
  readonly trust: TrustSettings | null;
}

/** A file of owner trust, and how much trust it takes. */
export interface TrustSettings extends TrustRules {
  readonly file: string;
}

/** A keyring as it was at a time. */
export interface Keys {
  readonly index: KeyIndex;
  /** `null`: every key of the keyring is believed. */
  readonly web: WebOfTrust | null;
}

/** A keyring that keeps up with its folder. */
export class Keyring {
  readonly #parts: KeyringParts;
  #keys: Keys = { index: new Map(), web: null };
  #owners: OwnerTrusts = new Map();
  /** When the web of trust is computed anew, by the monotonic clock. */
  #webEnds = 0;
  /** What the folder looked like when the keys were read. */
  #state = '';
  #nextLook = 0;
  #looking: Promise<void> | null = null;

  constructor(parts: KeyringParts) {
    this.#parts = parts;
  }

  /**
   * Reads the keys for the first time.
   * @throws the error of the file system, where they cannot be read
   */
  async load(): Promise<void> {
    const { clock } = this.#parts;
    await this.#read(await this.#stateNow());
    this.#nextLook = clock.monotonic() + LOOK_EVERY;
  }

  /** The keys as they are now, or a few seconds ago. */
  async keys(): Promise<Keys> {
    if (this.#looking !== null || this.#parts.clock.monotonic() >= this.#nextLook) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
      await this.#looking;
    }
    return this.#keys;
  }

  async #look(): Promise<void> {
    const { path, clock, log } = this.#parts;
    this.#nextLook = clock.monotonic() + LOOK_EVERY;
    try {
      const state = await this.#stateNow();
      if (state !== this.#state) await this.#read(state);
      else if (clock.monotonic() >= this.#webEnds)
        this.#keys = { ...this.#keys, web: await this.#web(this.#keys.index) };
    } catch (error) {
      log.error('not read', { keyring: path, cause: describeError(error), instead: 'the keys that were read last' });
    }
  }

  async #read(state: string): Promise<void> {
    const { files, path, log, trust } = this.#parts;
    const { material, unusable } = await readKeyring(files, path);
    for (const { path: file, why } of unusable) log.warn('left out', { key: file, cause: why });
    this.#owners = trust === null ? new Map() : parseOwnerTrusts((await files.read(trust.file)).toString('latin1'));
    const index = indexKeys(material);
    this.#keys = { index, web: await this.#web(index) };
    this.#state = state;
    log.info('read', { keyring: path, keys: keysOf(index).length });
  }

  async #web(index: KeyIndex): Promise<WebOfTrust | null> {
    const { clock, trust } = this.#parts;
    this.#webEnds = clock.monotonic() + WEB_HOLDS;
    if (trust === null) return null;
    return await webOfTrust({ keys: keysOf(index), owners: this.#owners, rules: trust, now: clock.now() });
  }

  async #stateNow(): Promise<string> {
    const { files, path, trust } = this.#parts;
    const paths = [...(await keyFiles(files, path)), ...(trust === null ? [] : [trust.file])];
    return await stateOf(files, paths);
  }
}

/** The keys of an index, each once. */
function keysOf(index: KeyIndex): readonly Key[] {
  return [...new Set([...index.values()].flat().map(({ key }) => key))];
}

/** What changes when a key file does. Links are followed by reading: the link itself stays the same. */
async function stateOf(files: Files, paths: readonly string[]): Promise<string> {
  const states: string[] = [];
  for (const file of paths) {
    const facts = await files.facts(file);
    const state =
      facts?.kind === 'link'
        ? createHash('sha256')
            .update(await files.read(file))
            .digest('hex')
        : `${facts?.identity} ${facts?.size} ${facts?.modifiedAt.getTime()}`;
    states.push(`${file} ${state}`);
  }
  return states.join('\n');
}
