/** Other programs at the same mailbox: they read what was sent, and nobody writes while somebody else does. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWithProgram, launch, run } from '../../support/external.ts';
import { until } from '../../support/until.ts';
import { readMbox } from './mboxrd-reader.ts';
import { realMailboxes } from './real-mailbox.ts';

const MAILS = [
  'Subject: plain\n\nHello.\n',
  'Subject: quoted\n\nFrom here on\n>From there\n>>From far\n From inside\n',
  'Subject: empty body\n\n',
  'Subject: no final line end\n\nlast',
  `Subject: long line\n\n${'x'.repeat(5000)}\n`,
  'Subject: empty lines\n\n\n\nFrom\n\n\n',
  'Subject: latin1\nContent-Type: text/plain; charset=iso-8859-1\n\ngr\xfc\xdfe\n',
];
const SENT = MAILS.map(mail => (mail.endsWith('\n') ? mail : `${mail}\n`));

async function filled() {
  const mailboxes = await realMailboxes();
  for (const mail of MAILS) {
    const content = Buffer.from(mail.replaceAll('\n', '\r\n'), 'latin1');
    expect(await mailboxes.deliver({ content })).toMatchObject({ kind: 'delivered' });
  }
  return mailboxes;
}

/** What a program read, as it was sent: fields of delivery taken off, quoting undone. */
function asSent(read: readonly string[]): readonly string[] {
  return read.map(mail => readMbox(Buffer.from(`From x\n${mail}\n`, 'latin1'))[0]?.content ?? '');
}

describeWithProgram('python3', "Python's mailbox", () => {
  test('reads back every mail to the octet', async () => {
    const { folder } = await filled();
    const script = `
import mailbox, sys, json
box = mailbox.mbox('bob', create=False)
print(json.dumps([box.get_bytes(key).decode('latin-1') for key in box.keys()]))
`;
    const { stdout, stderr } = await run('python3', ['-c', script], { cwd: folder });
    expect(stderr).toBe('');
    expect(asSent(JSON.parse(stdout) as string[])).toEqual(SENT);
  });

  test('and we fill one mailbox at the same time, and no mail is mixed or lost', async () => {
    const { folder, deliver } = await realMailboxes();
    await writeFile(join(folder, 'bob'), '', { mode: 0o600 });
    const script = `
import mailbox, time
for number in range(40):
    box = mailbox.mbox('bob')
    while True:
        try:
            box.lock()
            break
        except mailbox.ExternalClashError:
            time.sleep(0.005)
    box.add('Subject: theirs %d\\n\\n' % number + 'theirs\\n' * 500)
    box.flush()
    box.unlock()
    box.close()
`;
    const python = run('python3', ['-c', script], { cwd: folder });
    for (let number = 0; number < 40; number += 1) {
      expect(await deliver({ content: `Subject: ours ${number}\n\n${'ours\n'.repeat(500)}` })).toMatchObject({
        kind: 'delivered',
      });
    }
    expect(await python).toMatchObject({ code: 0, stderr: '' });
    const mails = readMbox(await readFile(join(folder, 'bob'))).map(mail => mail.content);
    const want = (whose: string) =>
      Array.from({ length: 40 }, (_, number) => `Subject: ${whose} ${number}\n\n${`${whose}\n`.repeat(500)}`);
    expect(mails.toSorted()).toEqual([...want('ours'), ...want('theirs')].toSorted());
  });
});

describeWithProgram('formail', 'formail', () => {
  test('splits the mailbox into the same mails', async () => {
    const { folder } = await filled();
    const input = await readFile(join(folder, 'bob'));
    await run('formail', ['-s', 'sh', '-c', 'cat > part.$FILENO'], { cwd: folder, input, env: { FILENO: '000' } });
    const names = (await readdir(folder)).filter(name => name.startsWith('part.'));
    const parts = await Promise.all(names.toSorted().map(name => readFile(join(folder, name), 'latin1')));
    expect(asSent(parts.map(part => part.replace(/^From .*\n/, '').replace(/\n$/, '')))).toEqual(SENT);
  });
});

