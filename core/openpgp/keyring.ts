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
import { type KeyMaterial, readKeyMaterial } from './openpgp.ts';

/** Files of a keyring folder that are read; all others are not looked at. */
const KEY_FILE = /\.(?:asc|gpg|pgp|kbx)$/i;
/** A key file of that size is none. In octets. */
const LARGEST_FILE = 64 * 1024 * 1024;
/** How the file begins in which GnuPG 2.4 can keep keys instead. */
const DATABASE = Buffer.from('SQLite format 3\0');
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
async function keyFiles(files: Files, path: string): Promise<readonly string[]> {
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
}

/** A keyring that keeps up with its folder. */
export class Keyring {
  readonly #parts: KeyringParts;
  #index: KeyIndex = new Map();
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
    const { files, path, clock } = this.#parts;
    const state = await stateOf(files, path);
    await this.#read(state);
    this.#nextLook = clock.monotonic() + LOOK_EVERY;
  }

  /** The keys as they are now, or a few seconds ago. */
  async keys(): Promise<KeyIndex> {
    if (this.#looking !== null || this.#parts.clock.monotonic() >= this.#nextLook) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
      await this.#looking;
    }
    return this.#index;
  }

  async #look(): Promise<void> {
    const { files, path, clock, log } = this.#parts;
    this.#nextLook = clock.monotonic() + LOOK_EVERY;
    try {
      const state = await stateOf(files, path);
      if (state !== this.#state) await this.#read(state);
    } catch (error) {
      log.error('not read', { keyring: path, cause: describeError(error), instead: 'the keys that were read last' });
    }
  }

  async #read(state: string): Promise<void> {
    const { files, path, log } = this.#parts;
    const { material, unusable } = await readKeyring(files, path);
    for (const { path: file, why } of unusable) log.warn('left out', { key: file, cause: why });
    this.#index = indexKeys(material);
    this.#state = state;
    const keys = new Set([...this.#index.values()].flat().map(({ key }) => key));
    log.info('read', { keyring: path, keys: keys.size });
  }
}

/** What changes when a key file does. Links are followed by reading: the link itself stays the same. */
async function stateOf(files: Files, path: string): Promise<string> {
  const states: string[] = [];
  for (const file of await keyFiles(files, path)) {
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
