/** The mailboxes of one configuration: which Maildir a mail belongs into, and whether there is room. */
import { join } from 'node:path';
import type { Clock, Files, Random } from '../../core/index.ts';
import { type FolderParts, isMaildir, makeMaildir, makeSubfolder, subfolderFor } from './folders.ts';
import { Maildirs } from './maildir.ts';
import { MaildirSize, type Quota } from './maildir-size.ts';
import { Queues } from './queues.ts';
import { UniqueNames } from './unique-name.ts';

/** What mailboxes are made of. */
export interface MailboxParts {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  /** Ours, for the names of mails. */
  readonly host: string;
  /** An absolute path. */
  readonly directory: string;
  /** Permission bits of a mail. */
  readonly mode: number;
  readonly folders: 'off' | 'existing' | 'made';
  readonly quota: Quota | null;
}

/** A mail for one mailbox. */
export interface Letter {
  /** The Maildir, below the directory. */
  readonly name: string;
  /** That of a subaddress. */
  readonly detail: string | null;
  /** Those of delivery, with LF line ends. */
  readonly fields: string;
  /** What stands below them. */
  readonly lines: AsyncIterable<Buffer>;
}

/** Where a mail is now. */
export type Placed =
  | { readonly kind: 'delivered'; readonly folder: string }
  /** The mailbox has no room. */
  | { readonly kind: 'full' };

/** Thrown through the delivery, which undoes itself. */
class Full extends Error {}

/** Who may read may search: of each group of bits that of reading, moved to that of searching. */
const searchable = (mode: number) => mode | ((mode & 0o444) >> 2);

export class Mailboxes {
  readonly #folderParts: FolderParts;
  readonly #folders: MailboxParts['folders'];
  readonly #maildirs: Maildirs;
  readonly #size: MaildirSize | null;
  /** Two mails must not both take the last room. */
  readonly #queues = new Queues();

  constructor({ files, clock, random, host, directory, mode, folders, quota }: MailboxParts) {
    this.#folderParts = { files, directory, folderMode: searchable(mode) };
    this.#folders = folders;
    this.#maildirs = new Maildirs({ files, clock, mode, names: new UniqueNames(host, { clock, random }) });
    this.#size = quota === null ? null : new MaildirSize(quota, { files, clock });
  }

  /** @throws Failure or the error of the system, and then nothing of the mail is in the mailbox. */
  async deliver(letter: Letter, signal: AbortSignal): Promise<Placed> {
    const { name } = letter;
    if (!(await isMaildir(name, this.#folderParts))) await makeMaildir(name, this.#folderParts);
    const folder = await this.#folderFor(letter);
    const size = this.#size;
    const pieces = prefixed(letter.fields, letter.lines);
    if (size === null) {
      await this.#maildirs.deliver(this.#at(folder), pieces, { signal, room: async () => undefined });
      return { kind: 'delivered', folder };
    }
    return this.#queues.next(name, () => this.#deliverWithin(size, { folder, name, pieces }, signal));
  }

  /**
   * Where a mail of so many octets would lie: nothing is made and nothing written.
   * @throws Failure as `deliver` does
   */
  async look({ name, detail }: Pick<Letter, 'name' | 'detail'>, size: number): Promise<Placed> {
    const mailbox = this.#at(name);
    const isThere = await isMaildir(name, this.#folderParts);
    if (this.#size !== null && !(await this.#size.wouldHaveRoomFor(size, mailbox))) return { kind: 'full' };
    const folder = isThere || this.#folders === 'made' ? await this.#wantedFolder({ name, detail }) : null;
    return { kind: 'delivered', folder: folder?.name ?? name };
  }

  async #deliverWithin(
    quota: MaildirSize,
    {
      folder,
      name,
      pieces,
    }: { readonly folder: string; readonly name: string; readonly pieces: AsyncIterable<Buffer> },
    signal: AbortSignal,
  ): Promise<Placed> {
    const mailbox = this.#at(name);
    const room = async (size: number) => {
      if (!(await quota.hasRoomFor(size, mailbox))) throw new Full();
    };
    try {
      const size = await this.#maildirs.deliver(this.#at(folder), pieces, { signal, room });
      // It is delivered whatever becomes of the sum: that is counted anew some day.
      await quota.add(size, mailbox).catch(() => undefined);
      return { kind: 'delivered', folder };
    } catch (error) {
      if (error instanceof Full) return { kind: 'full' };
      throw error;
    }
  }

  /** The Maildir below the directory into which it belongs. */
  async #folderFor(letter: Letter): Promise<string> {
    const wanted = await this.#wantedFolder(letter);
    if (wanted === null) return letter.name;
    const { name: folder, isThere } = wanted;
    if (!isThere || !(await isMaildir(folder, this.#folderParts))) await makeSubfolder(folder, this.#folderParts);
    return folder;
  }

  /** The folder that the subaddress means, below the directory; `null`: the mailbox itself. */
  async #wantedFolder({ name, detail }: Pick<Letter, 'name' | 'detail'>) {
    if (detail === null || this.#folders === 'off') return null;
    const found = await subfolderFor(detail, name, this.#folderParts);
    if (found === null || (!found.isThere && this.#folders === 'existing')) return null;
    return { name: join(name, found.name), isThere: found.isThere };
  }

  #at(folder: string): string {
    return join(this.#folderParts.directory, folder);
  }
}

async function* prefixed(fields: string, lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(fields);
  yield* lines;
}
