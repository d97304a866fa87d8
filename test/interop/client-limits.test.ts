/** Programs that meet a limit or an extension: SIZE, the number of recipients, SMTPUTF8. Each understands what it hears. */
import { expect, test } from 'vitest';
import { describeWithProgram, run } from '../support/external.ts';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX, startPostfix } from '../support/postfix.ts';
import { until } from '../support/until.ts';
import { expectUnchanged, MAIL, OCTETS } from './octets.ts';
import { msmtp, nodemailer, smtplib } from './programs.ts';
import { belowReceived, type RunningGateway, runningGateway } from './running-gateway.ts';
import { AS_IT_IS, codesHeard, EXIT, swaks } from './swaks.ts';

const SIZE = 4096;
const LARGE = MAIL + `${'x'.repeat(70)}\n`.repeat(SIZE / 50);
const TOO_LARGE = '552 5.3.4 The message is larger than the limit that SIZE states';
const TOO_MANY = '452 4.5.3 Too many recipients, send to the others in another transaction';
const MOST = 10;
const NAMES = Array.from({ length: 25 }, (_, number) => `bob${number}`);
const ADDRESSES = NAMES.map(name => `${name}@example.test`);
const FROM = '--from=ann@client.test';

/** A gateway for small mails to few. */
const small = (): Promise<RunningGateway> =>
  runningGateway({ listeners: [{ id: 'inbound', maxSize: SIZE, limits: { recipients: MOST } }] });

/** The mailboxes that have the mail, once each, after everything has ended. */
async function served({ engine, log, mailbox }: RunningGateway): Promise<readonly string[]> {
  await engine.close();
  if (log.of('accepted').length === 0) return [];
  const found = await Promise.all(NAMES.map(async name => ({ name, mails: await mailbox(name).catch(() => []) })));
  for (const { mails } of found) expectUnchanged(mails);
  return found.flatMap(({ name, mails }) => mails.map(() => name));
}

describeWithProgram('swaks', 'swaks', () => {
  test('with more than SIZE allows is told after the content', async () => {
    const gateway = await small();
    const args = ['--data', '-', '--to', 'bob0@example.test'];
    const ended = await swaks(gateway.port, args, { input: LARGE });
    expect(ended).toMatchObject({ code: EXIT.content, stdout: expect.stringContaining(`<** ${TOO_LARGE}`) });
    expect(await served(gateway)).toEqual([]);
  });

  test('with more recipients than are allowed sends to those that were taken', async () => {
    const gateway = await small();
    const ended = await swaks(gateway.port, ['--pipeline', '--to', ADDRESSES.join(), ...AS_IT_IS]);
    expect(ended).toMatchObject({ code: EXIT.fine, stdout: expect.stringContaining(`<** ${TOO_MANY}`) });
    expect(codesHeard(ended).filter(code => code === 452)).toHaveLength(NAMES.length - MOST);
    expect(await served(gateway)).toEqual(NAMES.slice(0, MOST));
  });
});

describeWithProgram('msmtp', 'msmtp', () => {
  test('with more than SIZE allows is told after the content', async () => {
    const gateway = await small();
    const ended = await msmtp(gateway.port, [FROM, 'bob0@example.test'], LARGE);
    // EX_UNAVAILABLE of sysexits.h.
    expect(ended).toMatchObject({ code: 69, stderr: expect.stringContaining(TOO_LARGE) });
    expect(await served(gateway)).toEqual([]);
  });

  test('with more recipients than are allowed sends nothing', async () => {
    const gateway = await small();
    const ended = await msmtp(gateway.port, [FROM, ...ADDRESSES], OCTETS);
    expect(ended).toMatchObject({ code: 69, stderr: expect.stringContaining(TOO_MANY) });
    expect(await served(gateway)).toEqual([]);
  });

  test('to many, whom it reads in the header: each has it once, and Bcc is gone', async () => {
    const gateway = await runningGateway();
    const [to = '', cc = '', ...bcc] = ADDRESSES;
    const head = `From: ann@client.test\nTo: ${to}\nCc: ${cc}\n`;
    const rest = 'Date: Mon, 23 Nov 2026 09:30:00 +0000\nMessage-ID: <1@client.test>\n\nx\n';
    const ended = await msmtp(gateway.port, [FROM, '--read-recipients'], `${head}Bcc: ${bcc.join(',\n ')}\n${rest}`);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    for (const name of NAMES) {
      const mails = await gateway.mails(name, 1);
      expect(mails.map(mail => belowReceived(mail.content))).toEqual([head + rest]);
    }
  });

  test('with an internationalised address, which it cannot announce, is told why not', async () => {
    const gateway = await runningGateway();
    const ended = await msmtp(gateway.port, ['--from=änne@client.test', 'bob@example.test'], OCTETS);
    // EX_DATAERR of sysexits.h.
    expect(ended).toMatchObject({ code: 65, stderr: expect.stringContaining('550 5.6.7 ') });
  });
});

