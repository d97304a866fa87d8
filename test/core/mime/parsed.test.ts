/** The decoded view of a mail. */
import { expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { parseMail } from '../../../core/mime/parsed.ts';

test('a mail is read as people see it', async () => {
  const mail = [
    'From: =?utf-8?q?J=C3=B6rg?= <j@example.test>',
    'To: Team: ann@example.test, Bob <bob@example.test>;',
    'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    '=FCber',
    '--b',
    'Content-Type: application/pdf; name=a.pdf',
    'Content-Disposition: attachment; filename=a.pdf',
    'Content-Transfer-Encoding: base64',
    '',
    'aGVsbG8=',
    '--b--',
    '',
  ].join('\r\n');
  expect(await parseMail(contentOf(mail))).toEqual({
    subject: 'Grüße',
    from: [{ name: 'Jörg', address: 'j@example.test' }],
    to: [
      { name: '', address: 'ann@example.test' },
      { name: 'Bob', address: 'bob@example.test' },
    ],
    text: 'über',
    html: null,
    attachments: [{ filename: 'a.pdf', type: 'application/pdf', size: 5 }],
  });
});

test('HTML is kept as it is, and its text is made from it', async () => {
  const parsed = await parseMail(contentOf('Content-Type: text/html\r\n\r\n<p>Hello <b>there</b></p>'));
  expect(parsed).toMatchObject({ html: '<p>Hello <b>there</b></p>', text: 'Hello there' });
});

test('nothing at all is a mail that says nothing', async () => {
  expect(await parseMail(contentOf(''))).toMatchObject({ subject: null, from: [], to: [], attachments: [] });
});

test('content that cannot be read rejects', async () => {
  const broken = {
    ...contentOf('x'),
    async *stream() {
      yield Buffer.from('Subject: x\r\n');
      throw new Error('EIO: the disk is gone');
    },
  };
  await expect(parseMail(broken)).rejects.toThrow('EIO');
});
