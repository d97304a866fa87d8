/** Mailboxes that a whole gateway has filled, read by programs that nobody here wrote: what they read is what was sent. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { readMbox } from '../plugins/mbox-delivery/mboxrd-reader.ts';
import { describeWithProgram, run } from '../support/external.ts';
import { belowReceived, MAIL_FOLDER, type RunningGateway, runningGateway } from './running-gateway.ts';

const HEADERLESS = 'no header at all\n';

/** One character an octet, LF line ends. */
const MAILS: readonly string[] = [
  'Subject: plain\n\nHello.\n',
  'Subject: From_ lines\n\nFrom the first line on\n\nFrom an empty line\n>From there\n>>From far\n>>>From\n From inside\n',
  'Subject: a whole mailbox\n\nFrom ann@client.test Mon Nov 23 09:30:00 2026\nSubject: inner\n\nbody\n\n',
  'Subject: 8-bit\nContent-Type: text/plain; charset=iso-8859-1\n\ngr\xfc\xdfe \x80\x9f\xff\n',
  'Subject: gr\xc3\xbc\xc3\x9fe\n\nutf-8 above\n',
  `Subject: long lines\n\n${'x'.repeat(998)}\n${'y'.repeat(20_000)}\n`,
  'Subject: empty body\n\n',
  'Subject: no body at all\n',
  HEADERLESS,
  '',
  'Subject: empty lines\n\n\n\n\n',
  'Subject: dots\n\n.\n..\n.From\n. \n',
  'Subject: blanks\n\n \n\t\ntrailing \t \n',
  `Subject: large\n\n${'From many lines\n'.repeat(30_000)}`,
];

/** The same as they arrive: where there is no header, an empty line keeps the body from becoming a part of ours. */
const ARRIVED = MAILS.map(mail => (mail === HEADERLESS ? `\n${mail}` : mail));

/** A mailbox `bob` with all the mails, in their order. */
async function filled(): Promise<RunningGateway> {
  const gateway = await runningGateway();
  const client = await smtpClient(gateway.port);
  await client.say('EHLO client.test');
  for (const [index, mail] of MAILS.entries()) {
    await client.sayAll(['MAIL FROM:<ann@client.test> BODY=8BITMIME', 'RCPT TO:<bob@example.test>']);
    expect(await client.data(Buffer.from(mail.replaceAll('\n', '\r\n'), 'latin1'))).toMatchObject({ code: 250 });
    // One after the other, so that they lie in the order of sending.
    await gateway.mails('bob', index + 1);
  }
  await client.say('QUIT');
  return gateway;
}

/** Mails to be compared: a large one that differs is not worth reading. */
function inShort(mails: readonly string[]): readonly string[] {
  return mails.map(mail => (mail.length < 1000 ? mail : `${mail.length} octets, ${hash('sha256', mail)}`));
}

/** What a program read, as it was sent: fields of delivery and trace taken off, and quoting undone, which they leave. */
function asSent(read: readonly string[]): readonly string[] {
  return read.map(mail => belowReceived(readMbox(Buffer.from(`From x\n${mail}\n`, 'latin1'))[0]?.content ?? ''));
}

describeWithProgram('python3', "Python's mailbox", () => {
  test('reads every mail to the octet, and who sent it when', async () => {
    const { folder } = await filled();
    const program = `
import json, mailbox, time
box = mailbox.mbox('bob', create=False)
def date(message):
    return time.strptime(message.get_from().split(' ', 1)[1], '%a %b %d %H:%M:%S %Y').tm_year
print(json.dumps([{
    'octets': box.get_bytes(key).decode('latin-1'),
    'sender': box[key].get_from().split()[0],
    'dated': date(box[key]) >= 2024,
    'return-path': box[key]['Return-Path'],
} for key in box.keys()]))
`;
    const { stdout, stderr } = await run('python3', ['-c', program], { cwd: join(folder, MAIL_FOLDER) });
    expect(stderr).toBe('');
    const read = JSON.parse(stdout) as readonly { readonly octets: string }[];
    expect(inShort(asSent(read.map(mail => mail.octets)))).toEqual(inShort(ARRIVED));
    const about = { sender: 'ann@client.test', dated: true, 'return-path': '<ann@client.test>' };
    expect(read).toEqual(read.map(({ octets }) => ({ octets, ...about })));
  });
});

describeWithProgram('mutt', 'mutt', () => {
  /** What mutt gives to a pipe for the mails of a pattern. It wants a terminal, and a folder or it asks for one. */
  async function muttReads({ folder }: RunningGateway, pattern: string): Promise<readonly string[]> {
    const settings = 'set folder=. sort=mailbox-order pipe_decode=no wait_key=no pipe_split=no pipe_sep="@@"';
    const keys = `push "<tag-pattern>${pattern}<enter><tag-prefix><pipe-message>cat > ../read<enter><exit>"`;
    const mutt = `mutt -n -F /dev/null -R -f bob -e '${settings}' -e '${keys}'`;
    const env = { TERM: 'xterm', HOME: folder };
    await run('script', ['-qefc', mutt, '/dev/null'], { cwd: join(folder, MAIL_FOLDER), env });
    const read = await readFile(join(folder, 'read'), 'latin1');
    return read
      .split('@@')
      .slice(0, -1)
      .map(mail => mail.replace(/^From .*\n/, ''));
  }

  test('reads every mail to the octet', async () => {
    const read = asSent(await muttReads(await filled(), '~A'));
    // Where no empty line ends the header, mutt puts one.
    const whole = (index: number) => ARRIVED[index]?.includes('\n\n') === true;
    const compared = (mails: readonly string[]) =>
      inShort(mails.map((mail, index) => (whole(index) ? mail : mail.trim())));
    expect(compared(read)).toEqual(compared(ARRIVED));
  });

  test('finds a mail by its subject', async () => {
    const found = asSent(await muttReads(await filled(), '~s whole'));
    expect(inShort(found)).toEqual(MAILS.filter(mail => mail.startsWith('Subject: a whole mailbox\n')));
  });
});

describeWithProgram('formail', 'formail', () => {
  test('counts as many mails', async () => {
    const { folder } = await filled();
    const input = await readFile(join(folder, MAIL_FOLDER, 'bob'));
    const { stdout } = await run('formail', ['-s', 'sh', '-c', 'cat > /dev/null; echo mail'], { input });
    expect(stdout).toBe('mail\n'.repeat(MAILS.length));
  });
});
