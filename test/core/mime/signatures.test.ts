/** Which signatures a mail carries, and which an edit breaks. */
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import type { Edit } from '../../../core/mime/edit.ts';
import { type HeaderBlock, parseHeader } from '../../../core/mime/header.ts';
import { appendField, prependField, removeFields, setField } from '../../../core/mime/header-edit.ts';
import { walkParts } from '../../../core/mime/part.ts';
import { brokenSignatures, signaturesBrokenBy, signaturesOf } from '../../../core/mime/signatures.ts';
import { parseTree } from '../../../core/mime/tree.ts';

const lines = (...all: string[]) => all.join('\r\n');
const dkim = (tags: string) => `DKIM-Signature: v=1; a=rsa-sha256; d=Example.test; s=s1; ${tags}; bh=x; b=y`;
const signed = (tags: string) =>
  lines(
    dkim(tags),
    'From: ann@example.test',
    'Subject: hello',
    'Subject: again',
    'X-Other: 1',
    '',
    'one  two ',
    '',
    '',
  );
const EXAMPLE = 'DKIM example.test (selector s1)';

type HeaderEdit = (header: HeaderBlock) => Edit | readonly Edit[];
const brokenBy = (mail: string, edit: HeaderEdit) =>
  signaturesBrokenBy(contentOf(mail), [edit(parseHeader(Buffer.from(mail, 'latin1')))].flat());
const replace = (mail: string, from: string, to: string): Edit => {
  const start = mail.indexOf(from);
  if (start === -1) throw new Error(`there is no ${from} in the mail`);
  return { start, end: start + from.length, replacement: Buffer.from(to) };
};

describe('a DKIM signature', () => {
  const simple = 'h=From:Subject:subject:Date; c=simple';
  const relaxed = 'h=From : Subject; c=relaxed/relaxed';

  const headerEdits: readonly { tags: string; what: string; edit: HeaderEdit; want: readonly string[] }[] = [
    { tags: simple, what: 'a field that is not signed is added', edit: h => appendField(h, 'X-New', '1'), want: [] },
    { tags: simple, what: 'a field that is not signed is removed', edit: h => removeFields(h, 'x-other'), want: [] },
    {
      tags: simple,
      what: 'a signed field is changed',
      edit: h => setField(h, 'From', 'bob@example.test'),
      want: [EXAMPLE],
    },
    { tags: simple, what: 'a signed field is removed', edit: h => removeFields(h, 'subject'), want: [EXAMPLE] },
    {
      tags: simple,
      what: 'a field is added that was signed as missing',
      edit: h => appendField(h, 'Date', 'now'),
      want: [EXAMPLE],
    },
    {
      tags: 'h=From:From',
      what: 'an over-signed field is added',
      edit: h => prependField(h, 'From', 'x@y.test'),
      want: [EXAMPLE],
    },
    {
      tags: 'h=From',
      what: 'a field is added above the signed one',
      edit: h => prependField(h, 'From', 'x@y.test'),
      want: [],
    },
    {
      tags: 'h=From',
      what: 'a field is added below the signed one',
      edit: h => appendField(h, 'From', 'x@y.test'),
      want: [EXAMPLE],
    },
    {
      tags: relaxed,
      what: 'the upper of two fields is changed, of which one is signed',
      edit: h => setField(h, 'Subject', 'x').slice(0, 1),
      want: [],
    },
    {
      tags: 'h=subject; c=simple',
      what: 'a signed field is folded anew',
      edit: h => replaceRaw(h, 'Subject: again', 'Subject:\r\n again'),
      want: [EXAMPLE],
    },
    {
      tags: 'h=subject; c=relaxed',
      what: 'a signed field is folded anew',
      edit: h => replaceRaw(h, 'Subject: again', 'SUBJECT:\r\n again'),
      want: [],
    },
    { tags: simple, what: 'the signature is removed', edit: h => removeFields(h, 'dkim-signature'), want: [EXAMPLE] },
  ];
  test.each(headerEdits)('($tags) when $what: $want', async ({ tags, edit, want }) => {
    expect(await brokenBy(signed(tags), edit)).toEqual(want);
  });

  function replaceRaw(header: HeaderBlock, from: string, to: string): Edit {
    return replace(header.octets.toString('latin1'), from, to);
  }

  test.each([
    { tags: 'h=from; c=simple', from: 'one  two ', to: 'one two', want: [EXAMPLE] },
    { tags: 'h=from; c=relaxed/simple', from: 'one  two ', to: 'one two', want: [EXAMPLE] },
    { tags: 'h=from; c=relaxed/relaxed', from: 'one  two ', to: 'one\ttwo', want: [] },
    { tags: 'h=from; c=relaxed/relaxed', from: 'one  two', to: 'onetwo', want: [EXAMPLE] },
    { tags: 'h=from; c=simple', from: 'two \r\n\r\n', to: 'two \r\n\r\n\r\n', want: [] },
    { tags: 'h=from; c=simple; l=6', from: 'two', to: 'anything else', want: [EXAMPLE] },
    { tags: 'h=from; c=simple; l=4', from: ' two \r\n', to: ' and a footer\r\n', want: [] },
  ])('($tags) when "$from" in the body becomes "$to": $want', async ({ tags, from, to, want }) => {
    const mail = signed(tags);
    expect(await signaturesBrokenBy(contentOf(mail), [replace(mail, from, to)])).toEqual(want);
  });

  test('is listed with what it covers', () => {
    expect(signaturesOf(Buffer.from(signed('h=From: To; l=12'))).dkim).toMatchObject([
      { domain: 'example.test', selector: 's1', signedFields: ['from', 'to'], bodyLength: 12 },
    ]);
  });

  test.each(['d=; s=s1; h=from', 'd=example.test; h=from', 'd=example.test; s=s1', 'd=a b; s=s\u0001; h=from'])(
    'that says only %s signs nothing',
    tags => {
      expect(signaturesOf(Buffer.from(`DKIM-Signature: ${tags}\r\n\r\n`)).dkim).toEqual([]);
    },
  );

  test('of each of two signers is judged on its own', async () => {
    const mail = lines(
      dkim('h=from'),
      'DKIM-Signature: d=other.test; s=s2; h=subject',
      'From: a@b.test',
      'Subject: x',
      '',
      '',
    );
    expect(await brokenBy(mail, header => setField(header, 'subject', 'y'))).toEqual(['DKIM other.test (selector s2)']);
  });
});

