/** Mailboxes that programs wrote which nobody here wrote: what was put in comes out. */
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWithProgram, run } from '../../support/external.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { arrivals } from './listed.ts';

const NOBODY = 65_534;

/** One character an octet. No line begins with `>From `: what mboxo makes of that, nobody can undo. */
const MAILS: readonly string[] = [
  'Return-Path: <list@client.test>\nTo: bob@example.test\nSubject: plain\n\nHello.\n',
  'To: bob@example.test\nSubject: lines\n\nFrom the first line on\n\nFrom an empty line\n',
  'To: bob@example.test\nSubject: a mailbox\n\nFrom ann@client.test Mon Nov 23 09:30:00 2026\nSubject: inner\n\nbody\n\n',
  'To: bob@example.test\nSubject: 8-bit\n\ngr\xfc\xdfe \x80\x9f\xff\n',
  'To: bob@example.test\nSubject: empty\n\n',
];

/** Without what delivery puts on top; programs that part by empty lines may add or take one at the end. */
function bodies(texts: readonly string[]): readonly string[] {
  return texts
    .map(
      text =>
        `${text
          .replaceAll('\r\n', '\n')
          .replace(/^Return-Path: .*\n/, '')
          .trimEnd()}\n`,
    )
    .toSorted();
}

async function expectRead(...paths: readonly string[]): Promise<void> {
  const read = await arrivals(paths);
  expect(bodies(read.map(({ text }) => text))).toEqual(bodies(MAILS));
  expect(read.map(({ from }) => from)).toContain('list@client.test');
  expect(read.every(({ to }) => to.join() === 'bob@example.test')).toBe(true);
}

const PYTHON = `
import json, mailbox, sys
path = sys.argv[2]
boxes = {'mbox': mailbox.mbox, 'Maildir': mailbox.Maildir, 'MMDF': mailbox.MMDF}
box = boxes[sys.argv[1]](path)
for mail in json.load(sys.stdin):
    box.add(mail.encode('latin-1'))
box.flush()
box.close()
`;

describeWithProgram('python3', "Python's mailbox", () => {
  test.each(['mbox', 'Maildir'])('%s', async kind => {
    const path = join(await tempFolder(), 'box');
    const { code, stderr } = await run('python3', ['-c', PYTHON, kind, path], { input: JSON.stringify(MAILS) });
    expect([code, stderr]).toEqual([0, '']);
    await expectRead(path);
  });
});

describeWithProgram('procmail', 'procmail', () => {
  test('mbox', async () => {
    const folder = await tempFolder();
    const rules = join(folder, 'rc');
    await writeFile(rules, `MAILDIR=${folder}\nDEFAULT=${folder}/box\n:0\n$DEFAULT\n`);
    for (const mail of MAILS) {
      const { code } = await run('procmail', ['-f', 'list@client.test', '-m', rules], {
        input: Buffer.from(mail, 'latin1'),
      });
      expect(code).toBe(0);
    }
    await expectRead(join(folder, 'box'));
  });
});

describeWithProgram('doveadm', 'Dovecot', () => {
  test.each(['mbox', 'maildir'])('%s', async kind => {
    const folder = await tempFolder();
    const box = join(folder, 'box');
    const configuration = join(folder, 'dovecot.conf');
    await mkdir(box);
    // Dovecot writes no mail as root.
    const { uid, gid } = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : userInfo();
    if (uid === NOBODY) for (const path of [folder, box]) await chown(path, uid, gid);
    const settings = [
      `mail_location = ${kind}:${box}`,
      `base_dir = ${folder}/run`,
      `mail_home = ${folder}`,
      'log_path = /dev/stderr',
      `mail_uid = ${uid}`,
      `mail_gid = ${gid}`,
      'first_valid_uid = 1',
      'mbox_read_locks = fcntl',
      'mbox_write_locks = fcntl',
    ];
    await writeFile(configuration, `${settings.join('\n')}\n`);
    for (const mail of MAILS) {
      const { code, stderr } = await run('doveadm', ['-c', configuration, 'save', '-m', 'INBOX'], {
        input: Buffer.from(mail.replaceAll('\n', '\r\n'), 'latin1'),
        env: { USER: 'bob', HOME: folder },
      });
      expect([code, stderr]).toEqual([0, '']);
    }
    await expectRead(box);
  });
});
