/** Dovecot at the same mailbox, while mail is delivered: it saves and removes mail, and nothing is mixed or lost. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWithProgram, launch } from '../../support/external.ts';
import { until } from '../../support/until.ts';
import { readMbox } from './mboxrd-reader.ts';
import { realMailboxes } from './real-mailbox.ts';

const NOBODY = 65_534;
const ROUNDS = 4;

describeWithProgram('doveadm', 'Dovecot', () => {
  test('and we fill one mailbox at the same time, and what it removes is not ours', async () => {
    const isRoot = process.getuid?.() === 0;
    const user = isRoot ? NOBODY : (process.getuid?.() ?? NOBODY);
    const { folder, deliver } = await realMailboxes(isRoot ? { user, group: user } : {});
    // Its lock file is made by another user than ours.
    await chmod(folder, 0o777);
    const settings = [
      `base_dir = ${folder}`,
      'log_path = /dev/stderr',
      `mail_location = mbox:/nowhere:INBOX=${join(folder, 'bob')}:INDEX=MEMORY`,
      'mbox_write_locks = dotlock fcntl',
      'mbox_read_locks = dotlock fcntl',
      'ssl = no',
      `mail_uid = ${user}`,
      `mail_gid = ${user}`,
      'first_valid_uid = 1',
      'namespace inbox {\n  inbox = yes\n}',
    ];
    await writeFile(join(folder, 'dovecot.conf'), `${settings.join('\n')}\n`, { mode: 0o644 });
    const ours = `Subject: ours\n\n${'ours\n'.repeat(2000)}`;
    const theirs = `Subject: theirs\n\n${'theirs\n'.repeat(2000)}`;
    await writeFile(join(folder, 'theirs'), theirs, { mode: 0o644 });
    await writeFile(join(folder, 'gone'), 'Subject: gone\n\ngone\n', { mode: 0o644 });
    expect(await deliver({ content: ours })).toMatchObject({ kind: 'delivered' });
    const doveadm = `doveadm -c ${join(folder, 'dovecot.conf')}`;
    const rounds = Array.from({ length: ROUNDS }, (_, round) => round).join(' ');
    const loop =
      `for i in ${rounds}; do ${doveadm} save < theirs && ${doveadm} save < gone && ` +
      `${doveadm} expunge mailbox INBOX subject gone || exit 1; done; echo done`;
    const dovecot = launch('sh', ['-c', loop], { cwd: folder, env: { USER: 'bob', HOME: '/nowhere' } });
    let sent = 1;
    while (!/done|rror/.test(dovecot.output())) {
      expect(await deliver({ content: ours })).toMatchObject({ kind: 'delivered' });
      sent += 1;
    }
    await until(() => expect(dovecot.output()).toBe('done\n'));
    // It adds fields of its own to the header of every mail.
    const mails = readMbox(await readFile(join(folder, 'bob'))).map(mail => mail.content.replace(/^[\s\S]*?\n\n/, ''));
    const bodies = (text: string) => mails.filter(mail => mail === text.replace(/^[\s\S]*?\n\n/, '')).length;
    expect({ ours: bodies(ours), theirs: bodies(theirs), all: mails.length }).toEqual({
      ours: sent,
      theirs: ROUNDS,
      all: sent + ROUNDS,
    });
  }, 60_000);
});