const partsSigned = (protocol: string) =>
  lines(
    'From: ann@example.test',
    `Content-Type: multipart/signed; protocol="${protocol}"; boundary=b`,
    '',
    'preamble',
    '--b',
    'Content-Type: text/plain',
    '',
    'signed text',
    '--b',
    `Content-Type: ${protocol}`,
    '',
    'signature',
    '--b--',
    '',
  );

describe.each([
  { protocol: 'application/pgp-signature', kind: 'OpenPGP' },
  { protocol: 'application/pkcs7-signature', kind: 'S/MIME' },
])('an $kind signature over a part', ({ protocol, kind }) => {
  const mail = partsSigned(protocol);
  const broken = [`${kind} (the whole mail)`];

  test.each([
    { from: 'ann@', to: 'bob@', want: [] },
    { from: 'preamble', to: 'other', want: [] },
    { from: 'signed text', to: 'signed text with a footer', want: broken },
    { from: 'text/plain', to: 'text/html', want: broken },
    { from: '\r\nsignature\r\n', to: '\r\nother\r\n', want: broken },
    { from: 'boundary=b', to: 'boundary=c', want: broken },
    { from: 'multipart/signed', to: 'multipart/mixed', want: broken },
  ])('when $from becomes $to: $want', async ({ from, to, want }) => {
    expect(await signaturesBrokenBy(contentOf(mail), [replace(mail, from, to)])).toEqual(want);
  });

  test('survives when the mail becomes a part of another one', async () => {
    const wrapped = lines(
      'Content-Type: multipart/mixed; boundary=w',
      '',
      '--w',
      mail,
      '--w',
      '',
      'footer',
      '--w--',
      '',
    );
    expect(await brokenSignatures(contentOf(mail), contentOf(wrapped))).toEqual([]);
    expect(await brokenSignatures(contentOf(wrapped), contentOf(mail))).toEqual([]);
    expect(await brokenSignatures(contentOf(wrapped), contentOf('Subject: x\r\n\r\n'))).toEqual([`${kind} (part 1)`]);
  });
});

test('an opaque S/MIME part is broken by a change of what it holds, not of how it is written', async () => {
  const mail = (body: string) =>
    contentOf(
      lines(
        'Content-Type: application/pkcs7-mime; smime-type=signed-data',
        'Content-Transfer-Encoding: base64',
        '',
        body,
        '',
      ),
    );
  expect(await brokenSignatures(mail('aGVsbG8='), mail('aGVs\r\nbG8='))).toEqual([]);
  expect(await brokenSignatures(mail('aGVsbG8='), mail('aGVsbG9v'))).toEqual(['S/MIME (the whole mail)']);
});

test('text that is signed where it stands is broken only by an edit between its armor lines', async () => {
  const mail = lines(
    'Subject: x',
    '',
    'before',
    '-----BEGIN PGP SIGNED MESSAGE-----',
    '',
    'text',
    '-----BEGIN PGP SIGNATURE-----',
    'xyz',
    '-----END PGP SIGNATURE-----',
    '',
  );
  expect(await signaturesBrokenBy(contentOf(mail), [replace(mail, 'before', 'otherwise')])).toEqual([]);
  expect(await signaturesBrokenBy(contentOf(mail), [replace(mail, '\r\ntext', '\r\nother')])).toEqual([
    'OpenPGP (the whole mail)',
  ]);
});

test('an unsigned mail loses nothing', async () => {
  const mail = 'From: a@b.test\r\n\r\nbody';
  expect(await signaturesBrokenBy(contentOf(mail), [replace(mail, 'body', 'x')])).toEqual([]);
  expect(await signaturesBrokenBy(contentOf(partsSigned('application/pgp-signature')), [])).toEqual([]);
});

test('a mail that an edit made too complex has lost the signatures in its parts', async () => {
  const deep = Array.from(
    { length: 60 },
    (_, n) => `Content-Type: multipart/mixed; boundary=n${n}\r\n\r\n--n${n}\r\n`,
  ).join('');
  const mail = partsSigned('application/pgp-signature');
  expect(await brokenSignatures(contentOf(mail), contentOf(deep + mail))).toEqual(['OpenPGP (the whole mail)']);
  const tree = parseTree(Buffer.from(mail));
  expect(tree.kind === 'tree' && [...walkParts(tree.root)]).toHaveLength(3);
});
