/** Notifications that programs ask for (RFC 3461): each asks in its own way, and the sender hears what was asked for. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWithProgram, run } from '../support/external.ts';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX, startPostfix } from '../support/postfix.ts';
import { type PythonPart, pythonReads } from '../support/python-email.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { MAIL, OCTETS } from './octets.ts';
import { msmtp, nodemailer, smtplib } from './programs.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';

/** The notification in the mailbox of ann@example.test: there is one and no other. */
async function notification(gateway: RunningGateway) {
  await gateway.mails('ann', 1);
  await gateway.engine.close();
  const mails = await gateway.mailbox('ann');
  expect(mails).toHaveLength(1);
  expect(mails[0]?.added[0]).toBe('Return-Path: <>');
  const report = pythonReads(Buffer.from(mails[0]?.content ?? '', 'latin1'));
  const [, status, returned] = report.parts;
  const [about, ...recipients] = status?.parts ?? [];
  return { about: fields(about), recipients: recipients.map(fields), returned: returned?.type };
}

function fields(part: PythonPart | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(part?.headers ?? []);
}

describeWithProgram('python3', 'notifications that are asked for', () => {
  describeWithProgram('msmtp', 'by msmtp', () => {
    test('of success', async () => {
      const gateway = await runningGateway();
      const args = ['--from=ann@example.test', '--dsn-notify=success,failure', '--dsn-return=hdrs'];
      const ended = await msmtp(gateway.port, [...args, 'bob@example.test', 'eve@example.test'], OCTETS);
      expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await notification(gateway)).toMatchObject({
        recipients: [
          { 'Final-Recipient': 'rfc822; bob@example.test', Action: 'delivered' },
          { 'Final-Recipient': 'rfc822; eve@example.test', Action: 'delivered' },
        ],
        returned: 'text/rfc822-headers',
      });
    });

    test.each([
      { amount: 'hdrs', returned: 'text/rfc822-headers' },
      { amount: 'full', returned: 'message/rfc822' },
    ])('of failure, with as much of the mail as it wants: $amount', async ({ amount, returned }) => {
      const gateway = await runningGateway({ zones: { 'nowhere.test': 'nxdomain' } });
      const args = ['--from=ann@example.test', '--dsn-notify=failure', `--dsn-return=${amount}`];
      expect(await msmtp(gateway.port, [...args, 'bob@nowhere.test'], OCTETS)).toMatchObject({ code: 0 });
      expect(await notification(gateway)).toMatchObject({ recipients: [{ Action: 'failed' }], returned });
    });

    test('never: not even of failure', async () => {
      const gateway = await runningGateway({ zones: { 'nowhere.test': 'nxdomain' } });
      const args = ['--from=ann@example.test', '--dsn-notify=never', 'bob@nowhere.test'];
      expect(await msmtp(gateway.port, args, OCTETS)).toMatchObject({ code: 0 });
      await gateway.outcomes('bounced', 1);
      await gateway.engine.close();
      await expect(gateway.mailbox('ann')).rejects.toThrow('ENOENT');
    });
  });

  test('by smtplib: recipient by recipient, with ENVID and ORCPT', async () => {
    const gateway = await runningGateway();
    const ended = await smtplib(
      gateway.port,
      [
        'client.ehlo()',
        "client.mail('ann@example.test', ['RET=HDRS', 'ENVID=QQ+2B314159'])",
        "client.rcpt('bob@example.test', ['NOTIFY=SUCCESS,DELAY', 'ORCPT=rfc822;Bob+2Bx@client.test'])",
        "client.rcpt('eve@example.test', ['NOTIFY=FAILURE'])",
        "client.rcpt('kim@example.test', ['NOTIFY=NEVER'])",
        'assert client.data(octets)[0] == 250',
      ],
      OCTETS,
    );
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    await gateway.outcomes('delivered', 3);
    expect(await notification(gateway)).toMatchObject({
      about: { 'Original-Envelope-Id': 'QQ+314159', 'Reporting-MTA': 'dns; mx.example.test' },
      recipients: [{ 'Original-Recipient': 'rfc822; Bob+x@client.test', Action: 'delivered' }],
      returned: 'text/rfc822-headers',
    });
  });

  test('by nodemailer', async () => {
    const gateway = await runningGateway();
    await nodemailer(gateway.port).sendMail({
      envelope: { from: 'ann@example.test', to: ['bob@example.test'] },
      dsn: { id: 'some id=1', return: 'headers', notify: ['success', 'failure'], recipient: 'bob+x@client.test' },
      raw: Buffer.from(MAIL.replaceAll('\n', '\r\n'), 'latin1'),
    });
    expect(await notification(gateway)).toMatchObject({
      about: { 'Original-Envelope-Id': 'some id=1' },
      recipients: [{ 'Original-Recipient': 'rfc822; bob+x@client.test', Action: 'delivered' }],
      returned: 'text/rfc822-headers',
    });
  });

  describeWithProgram('mutt', 'by mutt', () => {
    test('of success', async () => {
      const gateway = await runningGateway();
      const home = await tempFolder();
      const settings = [
        `set smtp_url="smtp://127.0.0.1:${gateway.port}"`,
        'set ssl_starttls=no ssl_force_tls=no',
        'set from=ann@example.test use_from=yes envelope_from_address=ann@example.test use_envelope_from=yes',
        // Without something that needs EHLO it says HELO, and then there is no DSN.
        'set use_8bitmime=yes send_charset=utf-8 charset=utf-8',
        'set dsn_notify="success,failure" dsn_return=hdrs copy=no record="" hostname=client.test',
      ];
      await writeFile(join(home, 'muttrc'), `${settings.join('\n')}\n`);
      const args = ['-n', '-F', join(home, 'muttrc'), '-s', 'x', 'bob@example.test'];
      expect(await run('mutt', args, { input: 'Grüße\n', env: { HOME: home, LC_ALL: 'C.UTF-8' } })).toMatchObject({
        code: 0,
      });
      expect(await notification(gateway)).toMatchObject({
        recipients: [{ 'Final-Recipient': 'rfc822; bob@example.test', Action: 'delivered' }],
        returned: 'text/rfc822-headers',
      });
    });
  });

  describeWithPeer(POSTFIX, "by Postfix's sendmail", () => {
    test('with ENVID, and ORCPT that Postfix adds itself', async () => {
      const gateway = await runningGateway();
      const postfix = await startPostfix({ hostname: 'a.test', main: `relayhost = [127.0.0.1]:${gateway.port}` });
      try {
        const args = [
          '-f',
          'ann@example.test',
          '-N',
          'success,failure',
          '-R',
          'hdrs',
          '-V',
          'QQ=1',
          'Bob@example.test',
        ];
        expect(await postfix.command('sendmail', args, { input: OCTETS })).toMatchObject({ code: 0 });
        expect(await notification(gateway)).toMatchObject({
          about: { 'Original-Envelope-Id': 'QQ=1' },
          recipients: [{ 'Original-Recipient': 'rfc822; Bob@example.test', Action: 'delivered' }],
          returned: 'text/rfc822-headers',
        });
      } finally {
        await postfix.stop();
      }
    });
  });
});
