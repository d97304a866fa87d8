/**
 * What mail has brought along of keys, by address, on the disk: the peers of Autocrypt Level 1 (section 2.3).
 *
 * One file for each address, replaced in one step, so that a crash leaves the old state or the new one. Nobody vouches for
 * these keys: whoever can write an address into From can put one here. What can go wrong with the disk is logged; no mail
 * waits or fails for it. No more than `most` addresses are kept, so that invented senders do not fill the disk.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Mailbox } from '../mail/address.ts';
import { describeError } from '../mail/failure.ts';
import { formatMailbox } from '../mail/path.ts';
import type { HeaderBlock } from '../mime/header.ts';
import { parseMediaType } from '../mime/media-type.ts';
import type { Files, Log } from '../plugin/ports.ts';
import { autocryptOf } from './autocrypt-header.ts';
import { indexKeys, type KeyIndex } from './key-index.ts';
import { readKeyMaterial } from './openpgp.ts';

const PEER = z.strictObject({
  address: z.string(),
  /** When mail of this address was last seen, and when one with a key. Milliseconds since the epoch. */
  lastSeen: z.int(),
  autocryptTimestamp: z.int(),
  preferEncrypt: z.enum(['mutual', 'nopreference']),
  /** Binary, in base64. */
  key: z.string(),
});

/** What is known of an address. */
export type Peer = Readonly<z.output<typeof PEER>>;

export interface AutocryptParts {
  readonly files: Files;
  readonly log: Log;
  /** The folder. Made where it is missing. */
  readonly directory: string;
  /** How many addresses are kept. */
  readonly most: number;
}

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
const STATE_FILE = /^[0-9a-f]{64}\.json$/;

/** The peers. */
export class AutocryptPeers {
  readonly #parts: AutocryptParts;
  #count = 0;
  /** Updates go one by one: each reads what the one before it wrote. */
  #updated: Promise<void> = Promise.resolve();

  constructor(parts: AutocryptParts) {
    this.#parts = parts;
  }

  /**
   * Makes the folder and counts what is in it.
   * @throws the error of the file system
   */
  async open(): Promise<void> {
    const { files, directory } = this.#parts;
    await files.makeDirectory(directory, OWNER_ONLY_FOLDER);
    this.#count = (await files.list(directory)).filter(name => STATE_FILE.test(name)).length;
  }

  /** What is known of an address, or `null`. */
  async peer(address: Mailbox): Promise<Peer | null> {
    try {
      return await this.#read(address);
    } catch (error) {
      this.#parts.log.warn('not read', { autocrypt: formatMailbox(address), cause: describeError(error) });
      return null;
    }
  }

  /** @throws the error of the file system: that nothing can be read is not that there is nothing */
  async #read(address: Mailbox): Promise<Peer | null> {
    const { files, log } = this.#parts;
    const path = this.#pathOf(address);
    if ((await files.facts(path)) === null) return null;
    const text = (await files.read(path)).toString();
    try {
      return PEER.parse(JSON.parse(text));
    } catch (error) {
      log.warn('not read', { autocrypt: path, cause: describeError(error) });
      return null;
    }
  }

  /** The key of an address, by key id. None, where nothing is known. */
  async keysOf(address: Mailbox): Promise<KeyIndex> {
    const peer = await this.peer(address);
    return indexKeys(peer === null ? [] : [await readKeyMaterial(Buffer.from(peer.key, 'base64'))]);
  }

  /** Learns from a mail what its header says. `author`: its only author. Never fails. */
  async learn(header: HeaderBlock, author: Mailbox, now: Date): Promise<void> {
    const type = parseMediaType(header.first('content-type') ?? '');
    // Reports quote the mail of others.
    if (type?.type === 'multipart' && type.subtype === 'report') return;
    this.#updated = this.#updated.then(() => this.#update(header, author, effectiveDate(header, now)));
    await this.#updated;
  }

  async #update(header: HeaderBlock, author: Mailbox, at: number): Promise<void> {
    const { log } = this.#parts;
    try {
      const before = await this.#read(author);
      if (before !== null && at < before.autocryptTimestamp) return;
      const field = autocryptOf(header, author);
      if (field !== null && (await isOneKey(field.key))) {
        const lastSeen = Math.max(at, before?.lastSeen ?? at);
        const { preferEncrypt, key } = field;
        await this.#keep(author, before, {
          lastSeen,
          autocryptTimestamp: at,
          preferEncrypt,
          key: key.toString('base64'),
        });
      } else if (before !== null && at > before.lastSeen) {
        await this.#keep(author, before, { ...before, lastSeen: at });
      }
    } catch (error) {
      log.error('not kept', { autocrypt: formatMailbox(author), cause: describeError(error) });
    }
  }

  async #keep(author: Mailbox, before: Peer | null, state: Omit<Peer, 'address'>): Promise<void> {
    const { files, log, most } = this.#parts;
    if (before === null && this.#count >= most) {
      log.warn('not kept', { autocrypt: formatMailbox(author), cause: `${most} addresses are kept already` });
      return;
    }
    const peer: Peer = { ...state, address: formatMailbox(author) };
    await files.replace(this.#pathOf(author), Buffer.from(`${JSON.stringify(peer)}\n`), OWNER_ONLY);
    if (before === null) this.#count += 1;
  }

  /** Addresses hold characters that file names must not. */
  #pathOf(address: Mailbox): string {
    const name = formatMailbox(address).replaceAll(/[A-Z]/g, letter => letter.toLowerCase());
    return `${this.#parts.directory}/${createHash('sha256').update(name).digest('hex')}.json`;
  }
}

/** When a mail was sent by its own account, but never later than now. Milliseconds since the epoch. */
function effectiveDate(header: HeaderBlock, now: Date): number {
  const dated = header.named('date').length === 1 ? Date.parse(header.first('date') ?? '') : Number.NaN;
  return Number.isNaN(dated) ? now.getTime() : Math.min(dated, now.getTime());
}

async function isOneKey(octets: Buffer): Promise<boolean> {
  try {
    const { keys } = await readKeyMaterial(octets);
    return keys.length === 1;
  } catch {
    return false;
  }
}
