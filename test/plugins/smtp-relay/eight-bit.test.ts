/** 8-bit content: declared as what it is where the next hop takes it, and converted where it does not. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/index.ts';
import { corpus, describeWithCorpus } from '../../support/corpus.ts';
import { inPieces, LINES, relayingTo } from './relaying.ts';

const DELIVERED = { 'bob@example.test': { kind: 'delivered' } };
const EIGHT = { body: '8bitmime' } as const;
const latin1 = (text: string) => contentOf(Buffer.from(text, 'latin1'));
const TEXT = 'Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n';
const QUOTED = TEXT.replace('8bit', 'quoted-printable');

describe('a next hop with 8BITMIME is told', () => {
  const takes = () => relayingTo({ extensions: ['8BITMIME'] });

  test.each([
    { about: '8-bit content that the client has declared', content: latin1(`${TEXT}\xfc\r\n`), parameters: EIGHT },
    { about: '8-bit content that nobody has declared', content: latin1(`${TEXT}\xfc\r\n`), parameters: {} },
    { about: 'content that the client has declared, whatever it is', content: latin1('\r\nx\r\n'), parameters: EIGHT },
  ])('BODY=8BITMIME: $about', async ({ content, parameters }) => {
    const { outcomes, sink } = await takes();
    expect(await outcomes({ content, parameters })).toMatchObject(DELIVERED);
    expect(sink.mails[0]?.parameters).toBe('BODY=8BITMIME');
    expect(sink.mails[0]?.content).toEqual(await content.bytes());
  });

  test('BODY=8BITMIME: large content, which is not read twice to look', async () => {
    const { outcomes, sink } = await takes();
    const content = inPieces([]);
    expect(await outcomes({ content })).toMatchObject(DELIVERED);
    expect(sink.mails[0]?.parameters).toBe('BODY=8BITMIME');
    expect(content.counted()).toBe(1);
  });

  test('nothing of ASCII that nobody has declared', async () => {
    const { outcomes, sink } = await takes();
    expect(await outcomes({ content: latin1('Subject: x\r\n\r\nx\r\n') })).toMatchObject(DELIVERED);
    expect(sink.mails[0]?.parameters).toBe('');
  });
});

describe('for a next hop without 8BITMIME', () => {
  test.each([
    { about: 'declared', parameters: EIGHT },
    { about: 'not declared', parameters: {} },
  ])('8-bit content ($about) is converted, and the log says how', async ({ parameters }) => {
    const { outcomes, sink, log } = await relayingTo({ extensions: ['SIZE'] });
    expect(await outcomes({ content: latin1(`${TEXT}Gr\xfc\xdfe\r\n`), parameters })).toMatchObject(DELIVERED);
    const [mail] = sink.mails;
    expect(mail?.content.toString('latin1')).toBe(`${QUOTED}Gr=FC=DFe\r\n`);
    expect(mail?.parameters).toBe(`SIZE=${mail?.content.length}`);
    expect(log.of('converted')[0]?.fields).toMatchObject({
      changes: [{ what: 'put into quoted-printable: the mail', breaks: [] }],
    });
  });

  test('large content is converted too', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: [] });
    const octets = Buffer.concat([Buffer.from(TEXT), LINES, Buffer.from('\xfc\r\n', 'latin1')]);
    expect(await outcomes({ content: contentOf(octets) })).toMatchObject(DELIVERED);
    expect(sink.mails[0]?.content.toString('latin1')).toBe(`${QUOTED}${LINES.toString()}=FC\r\n`);
  });

  test('the same mail goes as it came to the next one that has it', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['8BITMIME'] });
    const content = latin1(`${TEXT}\xfc\r\n`);
    await outcomes({ content });
    expect(sink.mails[0]?.content).toEqual(await content.bytes());
  });

  test('a DKIM signature that breaks is named', async () => {
    const { outcomes, sink, log } = await relayingTo({ extensions: [] });
    const signature = 'DKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=one; h=from; bh=AA==; b=AA==\r\n';
    expect(await outcomes({ content: latin1(`${signature}${TEXT}\xfc\r\n`) })).toMatchObject(DELIVERED);
    expect(log.text()).toContain('DKIM example.test (selector one)');
    // What is 8-bit by its label alone is not worth a signature.
    const labelled = latin1(`${signature}${TEXT}x=\r\n`);
    expect(await outcomes({ content: labelled })).toMatchObject(DELIVERED);
    expect(sink.mails[1]?.content).toEqual(await labelled.bytes());
    expect(await outcomes({ content: latin1(`${TEXT}x=\r\n`) })).toMatchObject(DELIVERED);
    expect(sink.mails[2]?.content.toString('latin1')).toBe(`${QUOTED}x=3D\r\n`);
  });

  test.each([
    { about: 'a header', content: 'Subject: \xfc\r\n\r\nx\r\n', because: /header of the mail/ },
    {
      about: 'what is signed',
      content: 'Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n\xfc\r\n--s--\r\n',
      because: /is signed/,
    },
  ])('$about cannot be converted: it comes back where it was declared, and goes as it came where not', async one => {
    const { outcomes, sink } = await relayingTo({ extensions: [] });
    const content = latin1(one.content);
    expect(await outcomes({ content, parameters: EIGHT })).toMatchObject({
      'bob@example.test': {
        kind: 'bounced',
        reply: { code: 554, status: '5.6.3', text: expect.stringMatching(one.because) as string },
      },
    });
    expect(sink.mails).toEqual([]);
    expect(await outcomes({ content })).toMatchObject(DELIVERED);
    expect(sink.mails[0]?.content).toEqual(await content.bytes());
  });

  test('ASCII that was declared as 8-bit goes', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: [] });
    expect(await outcomes({ content: 'Subject: x\n\nu\n', parameters: EIGHT })).toMatchObject(DELIVERED);
    expect(sink.mails[0]).toMatchObject({ parameters: '', content: Buffer.from('Subject: x\r\n\r\nu\r\n') });
  });

  test('SIZE: what grows too large by it comes back', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['SIZE 1000'] });
    expect(await outcomes({ content: latin1(`${TEXT}${'\xfc'.repeat(500)}\r\n`) })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 552, status: '5.3.4' } },
    });
    expect(sink.mails).toEqual([]);
  });
});

describe('a notification, which nobody hears of if it is lost', () => {
  const report = (label: string, mediaType: string, returned: string) =>
    'Subject: Your mail could not be delivered\r\nMIME-Version: 1.0\r\n' +
    'Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n' +
    `Content-Transfer-Encoding: ${label === '8bit' ? '8bit' : '7bit'}\r\n\r\n--r\r\n\r\nIt could not.\r\n` +
    '--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n' +
    `--r\r\nContent-Type: ${mediaType}\r\nContent-Transfer-Encoding: ${label}\r\n\r\n${returned}\r\n--r--\r\n`;
  const UTF8_HEADER = 'Subject: Gr\xc3\xbc\xc3\x9fe\r\n';

  test.each([
    { extensions: [], mediaType: 'message/global' },
    { extensions: [], mediaType: 'message/global-headers' },
    { extensions: ['8BITMIME'], mediaType: 'message/global' },
    { extensions: ['8BITMIME'], mediaType: 'message/global-headers' },
  ])('with $mediaType for a next hop with $extensions alone: that part is encoded', async one => {
    const { outcomes, sink } = await relayingTo({ extensions: one.extensions });
    const content = latin1(report('8bit', one.mediaType, UTF8_HEADER));
    expect(await outcomes({ from: '<>', content, parameters: EIGHT })).toMatchObject(DELIVERED);
    expect(sink.mails[0]?.content.toString('latin1')).toBe(
      report('quoted-printable', one.mediaType, 'Subject: Gr=C3=BC=C3=9Fe\r\n'),
    );
  });

  test('with one that is large is encoded too', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['8BITMIME'] });
    const content = latin1(report('8bit', 'message/global', `${UTF8_HEADER}\r\n${LINES.toString()}`));
    expect(await outcomes({ from: '<>', content, parameters: EIGHT })).toMatchObject(DELIVERED);
    expect(sink.mails[0]?.content.toString('latin1')).toBe(
      report('quoted-printable', 'message/global', `Subject: Gr=C3=BC=C3=9Fe\r\n\r\n${LINES.toString()}`),
    );
  });

  test.each([
    { about: 'with SMTPUTF8', extensions: ['8BITMIME', 'SMTPUTF8'], mediaType: 'message/global' },
    { about: 'with 8BITMIME', extensions: ['8BITMIME'], mediaType: 'message/rfc822' },
    { about: 'without anything, where it cannot be converted', extensions: [], mediaType: 'message/rfc822' },
  ])('goes as it is to a next hop $about: $mediaType', async ({ extensions, mediaType }) => {
    const { outcomes, sink } = await relayingTo({ extensions });
    const content = latin1(report('8bit', mediaType, 'Subject: \xfc\r\n'));
    expect(await outcomes({ from: '<>', content, parameters: EIGHT })).toMatchObject(DELIVERED);
    expect(sink.mails[0]?.content).toEqual(await content.bytes());
  });
});

describeWithCorpus("Postfix's reference mails", () => {
  test.each(['', '2', '3'])('mime_cvt.in%s leaves as mime_cvt.ref says', async suffix => {
    const read = (name: string) => readFileSync(corpus('mime', 'postfix-mime', name), 'latin1');
    const { outcomes, sink } = await relayingTo({ extensions: [] });
    const content = latin1(read(`mime_cvt.in${suffix}`).replaceAll('\n', '\r\n'));
    expect(await outcomes({ content, parameters: EIGHT })).toMatchObject(DELIVERED);
    const sent = sink.mails[0]?.content.toString('latin1') ?? '';
    const reference = [...read(`mime_cvt.ref${suffix}`).matchAll(/^BODY N \d+\t\|(.*)\n/gm)].map(([, line]) => line);
    // Its first line is the empty one below the header.
    expect(sent.slice(sent.indexOf('\r\n\r\n') + 2)).toBe(reference.map(line => `${line}\r\n`).join(''));
  });
});