describeWithProgram('python3', "Python's smtplib", () => {
  test('with more than SIZE allows is told before it sends anything', async () => {
    const gateway = await small();
    const send = "client.sendmail('ann@client.test', 'bob0@example.test', octets)";
    const ended = await smtplib(gateway.port, [send], LARGE);
    expect(ended.stderr).toContain(`SMTPSenderRefused: (552, b'${TOO_LARGE.slice('552 '.length)}'`);
    expect(await served(gateway)).toEqual([]);
  });

  test('with more recipients than are allowed hears which', async () => {
    const gateway = await small();
    const send = `client.sendmail('ann@client.test', ${JSON.stringify(ADDRESSES)}, octets, ['BODY=8BITMIME'])`;
    const ended = await smtplib(gateway.port, [`print(sorted(${send}))`], OCTETS);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout.replaceAll("'", '"'))).toEqual(ADDRESSES.slice(MOST).toSorted());
    expect(await served(gateway)).toEqual(NAMES.slice(0, MOST));
  });
});

test('nodemailer with more than SIZE allows is told after the content', async () => {
  const gateway = await small();
  const letter = { envelope: { from: 'ann@client.test', to: 'bob0@example.test' }, raw: LARGE };
  await expect(nodemailer(gateway.port).sendMail(letter)).rejects.toMatchObject({ response: TOO_LARGE });
  expect(await served(gateway)).toEqual([]);
});

test('nodemailer with more recipients than are allowed hears which', async () => {
  const gateway = await small();
  const raw = Buffer.from(MAIL.replaceAll('\n', '\r\n'), 'latin1');
  const sent = await nodemailer(gateway.port).sendMail({ envelope: { from: 'ann@client.test', to: ADDRESSES }, raw });
  expect(sent).toMatchObject({ accepted: ADDRESSES.slice(0, MOST), rejected: ADDRESSES.slice(MOST) });
  expect(await served(gateway)).toEqual(NAMES.slice(0, MOST));
});

test('nodemailer sends internationalised mail', async () => {
  const gateway = await runningGateway();
  const letter = { from: 'Änne <änne@client.test>', to: 'jürgen@example.test', subject: 'Grüße', text: '世界' };
  await nodemailer(gateway.port).sendMail(letter);
  const [mail] = await gateway.mails('jürgen', 1);
  expect(mail?.added[0]).toBe(Buffer.from('Return-Path: <änne@client.test>').toString('latin1'));
  const content = Buffer.from(mail?.content ?? '', 'latin1').toString();
  expect(content).toContain('with UTF8SMTP id');
  expect(content).toContain('\nTo: jürgen@example.test\n');
});

describeWithProgram('smtp-source', "Postfix's smtp-source", () => {
  test('to three hundred recipients at once: each has it once', async () => {
    const gateway = await runningGateway();
    const args = ['-M', 'client.test', '-f', 'ann@client.test', '-r', '300', '-t', 'bob@example.test'];
    const ended = await run('smtp-source', [...args, `127.0.0.1:${gateway.port}`]);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const recipients = await gateway.outcomes('delivered', 300);
    expect(new Set(recipients).size).toBe(300);
    expect(gateway.log.of('accepted').map(({ fields }) => fields.recipients)).toEqual([300]);
  });
});

describeWithPeer(POSTFIX, 'Postfix', () => {
  test('with more than SIZE allows tells its sender, and sends nothing', async () => {
    const gateway = await small();
    const main = `relayhost = [127.0.0.1]:${gateway.port}`;
    const postfix = await startPostfix({ hostname: 'mail.a.test', domains: ['a.test'], main });
    try {
      const sent = await postfix.command('sendmail', ['-i', '-f', 'ann@a.test', 'bob0@example.test'], { input: LARGE });
      expect(sent).toMatchObject({ code: 0 });
      const [report] = await until(async () => {
        const mails = await postfix.mailbox();
        expect(mails).toHaveLength(1);
        return mails;
      });
      expect(report).toMatchObject({ returnPath: '', deliveredTo: 'ann@a.test' });
      expect(report?.content).toMatch(/^Status: 5\.3\.4$/m);
      expect(await served(gateway)).toEqual([]);
    } finally {
      await postfix.stop();
    }
  });
});
