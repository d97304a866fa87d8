/** Real mail through mbox-delivery, and samples of other people's mbox files: what other programs read back is what was sent. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readMbox } from '../plugins/mbox-delivery/mboxrd-reader.ts';
import { realMailboxes } from '../plugins/mbox-delivery/real-mailbox.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { describeWithProgram, run } from '../support/external.ts';
import { compared, tally } from '../support/tally.ts';

interface Sample {
  readonly id: string;
  /** latin1, LF line ends, without the From_ line of the file that it was taken from. */
  readonly text: string;
}

function spamAssassin(): readonly Sample[] {
  const root = corpus('corpora', 'spamassassin');
  const folders = readdirSync(root, { withFileTypes: true }).filter(entry => entry.isDirectory());
  return folders.flatMap(({ name: folder }) =>
    readdirSync(join(root, folder)).map(name => {
      const text = readFileSync(join(root, folder, name), 'latin1').replaceAll('\r\n', '\n');
      return { id: `${folder}/${name}`, text: text.replace(/^From .*\n/, '') };
    }),
  );
}

/** What has to arrive: the same without Return-Path fields in the header, and with a line end at its end. */
function wanted(text: string): string {
  const [, header = '', body = ''] = /^((?:.+\n)*)([^]*)$/.exec(text) ?? [];
  const kept = header.replaceAll(/^Return-Path:.*\n(?:[ \t].*\n)*/gim, '');
  return `${kept}${body}`.replace(/(?<!\n)$/, '\n');
}

/** One mailbox with all samples in it. */
async function delivered(samples: readonly Sample[]) {
  const mailboxes = await realMailboxes();
  for (const { id, text } of samples) {
    const content = Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
    expect(await mailboxes.deliver({ content }), id).toMatchObject({ kind: 'delivered' });
  }
  return mailboxes;
}

describeWithCorpus('400 mails of SpamAssassin in one mbox file', () => {
  test('by the rule of mboxrd', async () => {
    const samples = spamAssassin();
    const { folder } = await delivered(samples);
    const mails = readMbox(await readFile(join(folder, 'bob')));
    expect(mails).toHaveLength(samples.length);
    tally(
      'spamassassin, mboxrd reader',
      samples.map(({ id, text }, at) => compared(id, mails[at]?.content, wanted(text))),
    );
  }, 120_000);

  describeWithProgram('python3', "by Python's mailbox", () => {
    test('and its From_ lines', async () => {
      const samples = spamAssassin();
      const { folder } = await delivered(samples);
      const script = `
import mailbox, json
box = mailbox.mbox('bob', create=False)
json.dump([box.get_bytes(key).decode('latin-1') for key in box.keys()], open('read.json', 'w'))
`;
      expect(await run('python3', ['-c', script], { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
      const read = JSON.parse(await readFile(join(folder, 'read.json'), 'utf8')) as readonly string[];
      expect(read).toHaveLength(samples.length);
      tally(
        "spamassassin, Python's mailbox",
        samples.map(({ id, text }, at) => {
          const [mail] = readMbox(Buffer.from(`From x\n${read[at]}\n`, 'latin1'));
          return compared(id, mail?.content, wanted(text));
        }),
      );
    }, 120_000);
  });

  describeWithProgram('formail', 'by formail', () => {
    test('one by one', async () => {
      const samples = spamAssassin();
      const { folder } = await delivered(samples);
      const input = await readFile(join(folder, 'bob'));
      const { stdout } = await run('formail', ['-s', 'sh', '-c', 'cat > /dev/null; echo mail'], {
        input,
        timeout: 60_000,
      });
      expect(stdout.trim().split('\n')).toHaveLength(samples.length);
    }, 120_000);
  });
});

describeWithCorpus('mbox files of Thunderbird', () => {
  const sample = (name: string) => readFileSync(corpus('corpora', 'mbox-samples', name));

  test('a mail that was quoted by the rule of mboxrd is quoted the same way again', async () => {
    const mails = readMbox(Buffer.concat([sample('mbox_mboxrd'), Buffer.from('\n')]));
    expect(mails).toHaveLength(2);
    const { folder } = await delivered(mails.map(({ content }, at) => ({ id: String(at), text: content })));
    const again = await readFile(join(folder, 'bob'), 'latin1');
    expect(again).toContain('\n>From (should be escaped).\n');
    expect(readMbox(Buffer.from(again, 'latin1')).map(({ content }) => content)).toEqual(
      mails.map(({ content }) => content),
    );
  });

  test('a From_ line inside a body, which splits the mail where nobody quotes it, is quoted by us', async () => {
    const [first = ''] = sample('mbox_unquoted')
      .toString('latin1')
      .split(/\n\n(?=From \nFrom:)/);
    const text = `${first.replace(/^From \n/, '')}\n`;
    expect(text).toMatch(/\nFrom \n/);
    const { folder, deliver } = await realMailboxes();
    await writeFile(join(folder, 'bob'), '', { mode: 0o600 });
    for (let copy = 0; copy < 2; copy += 1) {
      expect(await deliver({ content: text })).toMatchObject({ kind: 'delivered' });
    }
    const mails = readMbox(await readFile(join(folder, 'bob')));
    expect(mails.map(({ content }) => content)).toEqual([text, text]);
  });
});
