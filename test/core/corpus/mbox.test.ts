import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bodyLengthOf } from '../../../plugins/mbox-delivery/body-length.ts';
import { type MboxFormat, mboxLinesOf } from '../../../plugins/mbox-delivery/mbox-lines.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { arrivals, listed } from './listed.ts';

/** So much of a file is read at once. */
const AHEAD = 1024 * 1024;
const FROM = 'From ann@client.test Thu Nov 26 03:00:00 2026\n';

async function textsIn(mbox: string): Promise<readonly string[]> {
  const file = join(await tempFolder(), 'mbox');
  await writeFile(file, mbox, 'latin1');
  return (await arrivals([file])).map(({ text }) => text.replaceAll('\r\n', '\n'));
}

describe('messages are parted', () => {
  test.each([
    [
      'with empty lines between',
      'Subject: one\n\nfirst\n',
      `${FROM}Subject: one\n\nfirst\n\n${FROM}Subject: two\n\nlast\n\n`,
    ],
    ['without them', 'Subject: one\n\nfirst\n', `${FROM}Subject: one\n\nfirst\n${FROM}Subject: two\n\nlast\n`],
    [
      'with CRLF',
      'Subject: one\n\nfirst\n',
      `${FROM}Subject: one\n\nfirst\n\n${FROM}Subject: two\n\nlast\n\n`.replaceAll('\n', '\r\n'),
    ],
    [
      'where a sentence begins with From',
      'A: b\n\nFrom what I hear\n\nFrom Monday on\n',
      `${FROM}A: b\n\nFrom what I hear\n\nFrom Monday on\n\n${FROM}Subject: two\n\nlast\n`,
    ],
    ['where the body is empty', 'Subject: one\n\n', `${FROM}Subject: one\n\n\n${FROM}Subject: two\n\nlast\n`],
  ])('%s', async (_, first, mbox) => {
    expect(await textsIn(mbox)).toEqual([first, 'Subject: two\n\nlast\n']);
  });

  test.each([
    'From - Mon Nov 23 09:30:00 2026',
    'From MAILER-DAEMON Fri Jul  8 12:08:34 2011',
    'From 1764@xxx Sat Mar 12 12:00:00 +0000 2022',
    'From ann@client.test  Thu Nov 26 03:00 2026',
    'From ann@client.test Thu, 26 Nov 2026 03:00:00 +0100',
    'From "ann lee"@client.test Thu Nov 26 03:00:00 CET 2026',
  ])('by the line %s', async line => {
    expect(await textsIn(`${FROM}A: b\n\none\n\n${line}\nA: b\n\ntwo\n`)).toHaveLength(2);
  });

  test('where a piece of the file ends inside a From_ line', async () => {
    const header = `${FROM}A: b\n\n`;
    for (let before = 0; before < 8; before += 1) {
      const body = `${'x'.repeat(AHEAD - header.length - before)}\n`;
      expect((await textsIn(`${header}${body}\n${header}two\n`)).map(({ length }) => length)).toEqual([
        6 + body.length,
        10,
      ]);
    }
  });
});

describe('a Content-Length', () => {
  const quoting = `inner\n\n${FROM}Subject: inner\n\n>From there\n`;

  test('that leads to a From_ line is believed: what lies between is one message, and unquoted', async () => {
    const length = `Content-Length: ${quoting.length}\n`;
    const texts = await textsIn(`${FROM}${length}Subject: one\n\n${quoting}\n${FROM}Subject: two\n\nlast\n`);
    expect(texts).toEqual([`Subject: one\n\n${quoting}`, 'Subject: two\n\nlast\n']);
  });

  test.each([quoting.length - 3, quoting.length + 2, 99_999_999])('that leads elsewhere is not: %i', async length => {
    const texts = await textsIn(`${FROM}Content-Length: ${length}\nSubject: one\n\n${quoting}\n${FROM}A: b\n\nlast\n`);
    expect(texts).toHaveLength(3);
  });
});

test.each(['mboxrd', 'mboxcl2'] as const)('what mbox-delivery writes as %s is read to the octet', async format => {
  const mails = [
    'Subject: one\r\n\r\nFrom here\r\n>From there\r\n>>From far\r\n\r\n',
    'Subject: two\r\n\r\n',
    `Subject: three\r\n\r\n\r\n${FROM.trim()}\r\ngr\xfc\xdfe\r\n`,
  ];
  const file = join(await tempFolder(), 'mbox');
  await writeFile(file, mails.map(mail => entry(mail, format)).join(''), 'latin1');
  expect((await arrivals([file])).map(({ text }) => text)).toEqual(mails);
});

function entry(mail: string, format: MboxFormat): string {
  const lines = mboxLinesOf(Buffer.from(mail, 'latin1'), format);
  const length = format === 'mboxcl2' ? `Content-Length: ${bodyLengthOf(lines)}\n` : '';
  return `${FROM}${length}${Buffer.concat(lines).toString('latin1')}\n`;
}

test('an mbox file with one message has its name, others are numbered; an empty one holds none', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'a'), `${FROM}A: b\n\none\n\n`);
  await writeFile(join(folder, 'b'), `${FROM}A: b\n\none\n\n${FROM}A: b\n\ntwo\n\n`);
  const names = (await arrivals([join(folder, 'a'), join(folder, 'b')])).map(({ name }) => name.slice(folder.length));
  expect(names).toEqual(['/a', '/b:1', '/b:2']);
  await writeFile(join(folder, 'none'), '');
  expect(await listed(join(folder, 'none'))).toEqual([{ kind: 'other', name: join(folder, 'none') }]);
});
