/**
 * The file `maildirsize` of Maildir++: what a Maildir holds, and what it may hold, shared with every program that knows it.
 *
 * Its first line is the quota (`1000000S,1000C`), each further line adds a size and a count, with a minus where mail was
 * removed. Whoever delivers adds a line. The file is made anew from the mails themselves where it is missing, says another
 * quota, has grown long, or is old and says that the mailbox is full: others may have removed mail and told nobody.
 */
import { join } from 'node:path';
import { type Clock, errnoOf, type Files } from '../../core/index.ts';

/** What a mailbox may hold. `null`: as much as it likes. */
export interface Quota {
  /** In octets, with LF line ends. */
  readonly size: number | null;
  readonly messages: number | null;
}

/** What it holds. */
export interface Usage {
  readonly size: number;
  readonly messages: number;
}

export const FILE_NAME = 'maildirsize';
/** A longer file is made anew. In octets: what the description of Maildir++ names. */
const LONGEST = 5120;
/** Within it a full mailbox is believed to be full. In milliseconds. */
const BELIEVED = 15 * 60_000;
const TRASH = '.trash';
/** `T`: in the flags behind `:2,`, says that the mail is to be removed; it does not count. */
const TRASHED = /:2,[A-Za-z]*T/;
const SIZE_IN_NAME = /,S=(\d+)/;

interface Read extends Usage {
  readonly isOld: boolean;
}

export class MaildirSize {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #quota: Quota;

  constructor(quota: Quota, { files, clock }: { readonly files: Files; readonly clock: Clock }) {
    this.#quota = quota;
    this.#files = files;
    this.#clock = clock;
  }

  /** Whether a mail of this size fits into the Maildir at the path. */
  async hasRoomFor(size: number, maildir: string): Promise<boolean> {
    const told = await this.#believes(size, maildir);
    return told ?? this.#fits(await this.#countAnew(maildir), size);
  }

  /** The same, and nothing is written down. */
  async wouldHaveRoomFor(size: number, maildir: string): Promise<boolean> {
    const told = await this.#believes(size, maildir);
    return told ?? this.#fits(await this.#count(maildir), size);
  }

  /** A mail was delivered. */
  async add(size: number, maildir: string): Promise<void> {
    await this.#files.append(join(maildir, FILE_NAME), Buffer.from(`${size} 1\n`));
  }

  /** What the file says of it; `null` where the mails have to be counted. */
  async #believes(size: number, maildir: string): Promise<boolean | null> {
    const known = await this.#read(maildir);
    if (known !== null && this.#fits(known, size)) return true;
    return known !== null && !known.isOld ? false : null;
  }

  #fits({ size, messages }: Usage, more: number): boolean {
    const quota = this.#quota;
    return (quota.size === null || size + more <= quota.size) && (quota.messages === null || messages < quota.messages);
  }

  /** What the file says, or `null` where it says nothing that can be used. */
  async #read(maildir: string): Promise<Read | null> {
    const path = join(maildir, FILE_NAME);
    const facts = await this.#files.facts(path);
    if (facts === null || facts.kind !== 'file' || facts.size > LONGEST) return null;
    const [first, ...lines] = (await this.#files.read(path)).toString('latin1').split('\n');
    if (first !== this.#definition()) return null;
    let size = 0;
    let messages = 0;
    for (const line of lines) {
      const [, more, count] = /^\s*(-?\d+)\s+(-?\d+)\s*$/.exec(line) ?? [];
      if (more === undefined) continue;
      size += Number(more);
      messages += Number(count);
    }
    // A sum below nothing says that somebody has counted wrong.
    if (size < 0 || messages < 0) return null;
    return { size, messages, isOld: this.#clock.now().getTime() - facts.modifiedAt.getTime() > BELIEVED };
  }

  /** Counts, and writes down how many they are. */
  async #countAnew(maildir: string): Promise<Usage> {
    const usage = await this.#count(maildir);
    const text = `${this.#definition()}\n${usage.size} ${usage.messages}\n`;
    await this.#files.replace(join(maildir, FILE_NAME), Buffer.from(text));
    return usage;
  }

  /** Counts the mails of the Maildir and of its folders. */
  async #count(maildir: string): Promise<Usage> {
    const names = await namesIn(maildir, this.#files);
    const folders = names.filter(name => name.startsWith('.') && name.toLowerCase() !== TRASH);
    let usage: Usage = { size: 0, messages: 0 };
    for (const folder of ['', ...folders]) {
      for (const part of ['new', 'cur']) usage = await this.#countIn(join(maildir, folder, part), usage);
    }
    return usage;
  }

  async #countIn(folder: string, before: Usage): Promise<Usage> {
    let { size, messages } = before;
    for (const name of await namesIn(folder, this.#files)) {
      if (name.startsWith('.') || TRASHED.test(name)) continue;
      const said = SIZE_IN_NAME.exec(name)?.[1];
      const facts = said === undefined ? await this.#files.facts(join(folder, name)) : null;
      // It was removed meanwhile.
      if (said === undefined && facts === null) continue;
      size += said === undefined ? (facts?.size ?? 0) : Number(said);
      messages += 1;
    }
    return { size, messages };
  }

  /** As the first line of the file says it. */
  #definition(): string {
    const { size, messages } = this.#quota;
    return [...(size === null ? [] : [`${size}S`]), ...(messages === null ? [] : [`${messages}C`])].join(',');
  }
}

async function namesIn(folder: string, files: Files): Promise<readonly string[]> {
  try {
    return await files.list(folder);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
