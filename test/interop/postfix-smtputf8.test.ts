/** Internationalised mail (RFC 6531, 6532) from Postfix through the gateway to Postfix, and back where it cannot go on. */
import { domainToASCII } from 'node:url';
import { expect, test } from 'vitest';
import { freePort } from '../support/external.ts';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX } from '../support/postfix.ts';
import { pythonReads } from '../support/python-email.ts';
import { arrived, chainForAll, parted, send } from './postfix-chain.ts';

const HEADER = 'From: Änne <änne@a.test>\r\nTo: Jürgen <jürgen@b.test>\r\nSubject: Grüße, 世界\r\n';
const BODY = '\r\nGrüße\r\n';
const latin1 = (text: string) => Buffer.from(text).toString('latin1');
const utf8 = (text: string) => Buffer.from(text, 'latin1').toString();

/** Here the last Postfix listens too, as one that has never heard of SMTPUTF8. */
const LEGACY = await freePort();
const U_LABEL = 'bücher.test';
const A_LABEL = domainToASCII(U_LABEL);

describeWithPeer(POSTFIX, 'SMTPUTF8 from Postfix to Postfix', () => {
  const chain = chainForAll({
    b: {
      domains: ['b.test', 'legacy.test', U_LABEL, A_LABEL],
      master: `127.0.0.1:${LEGACY} inet n - n - - smtpd -o smtputf8_enable=no\n`,
    },
  });
  const gateway = () => {
    const { b } = chain();
    return chain().gateway({
      routes: [
        { when: { recipient: '@legacy.test' }, deliver: 'internet', hosts: [`mail.b.test:${LEGACY}`] },
        { when: { recipient: `@${U_LABEL}` }, deliver: 'internet', hosts: [`mail.b.test:${b.port}`] },
      ],
    });
  };

  test.each([
    { recipient: 'jürgen@b.test' },
    { recipient: '用户@b.test' },
    // A domain leaves in the form that every machine knows (RFC 5890 section 2.3.2.1).
    { recipient: `jürgen@${U_LABEL}`, to: `jürgen@${A_LABEL}` },
  ])(
    'to $recipient: sender, recipient and header arrive as they were written',
    async ({ recipient, to = recipient }) => {
      const { a, b, quiet } = chain();
      const between = await gateway();
      const letter = { from: 'änne@a.test', parameters: 'SMTPUTF8 BODY=8BITMIME', to: [recipient] };
      await send(a.port, { ...letter, content: Buffer.from(HEADER + BODY) });
      const [mail] = await arrived(b, latin1(to));
      expect(utf8(mail?.returnPath ?? '')).toBe('änne@a.test');
      const { trace, below } = parted(mail?.content ?? '');
      expect(utf8(below)).toBe((HEADER + BODY).replaceAll('\r\n', '\n'));
      expect(trace.map(field => / by \S+ (?:\(Postfix\) )?with (\S+) /.exec(field)?.[1])).toEqual([
        'UTF8SMTPS',
        'UTF8SMTPS',
        'UTF8SMTPS',
      ]);
      await quiet(between);
    },
  );

  test.each([
    { what: 'an internationalised sender', from: 'änne@a.test', to: 'bob@legacy.test', content: 'Subject: x\r\n\r\n' },
    {
      what: 'an internationalised recipient',
      from: 'kim@a.test',
      to: 'jürgen@legacy.test',
      content: 'Subject: x\r\n\r\n',
    },
    { what: 'an internationalised header', from: 'lee@a.test', to: 'bob@legacy.test', content: HEADER + BODY },
  ])('$what comes back with 5.6.7 where the next hop cannot take it', async ({ from, to, content }) => {
    const { a, b, quiet } = chain();
    const between = await gateway();
    const letter = { from, parameters: 'SMTPUTF8 BODY=8BITMIME', to: [to], content: Buffer.from(content) };
    const before = await b.mailbox();
    await send(a.port, letter);
    await arrived(a, latin1(from));
    await quiet(between);
    const reports = await arrived(a, latin1(from));
    expect(reports).toHaveLength(1);
    const report = pythonReads(Buffer.from(reports[0]?.content ?? '', 'latin1'));
    expect(report).toMatchObject({ type: 'multipart/report', defects: [] });
    const headers = report.parts[1]?.parts[1]?.headers;
    expect(headers).toContainEqual(['Action', 'failed']);
    expect(headers).toContainEqual(['Status', '5.6.7']);
    expect(await b.mailbox()).toEqual(before);
  });

  test('the report reaches a sender whose machine has no SMTPUTF8, with the mail encoded', async () => {
    const { b, quiet } = chain();
    const between = await gateway();
    const letter = { from: 'pat@legacy.test', parameters: 'SMTPUTF8 BODY=8BITMIME', to: ['bob@legacy.test'] };
    await send(between.port, { ...letter, content: Buffer.from(HEADER + BODY) });
    const [report] = await arrived(b, 'pat@legacy.test');
    await quiet(between);
    const { type, parts } = pythonReads(Buffer.from(report?.content ?? '', 'latin1'));
    expect(type).toBe('multipart/report');
    expect(parts.map(part => part.type)).toEqual(['text/plain', 'message/delivery-status', 'message/global']);
    expect(report?.content).toMatch(/^[\0-\x7f]*$/);
    expect(report?.content).toContain('Subject: Gr=C3=BC=C3=9Fe, =E4=B8=96=E7=95=8C\n');
  });

  test('what needs no SMTPUTF8 goes on where there is none, whatever its sender announced', async () => {
    const { a, b, quiet } = chain();
    const between = await gateway();
    const letter = { parameters: 'SMTPUTF8', to: ['plain@legacy.test'], content: 'Subject: x\r\n\r\nx\r\n' };
    await send(a.port, letter);
    const [mail] = await arrived(b, 'plain@legacy.test');
    expect(parted(mail?.content ?? '').below).toBe('Subject: x\n\nx\n');
    await quiet(between);
  });
});
