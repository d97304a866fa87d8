/** What senders hear, end to end: through a whole gateway, from next hops that nobody here wrote, into a mailbox that people read. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { smtpSink } from '../../core/testing/smtp-sink.ts';
import { describeWithProgram, run } from '../support/external.ts';
import { AIOSMTPD, aiosmtpd, describeWithPeer } from '../support/peers.ts';
import { POSTFIX, type PostfixMail } from '../support/postfix.ts';
import { describeWithPython, type PythonPart, pythonReads } from '../support/python-email.ts';
import { arrived, chainForAll, send } from './postfix-chain.ts';
import { smtplib } from './programs.ts';
import { MAIL_FOLDER, type RunningGateway, runningGateway } from './running-gateway.ts';

const CONTENT = 'Subject: asked\r\nMessage-ID: <1@client.test>\r\n\r\nthe body\r\n';

type Fields = Readonly<Record<string, string>>;

/** A notification as Python reads it: the fields of the mail, and those of each recipient. */
function fieldsOf(content: string): { readonly subject: string; readonly recipients: readonly Fields[] } {
  const report = pythonReads(Buffer.from(content, 'latin1'));
  expect(report).toMatchObject({ type: 'multipart/report', defects: [] });
  const fields = (part: PythonPart): Fields => Object.fromEntries(part.headers);
  return {
    subject: new Map(report.headers).get('Subject') ?? '',
    recipients: (report.parts[1]?.parts ?? []).slice(1).map(fields),
  };
}

/** Sends a mail from ann@example.test. `rcpt`: an address and its parameters. */
async function submit(gateway: RunningGateway, ...rcpt: readonly (readonly [string, ...string[]])[]): Promise<void> {
  const recipients = rcpt.map(([address, ...options]) => `client.rcpt('${address}', ${JSON.stringify(options)})`);
  const lines = [
    'client.ehlo()',
    "client.mail('ann@example.test', ['RET=HDRS', 'ENVID=one'])",
    ...recipients.map(line => `assert ${line}[0] == 250`),
    'assert client.data(octets)[0] == 250',
  ];
  expect(await smtplib(gateway.port, lines, CONTENT.replaceAll('\r\n', '\n'))).toMatchObject({ code: 0, stderr: '' });
}

test('mail from <> that is refused for good is told to the mailbox that is to hear of double bounces', async () => {
  const sink = await smtpSink({ faults: { rcpt: '550 5.1.1 Nobody of this name here' } });
  onTestFinished(() => sink.close());
  const gateway = await runningGateway({
    queue: { doubleBounce: 'postmaster@example.test' },
    routes: [{ when: { recipient: '@elsewhere.test' }, deliver: 'internet', hosts: [`[127.0.0.1]:${sink.port}`] }],
  });
  await send(gateway.port, { from: '', to: ['bob@elsewhere.test'], content: CONTENT });
  const [mail] = await gateway.mails('postmaster', 1);
  expect(mail?.content).toContain('Subject: A mail without a sender could not be delivered\n');
  expect(mail?.content).toContain('550 5.1.1 Nobody of this name here');
});

