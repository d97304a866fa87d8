/** What a sender asks about notifications (RFC 3461) goes from Postfix through the gateway to Postfix, and is honoured once. */
import { expect, test } from 'vitest';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX, type Postfix, type PostfixMail } from '../support/postfix.ts';
import { type PythonPart, pythonReads } from '../support/python-email.ts';
import { arrived, chainForAll, send } from './postfix-chain.ts';

const CONTENT = 'Subject: asked\r\nMessage-ID: <1@a.test>\r\n\r\nthe body\r\n';

describeWithPeer(POSTFIX, 'DSN from Postfix to Postfix', () => {
  const chain = chainForAll({
    b: {
      main: `smtpd_recipient_restrictions =
  check_recipient_access inline:{ { nobody@b.test = 550 5.1.1 No such mailbox here } }
  permit
transport_maps = inline:{ late@b.test=late: }
`,
      // Takes whatever comes, and then knows no such user.
      master: 'late unix - n n - - pipe user=nobody argv=/bin/sh -c {exit 67}\n',
    },
  });

  test('NOTIFY=SUCCESS, RET=HDRS, ENVID and ORCPT reach the last Postfix, recipient by recipient', async () => {
    const { a, b, gateway, quiet } = chain();
    const between = await gateway();
    await send(a.port, {
      from: 'success@a.test',
      parameters: 'RET=HDRS ENVID=QQ+2B314159',
      to: [
        'bob@b.test NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob+2Bx@b.test',
        'eve@b.test NOTIFY=NEVER ORCPT=rfc822;eve@b.test',
        'kim@b.test NOTIFY=SUCCESS ORCPT=rfc822;kim@elsewhere.test',
        'lee@b.test NOTIFY=FAILURE',
      ],
      content: CONTENT,
    });
    for (const name of ['bob', 'eve', 'kim', 'lee']) await arrived(b, `${name}@b.test`);
    await arrived(a, 'success@a.test');
    await quiet(between);
    const reports = (await arrived(a, 'success@a.test')).map(read);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      returnPath: '',
      mail: { 'reporting-mta': 'dns; mail.b.test', 'original-envelope-id': 'QQ+314159' },
      recipients: [
        {
          'original-recipient': 'rfc822;Bob+x@b.test',
          'final-recipient': 'rfc822; bob@b.test',
          action: 'delivered',
          status: '2.0.0',
        },
        {
          'original-recipient': 'rfc822;kim@elsewhere.test',
          'final-recipient': 'rfc822; kim@b.test',
          action: 'delivered',
        },
      ],
      returned: 'text/rfc822-headers',
    });
  });

  test.each([
    { ret: 'FULL', returned: 'message/rfc822' },
    { ret: 'HDRS', returned: 'text/rfc822-headers' },
  ])(
    'a recipient that the last Postfix refuses: one notification, of ours, with RET=$ret',
    async ({ ret, returned }) => {
      const { a, gateway, quiet } = chain();
      const from = `refused-${ret}@a.test`.toLowerCase();
      const between = await gateway();
      await send(a.port, {
        from,
        parameters: `RET=${ret} ENVID=again`,
        to: ['nobody@b.test NOTIFY=FAILURE ORCPT=rfc822;somebody@elsewhere.test', 'fine@b.test NOTIFY=FAILURE'],
        content: CONTENT,
      });
      await arrived(a, from);
      await quiet(between);
      const reports = (await arrived(a, from)).map(read);
      expect(reports).toHaveLength(1);
      expect(reports[0]).toMatchObject({
        returnPath: '',
        mail: { 'reporting-mta': 'dns; mx.example.test', 'original-envelope-id': 'again' },
        recipients: [
          {
            'original-recipient': 'rfc822; somebody@elsewhere.test',
            'final-recipient': 'rfc822; nobody@b.test',
            action: 'failed',
            status: '5.1.1',
            'remote-mta': 'dns; mail.b.test',
            'diagnostic-code': expect.stringContaining('No such mailbox here'),
          },
        ],
        returned,
      });
    },
  );

  test('a recipient that bounces behind the last Postfix: one notification, of its own', async () => {
    const { a, gateway, quiet } = chain();
    const between = await gateway();
    await send(a.port, { from: 'late@a.test', to: ['late@b.test'], content: CONTENT });
    await arrived(a, 'late@a.test');
    await quiet(between);
    const reports = (await arrived(a, 'late@a.test')).map(read);
    expect(reports).toMatchObject([
      {
        returnPath: '',
        mail: { 'reporting-mta': 'dns; mail.b.test' },
        recipients: [{ 'final-recipient': 'rfc822; late@b.test', action: 'failed', status: '5.1.1' }],
      },
    ]);
  });

  test('NOTIFY=NEVER: nobody is told, wherever it fails', async () => {
    const { a, b, gateway, quiet } = chain();
    const between = await gateway();
    const already = await bouncedAt(b);
    const never = { from: 'never@a.test', content: CONTENT };
    await send(a.port, { ...never, to: ['nobody@b.test NOTIFY=NEVER', 'late@b.test NOTIFY=NEVER'] });
    await between.outcomes('bounced', 1);
    // Whatever were sent about the first would be there before what is sent about the second.
    await send(a.port, { ...never, to: ['after@b.test NOTIFY=SUCCESS'] });
    await arrived(a, 'never@a.test');
    await quiet(between);
    expect(between.log.of('notified')).toEqual([]);
    expect((await arrived(a, 'never@a.test')).map(read)).toMatchObject([
      { recipients: [{ 'final-recipient': 'rfc822; after@b.test', action: 'delivered' }] },
    ]);
    expect(await bouncedAt(b)).toBe(already + 1);
  });

  test('backscatter: a notification that cannot be delivered ends with the last who held it', async () => {
    const { a, b, gateway, quiet } = chain();
    const between = await gateway();
    const before = await a.mailbox();
    const already = await bouncedAt(b);
    await send(a.port, { from: '', to: ['nobody@b.test', 'late@b.test'], content: CONTENT });
    await between.outcomes('bounced', 1);
    await quiet(between);
    expect(between.log.of('notified')).toEqual([]);
    expect(await bouncedAt(b)).toBe(already + 1);
    expect(await a.mailbox()).toEqual(before);
  });
});

/** How often mail for the one recipient has bounced that a Postfix takes first. */
async function bouncedAt({ log }: Postfix): Promise<number> {
  return (await log()).match(/to=<late@b\.test>.* status=bounced/g)?.length ?? 0;
}

/** A notification as Python's parser reads it. */
function read({ returnPath, content }: PostfixMail) {
  const report = pythonReads(Buffer.from(content, 'latin1'));
  expect(report).toMatchObject({
    type: 'multipart/report',
    parameters: { 'report-type': 'delivery-status' },
    defects: [],
  });
  const [, status, returned] = report.parts;
  const [mail, ...recipients] = status?.parts ?? [];
  return { returnPath, mail: fields(mail), recipients: recipients.map(fields), returned: returned?.type };
}

function fields(part: PythonPart | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((part?.headers ?? []).map(([name, value]) => [name.toLowerCase(), value]));
}
