/** Programs of the user's mailcap: never without leave, and never with what a stranger chose in their command. */
import { readdirSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Leave, readMailcaps, viewOf } from '../../../../core/cli/show/viewer.ts';
import { parseMailcap } from '../../../../core/reading/mailcap.ts';
import type { ReadPart } from '../../../../core/reading/message.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

function part(parameters: Readonly<Record<string, string>> = {}, type = 'application/x-note'): ReadPart {
  return {
    path: '2',
    type,
    parameters,
    encoding: '7bit',
    disposition: null,
    name: null,
    otherNames: [],
    description: null,
    travels: 5,
    size: 5,
    header: null,
    shown: { kind: 'file' },
    signedBy: [],
    children: [],
  };
}

async function* octets() {
  yield Buffer.from('he');
  yield Buffer.from('llo');
}

const RUN: Leave = { types: ['application/*'], ask: null };
const shown = (mailcap: string, leave: Leave = RUN, of = part()) =>
  viewOf(of, octets, { entries: parseMailcap(mailcap), leave });
const text = (text: string) => ({ kind: 'text', text });

describe('a program', () => {
  test('gets the part in a file, or as its input where it names no file', async () => {
    expect(await shown('application/x-note; cat %s; copiousoutput')).toEqual(text('hello'));
    expect(await shown('application/x-note; tr a-z A-Z; copiousoutput')).toEqual(text('HELLO'));
  });

  test('that fails its test is passed over', async () => {
    const mailcap = `application/x-note; echo no; copiousoutput; test=test -n "%{none}"
application/x-note; echo yes; copiousoutput; test=test -s %s`;
    expect(await shown(mailcap)).toEqual(text('yes\n'));
  });

  test('finds a name as it wants one', async () => {
    const view = await shown('application/x-note; basename %s; copiousoutput; nametemplate=%s.note');
    expect(view).toMatchObject({ text: expect.stringMatching(/^[0-9a-f]{12}\.note\n$/) });
  });

  test('that there is not, or that says nothing, is told', async () => {
    expect(await shown('application/x-note; no-such-program %s; copiousoutput')).toMatchObject({ kind: 'note' });
  });

  test('there is none: there is nothing to say', async () => {
    expect(await shown('image/png; cat %s; copiousoutput')).toBeNull();
  });
});

describe('threats', () => {
  test('nothing runs without leave: not the program, and not its test', async () => {
    const folder = await tempFolder();
    const mailcap = `application/x-note; touch ${folder}/ran; copiousoutput; test=touch ${folder}/tested`;
    expect(await shown(mailcap, { types: ['image/*'], ask: null })).toMatchObject({ kind: 'note' });
    expect(await shown(mailcap, { types: [], ask: () => Promise.resolve(false) })).toMatchObject({ kind: 'note' });
    expect(readdirSync(folder)).toEqual([]);
    await shown(mailcap, { types: [], ask: () => Promise.resolve(true) });
    expect(readdirSync(folder)).toEqual(['ran', 'tested']);
  });

  test('who is asked sees the very command', async () => {
    const questions: string[] = [];
    const ask = (question: string) => {
      questions.push(question);
      return Promise.resolve(false);
    };
    await shown(
      'application/x-note; cat %s %{name}; copiousoutput; test=true',
      { types: [], ask },
      part({ name: '$(id)' }),
    );
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatch(
      /\n {2}cat \/\S+\/mailframe-show-\w+\/[0-9a-f]{12} __id_\n {2}after this succeeds: true\n/,
    );
  });

  test.each(['$(touch ran)', '`touch ran`', "'; touch ran; '", '"; touch ran; "', '; touch ran', '\ntouch ran\n'])(
    'a parameter that is a command is none: %j',
    async name => {
      const folder = await tempFolder();
      await shown(
        `application/x-note; cd ${folder}\\; echo '%{name}' "%{name}" %{name}; copiousoutput`,
        RUN,
        part({ name }),
      );
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test('the file is for us alone, and is gone afterwards', async () => {
    const folder = await tempFolder();
    const view = await shown(
      `application/x-note; ls -ln %s\\; stat -c %%a $(dirname %s)\\; echo %s > ${folder}/path; copiousoutput`,
    );
    expect(view).toMatchObject({ text: expect.stringMatching(/^-rw------- [^]*\n700\n$/) });
    const path = (await readFile(join(folder, 'path'), 'utf8')).trim();
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  test('a program that prints without end is cut off where enough is kept', async () => {
    const view = await shown('application/x-note; yes | head -c 3000000; copiousoutput');
    expect(view?.text.length).toBe(1024 * 1024);
  });
});

test('the files of the user are read in their order; one that is not there says nothing', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'mine'), 'image/png; mine; copiousoutput');
  await writeFile(join(folder, 'theirs'), 'image/png; theirs; copiousoutput');
  const MAILCAPS = ['mine', 'none', 'theirs'].map(name => join(folder, name)).join(':');
  expect((await readMailcaps({ MAILCAPS })).map(({ command }) => command)).toEqual(['mine', 'theirs']);
});
