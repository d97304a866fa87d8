/** What the argument of `mailframe show` means: a file, a mailbox or a mail in one, a mail in the queue, standard input. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mboxEntries } from '../../corpus/mbox.ts';
import type { MboxEntry } from '../../corpus/sample.ts';
import type { Content } from '../../mail/content.ts';
import { fileContent } from '../../system/file-content.ts';
import { unquotedContent } from './unquoted.ts';

/** Where a mail is to be found. */
export type Source =
  | { readonly kind: 'content'; readonly name: string; readonly content: Content }
  /** More mails than one, and none of them was named. */
  | { readonly kind: 'mailbox'; readonly name: string; readonly mailbox: Mailbox }
  | { readonly kind: 'standard-input' }
  /** No file: a queue id, if anything. */
  | { readonly kind: 'queue'; readonly id: string }
  | { readonly kind: 'nothing'; readonly because: string };

/** Mails under one name, each with a number that counts from 1. */
export interface Mailbox {
  readonly mails: () => AsyncIterable<MailInMailbox>;
}

export interface MailInMailbox {
  readonly number: number;
  readonly open: () => Promise<Content>;
}

/** Finds it. A file goes before a queue id of the same name. */
export async function sourceOf(argument: string): Promise<Source> {
  if (argument === '-') return { kind: 'standard-input' };
  const whole = await sourceAt(argument);
  if (whole !== null) return whole;
  const [, path = '', digits = ''] = /^(.+):(\d{1,9})$/.exec(argument) ?? [];
  const mailbox = path === '' ? null : await sourceAt(path);
  if (mailbox !== null) return numbered(mailbox, path, Number(digits));
  if (/[/\\]|\.(?:eml|mbox|msg|txt)(?::\d+)?$/i.test(argument)) {
    return { kind: 'nothing', because: `There is no file ${argument}.` };
  }
  return { kind: 'queue', id: argument };
}

async function sourceAt(path: string): Promise<Exclude<Source, { kind: 'queue' | 'standard-input' }> | null> {
  const facts = await stat(path).catch(() => null);
  if (facts === null) return null;
  if (facts.isDirectory()) {
    const maildir = await maildirAt(path);
    if (maildir !== null) return { kind: 'mailbox', name: path, mailbox: maildir };
    return { kind: 'nothing', because: `${path} is a folder, and no Maildir: name a file in it.` };
  }
  const content = await fileContent(path);
  if (!(await beginsWithFromLine(content))) return { kind: 'content', name: path, content };
  const mailbox = mboxAt(path);
  const first: MailInMailbox[] = [];
  for await (const mail of mailbox.mails()) if (first.push(mail) > 1) break;
  const [only, ...others] = first;
  if (only === undefined || others.length > 0) return { kind: 'mailbox', name: path, mailbox };
  return { kind: 'content', name: path, content: await only.open() };
}

async function numbered(source: Source, path: string, number: number): Promise<Source> {
  if (source.kind === 'content') {
    return number === 1 ? source : { kind: 'nothing', because: `${path} is one mail: there is no number ${number}.` };
  }
  if (source.kind !== 'mailbox') return source;
  let last = 0;
  for await (const mail of source.mailbox.mails()) {
    if (mail.number === number) return { kind: 'content', name: `${path}:${number}`, content: await mail.open() };
    last = mail.number;
  }
  return { kind: 'nothing', because: `${path} has ${last} mails: there is no number ${number}.` };
}

async function beginsWithFromLine(content: Content): Promise<boolean> {
  for await (const piece of content.stream()) return piece.toString('latin1', 0, 5) === 'From ';
  return false;
}

function mboxAt(path: string): Mailbox {
  return {
    async *mails() {
      let number = 0;
      for await (const entry of mboxEntries(path)) {
        number += 1;
        yield { number, open: () => entryContent(entry) };
      }
    },
  };
}

async function entryContent(entry: MboxEntry): Promise<Content> {
  const lines = await fileContent(entry.path, entry);
  if (entry.quoting !== 'none') return unquotedContent(lines);
  return fileContent(entry.path, { start: entry.start + (await firstLine(lines)), end: entry.end });
}

/** In octets, with its end. */
async function firstLine(lines: Content): Promise<number> {
  let length = 0;
  for await (const piece of lines.stream()) {
    const end = piece.indexOf('\n');
    if (end !== -1) return length + end + 1;
    length += piece.length;
  }
  return length;
}

/** A Maildir's mails by name, which is by age: new ones last. `null` where the folder is none. */
async function maildirAt(path: string): Promise<Mailbox | null> {
  const folders = await Promise.all(['cur', 'new'].map(name => readdir(join(path, name)).catch(() => null)));
  if (folders.some(one => one === null)) return null;
  const files = folders.flatMap((names, index) =>
    (names ?? [])
      .filter(name => !name.startsWith('.'))
      .map(name => ({ name, path: join(path, index === 0 ? 'cur' : 'new', name) })),
  );
  const sorted = files.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return {
    async *mails() {
      for (const [index, file] of sorted.entries()) yield { number: index + 1, open: () => fileContent(file.path) };
    },
  };
}
