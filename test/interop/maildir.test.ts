/** Maildirs that a whole gateway has filled, read by programs that nobody here wrote: what they read is what was sent. */
import { chmod, chown, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { describeWithProgram, run } from '../support/external.ts';
import { until } from '../support/until.ts';
import { belowReceived, runningGateway } from './running-gateway.ts';

const FOLDER = 'maildirs';
const NOBODY = 65_534;

/** One character an octet, LF line ends. */
const MAILS: readonly string[] = [
  'Subject: plain\n\nHello.\n',
  'Subject: From_ lines\n\nFrom the first line on\n>From there\n',
  'Subject: 8-bit\nContent-Type: text/plain; charset=iso-8859-1\n\ngr\xfc\xdfe \x80\x9f\xff\n',
  `Subject: long lines\n\n${'x'.repeat(998)}\n`,
  'Subject: dots\n\n.\n..\n',
  `Subject: large\n\n${'many lines\n'.repeat(50_000)}`,
];

/** A Maildir `bob` with all the mails and a folder `.lists` with one. @returns the folder of Maildirs. */
async function filled(): Promise<string> {
  const { folder, port, outcomes } = await runningGateway({
    plugins: [
      {
        use: 'maildir-delivery',
        as: 'maildirs',
        options: { directory: `./${FOLDER}`, delimiters: '+', folders: 'made', quota: { messages: 100 } },
      },
    ],
    routes: [{ when: { recipient: '@example.test' }, deliver: 'maildirs' }],
  });
  const client = await smtpClient(port);
  await client.say('EHLO client.test');
  for (const [index, mail] of MAILS.entries()) {
    const to =
      index === 0 ? ['RCPT TO:<bob@example.test>', 'RCPT TO:<bob+lists@example.test>'] : ['RCPT TO:<bob@example.test>'];
    await client.sayAll(['MAIL FROM:<ann@client.test> BODY=8BITMIME', ...to]);
    expect(await client.data(Buffer.from(mail.replaceAll('\n', '\r\n'), 'latin1'))).toMatchObject({ code: 250 });
  }
  await client.say('QUIT');
  await outcomes('delivered', MAILS.length + 1);
  return join(folder, FOLDER);
}

/** What delivery writes above the trace fields. */
const DELIVERY = /^(?:(?:Return-Path|Delivered-To|X-Original-To|Delivery-date): .*\n)+/;

const sorted = (mails: readonly string[]) => mails.map(mail => belowReceived(mail.replace(DELIVERY, ''))).toSorted();

describeWithProgram('python3', "Python's Maildir", () => {
  test('reads every mail to the octet, and finds the folder', async () => {
    const program = `
import json, mailbox
box = mailbox.Maildir('bob', create=False)
print(json.dumps({
    'mails': [box.get_bytes(key).decode('latin-1') for key in box.keys()],
    'folders': box.list_folders(),
    'listed': [box.get_folder('lists').get_bytes(key).decode('latin-1') for key in box.get_folder('lists').keys()],
}))
`;
    const { stdout, stderr } = await run('python3', ['-c', program], { cwd: await filled() });
    expect(stderr).toBe('');
    const read = JSON.parse(stdout) as {
      mails: readonly string[];
      folders: readonly string[];
      listed: readonly string[];
    };
    expect(sorted(read.mails)).toEqual(MAILS.toSorted());
    expect(read.folders).toEqual(['lists']);
    expect(sorted(read.listed)).toEqual([MAILS[0]]);
  });
});

describeWithProgram('mutt', 'mutt', () => {
  test('reads every mail to the octet', async () => {
    const folder = await filled();
    const settings = 'set folder=. pipe_decode=no wait_key=no pipe_split=no pipe_sep="@@"';
    const keys = 'push "<tag-pattern>~A<enter><tag-prefix><pipe-message>cat > ../read<enter><exit>"';
    const mutt = `mutt -n -F /dev/null -R -f bob -e '${settings}' -e '${keys}'`;
    await run('script', ['-qefc', mutt, '/dev/null'], { cwd: folder, env: { TERM: 'xterm', HOME: folder } });
    const read = (await readFile(join(folder, '..', 'read'), 'latin1')).split('@@').slice(0, -1);
    expect(sorted(read)).toEqual(MAILS.toSorted());
  });
});

describeWithProgram('doveadm', 'Dovecot', () => {
  /** Asks Dovecot, as a user who may not do more than read these mails. */
  async function dovecot(folder: string, args: readonly string[]): Promise<string> {
    const user = process.getuid?.() === 0 ? NOBODY : (process.getuid?.() ?? NOBODY);
    if (user === NOBODY) {
      await chmod(join(folder, '..'), 0o755);
      for (const path of ['', ...(await readdir(folder, { recursive: true }))])
        await chown(join(folder, path), user, user);
    }
    const file = join(folder, 'dovecot.conf');
    const settings = [
      `base_dir = ${folder}`,
      'log_path = /dev/stderr',
      `mail_location = maildir:${join(folder, 'bob')}`,
      'ssl = no',
      `mail_uid = ${user}`,
      `mail_gid = ${user}`,
      'first_valid_uid = 1',
      'namespace inbox {\n  inbox = yes\n}',
    ];
    await writeFile(file, `${settings.join('\n')}\n`, { mode: 0o644 });
    const env = { HOME: join(folder, 'bob'), USER: 'bob' };
    const { stdout, stderr } = await run('doveadm', ['-f', 'tab', '-c', file, ...args], { env });
    expect(stderr).toBe('');
    return stdout;
  }

  test('reads every mail, takes their sizes from their names, and finds the folder', async () => {
    const folder = await filled();
    const read = await dovecot(folder, ['fetch', 'hdr.subject size.physical', 'mailbox', 'INBOX', 'all']);
    const lines = read.trim().split('\n').slice(1);
    const subjects = MAILS.map(mail => /^Subject: (.*)$/m.exec(mail)?.[1] ?? '');
    expect(lines.map(line => line.split('\t')[0] ?? '').toSorted()).toEqual(subjects.toSorted());
    const sizes = await until(async () => {
      const names = [...(await readdir(join(folder, 'bob/cur'))), ...(await readdir(join(folder, 'bob/new')))];
      return names.map(name => /,S=(\d+)/.exec(name)?.[1] ?? '');
    });
    expect(lines.map(line => line.split('\t')[1] ?? '').toSorted()).toEqual(sizes.toSorted());
    expect(await dovecot(folder, ['mailbox', 'list'])).toContain('lists');
    expect(await dovecot(folder, ['mailbox', 'status', 'messages', 'lists'])).toContain('lists\t1');
  });
});
