/** What the argument of `mailframe show` means, and what a mail in a mailbox is. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { listed } from '../../../../core/cli/show/listing.ts';
import { sourceOf } from '../../../../core/cli/show/source.ts';
import { unquotedContent } from '../../../../core/cli/show/unquoted.ts';
import type { Content } from '../../../../core/mail/content.ts';
import { folderForAll } from '../../../support/temp-folder.ts';

const folder = folderForAll();
const at = (name: string) => join(folder(), name);
const MAIL = 'From: ann@example.test\nSubject: one\n\nHi\n>From here\n';

beforeAll(async () => {
  const from = (subject: string, body: string, field = '') =>
    `From ann@example.test Wed Nov 25 12:00:00 2026\nFrom: Ann <ann@example.test>\n${field}Subject: ${subject}\n\n${body}\n`;
  await writeFile(at('one.eml'), MAIL);
  await writeFile(at('one.mbox'), from('alone', 'Hi\n'));
  await writeFile(at('two.mbox'), from('first', '>From here\n>>From there\n') + from('second', 'Hi\n'));
  await writeFile(at('cl2.mbox'), from('first', '>From here\n', 'Content-Length: 11\n') + from('second', 'Hi\n'));
  await writeFile(at('odd:2'), MAIL);
  for (const name of ['cur', 'new', 'tmp']) await mkdir(join(at('Maildir'), name), { recursive: true });
  await writeFile(join(at('Maildir'), 'cur', '2.host:2,S'), MAIL.replace('one', 'older'));
  await writeFile(join(at('Maildir'), 'new', '3.host'), MAIL.replace('one', 'newer'));
});

async function found(name: string): Promise<string> {
  const source = await sourceOf(at(name));
  if (source.kind === 'nothing') return source.because.replaceAll(folder(), '');
  return source.kind === 'content' ? (await source.content.bytes()).toString() : source.kind;
}

describe('a message is', () => {
  test('a file as it is', async () => expect(await found('one.eml')).toBe(MAIL));

  test('the one mail of an mbox, without its From_ line and the empty line behind it', async () => {
    expect(await found('one.mbox')).toBe('From: Ann <ann@example.test>\nSubject: alone\n\nHi\n');
  });

  test('a mail of an mbox by its number, unquoted', async () => {
    expect(await found('two.mbox:1')).toBe('From: Ann <ann@example.test>\nSubject: first\n\nFrom here\n>From there\n');
    expect(await found('two.mbox:2')).toContain('Subject: second');
  });

  test('a mail of an mboxcl2 as it stands: there, nothing is quoted', async () => {
    expect(await found('cl2.mbox:1')).toMatch(/\n>From here\n$/);
  });

  test('a mail of a Maildir by its number, or by its file', async () => {
    expect(await found('Maildir:2')).toContain('Subject: newer');
    expect(await found('Maildir/cur/2.host:2,S')).toContain('Subject: older');
  });

  test('a file whose name looks like a number in a mailbox', async () => expect(await found('odd:2')).toBe(MAIL));

  test('nothing where there is none, and why', async () => {
    expect(await found('two.mbox:3')).toBe('/two.mbox has 2 mails: there is no number 3.');
    expect(await found('one.eml:2')).toBe('/one.eml is one mail: there is no number 2.');
    expect(await found('none.eml')).toBe('There is no file /none.eml.');
    expect(await found('')).toContain('no Maildir');
  });

  test('anything else is a queue id, and - is standard input', async () => {
    expect(await sourceOf('01KAXYZ')).toEqual({ kind: 'queue', id: '01KAXYZ' });
    expect(await sourceOf('-')).toEqual({ kind: 'standard-input' });
  });
});

test('a mailbox of several mails is a list', async () => {
  const source = await sourceOf(at('two.mbox'));
  if (source.kind !== 'mailbox') throw new Error(source.kind);
  expect(
    (await Array.fromAsync(listed(source.mailbox))).map(({ number, from, subject }) => [number, from, subject]),
  ).toEqual([
    [1, 'Ann', 'first'],
    [2, 'Ann', 'second'],
  ]);
});

test('lines are unquoted wherever the pieces were cut', async () => {
  const text = 'From x\n>From a\n>>From b\n> From c\n>Fro\n>From \n>';
  for (let size = 1; size < text.length; size += 1) {
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
      Buffer.from(text.slice(index * size, (index + 1) * size)),
    );
    const entry: Content = {
      size: text.length,
      bytes: () => Promise.resolve(Buffer.concat(pieces)),
      async *stream() {
        yield* pieces;
      },
    };
    const mail = await unquotedContent(entry);
    expect((await mail.bytes()).toString()).toBe('From a\n>From b\n> From c\n>Fro\nFrom \n>');
    expect(mail.size).toBe((await mail.bytes()).length);
  }
});