describeWithPython('a sender hears', () => {
  test('of a delay in time, and then of the failure: two events, two mails', async () => {
    const sink = await smtpSink({ faults: { rcpt: '450 4.2.1 Greylisted, come again' } });
    onTestFinished(() => sink.close());
    const retry = { first: '1 s', factor: 1, longest: '1 s', warnAfter: '1 s', giveUpAfter: '3 s' };
    const hosts = [`[127.0.0.1]:${sink.port}`];
    const gateway = await runningGateway({
      routes: [{ when: { recipient: '@elsewhere.test' }, deliver: 'internet', hosts, retry }],
    });
    await submit(gateway, ['bob@elsewhere.test']);
    const mails = await gateway.mails('ann', 2);
    await gateway.engine.close();
    expect(mails.map(({ content }) => fieldsOf(content))).toMatchObject([
      {
        subject: 'Your mail is not delivered yet',
        recipients: [
          {
            'Final-Recipient': 'rfc822; bob@elsewhere.test',
            Action: 'delayed',
            Status: '4.2.1',
            'Diagnostic-Code': 'smtp; 450 4.2.1 Greylisted, come again',
            'Will-Retry-Until': expect.stringMatching(/^\w{3}, \d\d /),
          },
        ],
      },
      { subject: 'Your mail could not be delivered', recipients: [{ Action: 'failed', Status: '5.4.7' }] },
    ]);
    expect(await gateway.mailbox('ann')).toHaveLength(2);
  });

  describeWithPeer(AIOSMTPD, 'where the next hop does not know DSN', () => {
    test('that the mail was relayed, and with which words it was taken', async () => {
      const next = await aiosmtpd();
      const gateway = await runningGateway({
        nextHopPort: next.port,
        zones: { 'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] }, 'mail.elsewhere.test': { A: ['127.0.0.1'] } },
      });
      await submit(gateway, ['bob@elsewhere.test', 'NOTIFY=SUCCESS'], ['eve@elsewhere.test', 'NOTIFY=FAILURE']);
      const [mail] = await gateway.mails('ann', 1);
      expect(fieldsOf(mail?.content ?? '')).toMatchObject({
        subject: 'Your mail has been passed on',
        recipients: [
          {
            'Final-Recipient': 'rfc822; bob@elsewhere.test',
            Action: 'relayed',
            Status: '2.0.0',
            'Remote-MTA': 'dns; mail.elsewhere.test',
            'Diagnostic-Code': 'smtp; 250 2.0.0 OK',
          },
        ],
      });
      expect((await next.mails())[0]?.recipients).toEqual(['<bob@elsewhere.test>', '<eve@elsewhere.test>']);
      await gateway.engine.close();
      expect(await gateway.mailbox('ann')).toHaveLength(1);
    });
  });

  describeWithProgram('s-nail', 'in a program that shows mail', () => {
    test('what happened, to whom, and what to do, before all that is for programs', async () => {
      const gateway = await runningGateway({ zones: { 'nowhere.test': 'nxdomain' } });
      await submit(gateway, ['bob@nowhere.test']);
      await gateway.mails('ann', 1);
      await gateway.engine.close();
      const file = join(gateway.folder, MAIL_FOLDER, 'ann');
      const env = { LC_ALL: 'C.UTF-8', HOME: gateway.folder };
      const { stdout } = await run('s-nail', ['-:/', '-R', '-f', file], { input: 'type 1\nexit\n', env });
      const text = stdout.replaceAll(/\s+/g, ' ');
      expect(text).toContain('From: Mail Delivery System <postmaster@mx.example.test>');
      expect(text).toContain('Subject: Your mail could not be delivered');
      expect(text).toMatch(/bob@nowhere\.test .*The reason: .* Please check the address for mistakes/);
      expect(text.indexOf('Please check')).toBeLessThan(text.indexOf('message/delivery-status'));
    });
  });
});

describeWithPeer(POSTFIX, 'aliases between two Postfixes', () => {
  const chain = chainForAll({
    b: {
      main: `smtpd_recipient_restrictions =
  check_recipient_access inline:{ { nobody@b.test = 550 5.1.1 nobody@b.test is unknown at mail.b.test } }
  permit
transport_maps = inline:{ late@b.test=late: }
`,
      master: 'late unix - n n - - pipe user=nobody argv=/bin/sh -c {exit 67}\n',
    },
  });
  const withAliases = {
    plugins: [{ use: 'alias-expansion', options: { file: './aliases', domains: ['example.test'] } }],
    files: {
      aliases: 'staff: bob@b.test, eve@b.test\none: kim@b.test\ngone: nobody@b.test\nlate: late@b.test\n',
    },
  };

  /** What the sender has heard when all is done. `hidden`: none of it may tell what is behind the alias. */
  async function heard(from: string, rcpt: string) {
    const { a, gateway, quiet } = chain();
    const between = await gateway(withAliases);
    await send(a.port, { from, parameters: 'RET=HDRS', to: [rcpt], content: CONTENT });
    const mails = await arrived(a, from);
    await quiet(between);
    const all: readonly PostfixMail[] = await arrived(a, from);
    expect(all).toHaveLength(mails.length);
    return all.map(({ content }) => ({
      ...fieldsOf(content),
      revealing: /(?:bob|eve|kim|nobody|mail)@?\.?b\.test/.test(content),
    }));
  }

  test('of several, NOTIFY=SUCCESS: expanded, once, and nobody behind it is named', async () => {
    const from = 'asks-staff@a.test';
    const reports = await heard(from, 'staff@example.test NOTIFY=SUCCESS ORCPT=rfc822;Staff@example.test');
    expect(reports).toMatchObject([
      {
        subject: 'Your mail has been passed on',
        recipients: [
          {
            'Original-Recipient': 'rfc822; Staff@example.test',
            'Final-Recipient': 'rfc822; staff@example.test',
            Action: 'expanded',
          },
        ],
        revealing: false,
      },
    ]);
    for (const name of ['bob', 'eve']) await arrived(chain().b, `${name}@b.test`);
  });

  test('of one, NOTIFY=SUCCESS: relayed, once, by us and not by the next hop', async () => {
    expect(await heard('asks-one@a.test', 'one@example.test NOTIFY=SUCCESS,FAILURE')).toMatchObject([
      { recipients: [{ 'Final-Recipient': 'rfc822; one@example.test', Action: 'relayed' }], revealing: false },
    ]);
  });

  test('whose recipient the next hop refuses: failed, under the name of the alias', async () => {
    expect(await heard('asks-gone@a.test', 'gone@example.test')).toMatchObject([
      {
        recipients: [{ 'Final-Recipient': 'rfc822; gone@example.test', Action: 'failed', Status: '5.1.1' }],
        revealing: false,
      },
    ]);
  });

  test('whose recipient fails behind the next hop: its report names the alias as what the sender used', async () => {
    const [report] = await heard('asks-late@a.test', 'late@example.test');
    expect(report?.recipients).toMatchObject([
      { 'Original-Recipient': 'rfc822;late@example.test', 'Final-Recipient': 'rfc822; late@b.test', Action: 'failed' },
    ]);
  });
});
