/** Mail from programs that nobody here wrote: each lands in a mailbox as it was sent. */
import { expect, test } from 'vitest';
import { describeWithProgram, run } from '../support/external.ts';
import { pythonReads } from '../support/python-email.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { expectUnchanged, MAIL, OCTETS } from './octets.ts';
import { msmtp, nodemailer, smtplib } from './programs.ts';
import { belowReceived, runningGateway } from './running-gateway.ts';

describeWithProgram('msmtp', 'msmtp', () => {
  test('sends what it reads', async () => {
    const gateway = await runningGateway();
    const ended = await msmtp(gateway.port, ['--from=ann@client.test', 'bob@example.test'], OCTETS);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expectUnchanged(await gateway.mails('bob', 1));
  });
});

describeWithProgram('s-nail', 's-nail', () => {
  test('sends what a person writes', async () => {
    const gateway = await runningGateway();
    const settings = {
      'v15-compat': 'yes',
      mta: `smtp://127.0.0.1:${gateway.port}`,
      'smtp-auth': 'none',
      hostname: 'client.test',
      // It keeps what it cannot send in the home of the user, wherever HOME points.
      DEAD: '/dev/null',
      ttycharset: 'utf-8',
      sendcharsets: 'utf-8',
      sendwait: 'yes',
    };
    const set = Object.entries(settings).flatMap(([name, value]) => ['-S', `${name}=${value}`]);
    const ended = await run('s-nail', ['-:/', ...set, '-r', 'ann@client.test', '-s', 'Grüße', 'bob@example.test'], {
      input: '.\nGrüße an alle\nFrom here\n',
      env: { HOME: await tempFolder(), LC_ALL: 'C.UTF-8' },
    });
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const [mail] = await gateway.mails('bob', 1);
    expect(mail?.added[0]).toBe('Return-Path: <ann@client.test>');
    const read = pythonReads(Buffer.from(mail?.content ?? '', 'latin1'));
    expect(read).toMatchObject({ text: '.\nGrüße an alle\nFrom here\n', defects: [] });
    expect(read.headers).toContainEqual(['Subject', 'Grüße']);
  });
});

describeWithProgram('python3', "Python's smtplib", () => {
  test('sends 8-bit content', async () => {
    const gateway = await runningGateway();
    const send = `client.sendmail('ann@client.test', 'bob@example.test', octets, ['BODY=8BITMIME'])`;
    expect(await smtplib(gateway.port, [send], OCTETS)).toEqual({ code: 0, stdout: '', stderr: '' });
    expectUnchanged(await gateway.mails('bob', 1));
  });

  test('sends internationalised mail', async () => {
    const gateway = await runningGateway();
    const lines = [
      'mail = EmailMessage(policy=SMTPUTF8)',
      "mail['From'] = 'Änne <änne@client.test>'",
      "mail['To'] = 'jürgen@example.test'",
      "mail['Subject'] = 'Grüße'",
      "mail.set_content('Grüße, 世界\\n', cte='8bit')",
      'client.send_message(mail)',
    ];
    const ended = await smtplib(gateway.port, lines, '');
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const [mail] = await gateway.mails('jürgen', 1);
    const content = Buffer.from(mail?.content ?? '', 'latin1').toString();
    expect(content).toContain('with UTF8SMTP id');
    expect(belowReceived(content)).toMatch(
      /^From: Änne <änne@client\.test>\nTo: jürgen@example\.test\nSubject: Grüße\n/,
    );
    expect(content).toMatch(/\n\nGrüße, 世界\n$/);
    expect(mail?.added[0]).toBe(Buffer.from('Return-Path: <änne@client.test>').toString('latin1'));
  });
});

test('a pool of nodemailer sends many mails over few sessions', async () => {
  const gateway = await runningGateway();
  const transport = nodemailer(gateway.port, { pool: true, maxConnections: 3, maxMessages: 10 });
  const numbers = Array.from({ length: 30 }, (_, index) => index);
  const sent = await Promise.all(
    numbers.map(number =>
      transport.sendMail({
        envelope: { from: 'ann@client.test', to: ['bob@example.test', `eve${number}@example.test`] },
        raw: Buffer.from(MAIL.replace('octets', `number ${number}`).replaceAll('\n', '\r\n'), 'latin1'),
      }),
    ),
  );
  expect(sent.map(({ accepted }) => accepted.length)).toEqual(numbers.map(() => 2));
  const subjects = (await gateway.mails('bob', 30)).map(mail =>
    Number(/^Subject: number (\d+)$/m.exec(mail.content)?.[1]),
  );
  expect(subjects.toSorted((a, b) => a - b)).toEqual(numbers);
  expectUnchanged(
    (await gateway.mails('eve7', 1)).map(mail => ({ ...mail, content: mail.content.replace('number 7', 'octets') })),
  );
});

describeWithProgram('smtp-source', "Postfix's smtp-source", () => {
  const source = (port: number, ...args: readonly string[]) =>
    run('smtp-source', ['-M', 'client.test', '-f', 'ann@client.test', ...args, `127.0.0.1:${port}`]);

  test('sends many mails over several sessions, and exactly as many arrive', async () => {
    const gateway = await runningGateway();
    const ended = await source(gateway.port, '-s', '8', '-m', '120', '-l', '4096', '-d', '-t', 'bob@example.test');
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const mails = await gateway.mails('bob', 120);
    await gateway.engine.close();
    expect(await gateway.mailbox('bob')).toHaveLength(120);
    const bodies = new Set(mails.map(mail => mail.content.slice(mail.content.indexOf('\n\n') + 2)));
    const lengths = [...bodies].map(body => body.replaceAll('\n', '\r\n').length);
    // It ends the last line, which is none of the octets that were asked for.
    expect(lengths).toEqual([4096 + 2]);
  });

  test('sends to several recipients at once, a session a mail', async () => {
    const gateway = await runningGateway();
    const ended = await source(gateway.port, '-s', '4', '-m', '20', '-r', '3', '-t', 'bob@example.test');
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const counts = ['bob', '2bob', '3bob'].map(async name => (await gateway.mails(name, 20)).length);
    expect(await Promise.all(counts)).toEqual([20, 20, 20]);
  });
});