describeWithProgram('mutt', 'mutt', () => {
  test('reads back every mail to the octet', async () => {
    const { folder } = await filled();
    const settings = 'set folder=. sort=mailbox-order pipe_decode=no wait_key=no pipe_split=no pipe_sep="@@"';
    const keys = 'push "<tag-pattern>~A<enter><tag-prefix><pipe-message>cat > read<enter><exit>"';
    const mutt = `mutt -n -F /dev/null -R -f bob -e '${settings}' -e '${keys}'`;
    // mutt wants a terminal.
    await run('script', ['-qefc', mutt, '/dev/null'], { cwd: folder, env: { TERM: 'xterm' } });
    const read = (await readFile(join(folder, 'read'), 'latin1')).split('@@').slice(0, -1);
    expect(asSent(read.map(mail => mail.replace(/^From .*\n/, '')))).toEqual(SENT);
  });
});

describeWithProgram('lockfile', "procmail's locks", () => {
  test('keep us out until they are gone', async () => {
    const { folder, deliver, waits, names } = await realMailboxes();
    await run('lockfile', ['bob.lock'], { cwd: folder });
    const delivery = deliver({ content: MAILS[0] ?? '' });
    await until(() => expect(waits()).toBeGreaterThan(2));
    expect(await names()).toEqual(['bob.lock']);
    await run('rm', ['-f', 'bob.lock'], { cwd: folder });
    expect(await delivery).toMatchObject({ kind: 'delivered' });
  });

  test('wait for ours, and procmail and we fill one mailbox at the same time', async () => {
    const { folder, deliver } = await realMailboxes();
    const body = 'theirs\n'.repeat(2000);
    await writeFile(join(folder, 'rc'), 'LOCKSLEEP=1\nSUSPEND=1\n:0:\nbob\n');
    await writeFile(join(folder, 'mail'), `From x@y Mon Nov 23 09:05:00 2026\nSubject: theirs\n\n${body}`);
    const loop = 'for i in 1 2 3 4 5 6 7 8 9 10; do procmail -m MAILDIR="$PWD" ./rc < mail || exit 1; done; echo done';
    const procmail = launch('sh', ['-c', loop], { cwd: folder });
    for (let number = 0; number < 20; number += 1) {
      expect(await deliver({ content: `Subject: ours\n\n${'ours\n'.repeat(2000)}` })).toMatchObject({
        kind: 'delivered',
      });
    }
    await until(() => expect(procmail.output()).toContain('done'));
    const mails = readMbox(await readFile(join(folder, 'bob'))).map(mail => mail.content);
    expect(mails.filter(mail => mail === `Subject: theirs\n\n${body}`)).toHaveLength(10);
    expect(mails.filter(mail => mail === `Subject: ours\n\n${'ours\n'.repeat(2000)}`)).toHaveLength(20);
  });
});

describe.each([
  { program: 'lockfile', args: ['-1', '-r', '60', 'bob.lock'], release: ['rm', '-f', 'bob.lock'] },
  { program: 'mutt_dotlock', args: ['-r', '60', 'bob'], release: ['mutt_dotlock', '-u', 'bob'] },
])('starvation', ({ program, args, release: [command = '', ...rest] }) => {
  describeWithProgram(program, `of ${program}`, () => {
    test('there is none: it looks once a second and gets the lock, however much mail comes', async () => {
      const { folder, deliver, waits } = await realMailboxes();
      const content = `Subject: flood\n\n${'x\n'.repeat(500)}`;
      expect(await deliver({ content })).toMatchObject({ kind: 'delivered' });
      const enough = new AbortController();
      let sent = 1;
      const flood = async () => {
        for (; !enough.signal.aborted; sent += 1)
          expect(await deliver({ content })).toMatchObject({ kind: 'delivered' });
      };
      const floods = Promise.all(Array.from({ length: 20 }, flood));
      await until(() => expect(sent).toBeGreaterThan(200));
      expect(await run(program, args, { cwd: folder, timeout: 80_000 })).toMatchObject({ code: 0 });
      const { size } = await stat(join(folder, 'bob'));
      const waited = waits();
      await until(() => expect(waits()).toBeGreaterThan(waited + 2));
      expect((await stat(join(folder, 'bob'))).size).toBe(size);
      enough.abort();
      await run(command, rest, { cwd: folder });
      await floods;
      expect((await stat(join(folder, 'bob'))).size).toBeGreaterThan(size);
      expect(readMbox(await readFile(join(folder, 'bob')))).toHaveLength(sent);
    }, 90_000);
  });
});
