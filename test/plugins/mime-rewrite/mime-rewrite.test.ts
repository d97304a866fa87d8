/** Rules on headers: what they change, what they leave alone, and what they say about signatures. */
import { describe, expect, test } from 'vitest';
import { contentOf, decodeText, parseHeader } from '../../../core/index.ts';
import { faultsIn, harness, textOf } from '../../../core/testing.ts';
import mimeRewrite from '../../../plugins/mime-rewrite/index.ts';

const MAIL = 'From: ann@example.test\nSubject: Hello\nX-Spam-Level: 3\nX-Spam: no\n\nBody\n';

/** What one rule makes of a mail: its text, or the kind of the answer. */
async function after(rule: object, mail = MAIL): Promise<string> {
  const { data } = await harness(mimeRewrite, { rules: [rule] });
  const answer = await data(mail);
  if (answer === undefined) return 'unchanged';
  return answer.kind === 'rewrite' ? textOf(answer.content) : answer.kind;
}

/** The same, of the header alone. */
async function headerAfter(action: object, header: string): Promise<string> {
  const text = await after({ do: action }, `${header}\n\nBody\n`);
  return text.replace(/\n\nBody\n$/, '');
}

describe('actions', () => {
  test.each([
    { action: { add: { field: 'X-A', value: 'b' } }, want: 'X-A: b\nFrom: a\nTo: b' },
    { action: { add: { field: 'X-A', value: 'b', at: 'bottom' } }, want: 'From: a\nTo: b\nX-A: b' },
    { action: { add: { field: 'From', value: 'c', at: 'bottom' } }, want: 'From: a\nTo: b\nFrom: c' },
    { action: { add: { field: 'X-A', value: 'Grüße' } }, want: 'X-A: =?UTF-8?B?R3LDvMOfZQ==?=\nFrom: a\nTo: b' },
    { action: { replace: { field: 'from', value: 'c' } }, want: 'From: c\nTo: b' },
    { action: { replace: { field: 'Cc', value: 'c' } }, want: 'unchanged' },
    { action: { remove: 'FROM' }, want: 'To: b' },
    { action: { remove: ['To', 'From'] }, want: '' },
    { action: { remove: 'Cc' }, want: 'unchanged' },
    { action: { remove: 'T*' }, want: 'From: a' },
    { action: { rename: { from: 'to', to: 'X-Original-To' } }, want: 'From: a\nX-Original-To: b' },
    { action: { rename: { from: 'Cc', to: 'Bcc' } }, want: 'unchanged' },
    { action: [{ remove: 'From' }, { rename: { from: 'To', to: 'From' } }, { remove: 'To' }], want: 'From: b' },
  ])('$action', async ({ action, want }) => {
    const text = await headerAfter(action, 'From: a\nTo: b');
    expect(text).toBe(want === '' ? '\nBody\n' : want);
  });

  test('replace leaves one field of a name', async () => {
    expect(await headerAfter({ replace: { field: 'To', value: 'c' } }, 'To: a\nX: y\nTO: b\nTo:\n c')).toBe(
      'To: c\nX: y',
    );
  });

  test('rename keeps the value as it is, folding and all', async () => {
    expect(await headerAfter({ rename: { from: 'X', to: 'Y' } }, 'X:  a\n\t b \nZ: c\nx:d')).toBe(
      'Y:  a\n\t b \nZ: c\nY:d',
    );
  });

  test('a mail without a header gets one', async () => {
    expect(await after({ do: { add: { field: 'X-A', value: 'b' } } }, '\nBody\n')).toBe('X-A: b\n\nBody\n');
  });

  test('a field at the bottom stands above the line that ends a header without an empty line', async () => {
    const rule = { do: { add: { field: 'X-A', value: 'b', at: 'bottom' } } };
    expect(await after(rule, 'From: a\nno field\nX-B: c\n')).toBe('From: a\nX-A: b\nno field\nX-B: c\n');
  });
});

describe('the tag of a subject', () => {
  test.each([
    { subject: 'Subject: Hello', want: 'Subject: [ext] Hello' },
    { subject: 'Subject:Hello', want: 'Subject: [ext] Hello' },
    { subject: 'SUBJECT:\t Hello\n again', want: 'SUBJECT: [ext]\t Hello\n again' },
    { subject: 'Subject:\n Hello', want: 'Subject: [ext]\n Hello' },
    { subject: 'Subject:', want: 'Subject: [ext]' },
    { subject: 'Subject: [ext] Hello', want: 'unchanged' },
    { subject: 'Subject: Re: [ext] Hello', want: 'unchanged' },
    { subject: 'Subject: =?utf-8?q?=5Bext=5D_Hello?=', want: 'unchanged' },
    { subject: 'Subject: =?iso-8859-1?q?Gr=FC=DFe?=', want: 'Subject: [ext] =?iso-8859-1?q?Gr=FC=DFe?=' },
    { subject: 'Subject: one\nSubject: two', want: 'Subject: [ext] one\nSubject: two' },
    { subject: 'To: a', want: 'To: a\nSubject: [ext]' },
    { subject: `Subject: ${'x'.repeat(989)}`, want: `Subject: [ext]\n ${'x'.repeat(989)}` },
  ])('$subject', async ({ subject, want }) => {
    expect(await headerAfter({ subjectTag: '[ext] ' }, subject)).toBe(want);
  });

  test.each([
    { subject: 'Hello', want: '[für dich] Hello' },
    { subject: '=?utf-8?q?Gr=C3=BC=C3=9Fe?=', want: '[für dich] Grüße' },
    { subject: 'Grüße', want: '[für dich] Grüße' },
  ])('beyond ASCII before $subject', async ({ subject, want }) => {
    const header = await headerAfter({ subjectTag: '[für dich]' }, `Subject: ${subject}`);
    expect(decodeText(parseHeader(Buffer.from(header)).first('Subject') ?? '')).toBe(want);
  });

  test('a subject in octets that are no UTF-8 keeps them', async () => {
    const { data } = await harness(mimeRewrite, { rules: [{ do: { subjectTag: '[ext]' } }] });
    const answer = await data(Buffer.from('Subject: Gr\xfc\xdfe\r\n\r\n', 'latin1'));
    const octets = answer?.kind === 'rewrite' ? await answer.content.bytes() : Buffer.alloc(0);
    expect(octets.toString('latin1')).toBe('Subject: [ext] Gr\xfc\xdfe\r\n\r\n');
  });
});

describe('matches', () => {
  const mark = { add: { field: 'X-Marked', value: 'yes' } };

  test.each([
    { header: { Subject: { contains: 'LOTTERY' } }, want: true },
    { header: { Subject: { contains: 'grüße' } }, want: true },
    { header: { subject: 'Lottery Grüße' }, want: true },
    { header: { subject: 'lottery grüße' }, want: false },
    { header: { Subject: { equals: 'Lottery' } }, want: false },
    { header: { 'X-Tag': 'present' }, want: true },
    { header: { 'X-Tag': { equals: 'present' } }, want: false },
    { header: { 'X-Tag': { equals: 'two' } }, want: true },
    { header: { 'X-Tag': 'absent' }, want: false },
    { header: { 'X-Other': 'absent' }, want: true },
    { header: { 'X-Other': 'present' }, want: false },
    { header: { 'X-Tag': ['three', 'two'] }, want: true },
    { header: { 'X-Tag': ['three', 'absent'] }, want: false },
    { header: { 'X-Tag': 'present', 'X-Other': 'present' }, want: false },
  ])('$header: $want', async ({ header, want }) => {
    const mail = 'Subject: =?utf-8?q?Lottery?=\n =?utf-8?q?_Gr=C3=BC=C3=9Fe?=\nX-Tag: one\nX-Tag: two\n\n';
    expect((await after({ match: { header }, do: mark }, mail)) !== 'unchanged').toBe(want);
  });

  test('each rule sees what those above it have done', async () => {
    const { data } = await harness(mimeRewrite, {
      rules: [
        { match: { header: { 'X-A': 'absent' } }, do: { add: { field: 'X-A', value: '1' } } },
        { match: { header: { 'X-A': 'absent' } }, do: { add: { field: 'X-B', value: '2' } } },
        { match: { header: { 'X-A': 'present' } }, do: { rename: { from: 'X-A', to: 'X-C' } } },
      ],
    });
    const answer = await data('From: a\n\n');
    expect(answer?.kind === 'rewrite' && (await textOf(answer.content))).toBe('X-C: 1\nFrom: a\n\n');
    expect(answer).toMatchObject({
      changes: [
        { what: 'added header field X-A', breaks: [] },
        { what: 'renamed header field X-A to X-C', breaks: [] },
      ],
    });
  });
});

const SIGNATURE =
  'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.test; s=s1; h=from:subject:x-over; bh=x; b=y';
const SIGNED = `${SIGNATURE}\nFrom: a\nSubject: Hello\nX-Free: 1\n\nBody\n`;

describe('signatures', () => {
  test.each([
    { action: { subjectTag: '[ext]' }, want: ['DKIM example.test (selector s1)'] },
    { action: { remove: 'From' }, want: ['DKIM example.test (selector s1)'] },
    { action: { add: { field: 'X-Over', value: 'signed' } }, want: ['DKIM example.test (selector s1)'] },
    { action: { remove: 'DKIM-Signature' }, want: ['DKIM example.test (selector s1)'] },
    { action: { add: { field: 'X-New', value: '1' } }, want: [] },
    { action: { remove: 'X-Free' }, want: [] },
    { action: { replace: { field: 'X-Free', value: '2' } }, want: [] },
  ])('$action breaks $want', async ({ action, want }) => {
    const { data } = await harness(mimeRewrite, { rules: [{ do: action }] });
    expect(await data(SIGNED)).toMatchObject({ kind: 'rewrite', changes: [{ breaks: want }] });
  });

  test('of the body break when its description changes', async () => {
    const { data } = await harness(mimeRewrite, {
      rules: [{ do: [{ replace: { field: 'Content-Type', value: 'text/plain' } }, { subjectTag: '[ext]' }] }],
    });
    const type = 'multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha256; boundary=b';
    const parts = '--b\n\nsigned\n--b\nContent-Type: application/pgp-signature\n\nsignature\n--b--\n';
    expect(await data(`Subject: x\nContent-Type: ${type}\n\n${parts}`)).toMatchObject({
      changes: [{ breaks: ['OpenPGP (the whole mail)'] }, { breaks: [] }],
    });
  });

  test('are broken by default: a sender must not switch a rule off by signing', async () => {
    expect(await after({ do: { subjectTag: '[ext]' } }, SIGNED)).toContain('Subject: [ext] Hello');
  });

  test('with "skip" the whole rule is left out, and the log says so', async () => {
    const { data, log } = await harness(mimeRewrite, {
      rules: [
        { name: 'mark', signed: 'skip', do: [{ add: { field: 'X-New', value: '1' } }, { subjectTag: '[ext]' }] },
        { do: { add: { field: 'X-Other', value: '2' } } },
      ],
    });
    const answer = await data(SIGNED);
    expect(answer).toMatchObject({ changes: [{ what: 'added header field X-Other' }] });
    expect(answer?.kind === 'rewrite' && (await textOf(answer.content))).toBe(`X-Other: 2\n${SIGNED}`);
    expect(log.of('skipped')).toMatchObject([
      { fields: { rule: 'mark', breaks: ['DKIM example.test (selector s1)'] } },
    ]);
  });

  test('with "skip" an edit that breaks nothing is made', async () => {
    expect(await after({ signed: 'skip', do: { remove: 'X-Free' } }, SIGNED)).toBe(SIGNED.replace('X-Free: 1\n', ''));
  });

  test('with "refuse" the mail is refused, and only the log knows why', async () => {
    const { data } = await harness(mimeRewrite, {
      rules: [{ name: 'mark', signed: 'refuse', do: { subjectTag: '[ext]' } }],
    });
    expect(await data(SIGNED)).toEqual({
      kind: 'reject',
      reply: { code: 554, status: '5.6.2', text: 'Signed mail cannot be changed as our policy demands' },
      because: 'mark would break DKIM example.test (selector s1)',
    });
    expect(await data(MAIL)).toMatchObject({ kind: 'rewrite' });
  });
});

describe('what does not boot', () => {
  test.each([
    {
      rule: { do: { add: { field: 'X-A', value: 'b\r\nBcc: c' } } },
      want: 'options.rules.0.do.add.value: holds a line end',
    },
    { rule: { do: { subjectTag: 'a\nb' } }, want: 'options.rules.0.do.subjectTag: holds a line end' },
    { rule: { do: { add: { field: 'X A', value: 'b' } } }, want: 'options.rules.0.do.add.field: is no name' },
    { rule: { do: { rename: { from: 'A', to: 'B:' } } }, want: 'options.rules.0.do.rename.to: is no name' },
    { rule: { do: { subjectTag: ' ' } }, want: 'options.rules.0.do.subjectTag: is empty' },
    { rule: { do: 'drop' }, want: 'options.rules.0.do: ' },
    { rule: { do: {} }, want: 'options.rules.0.do: one action is expected' },
    { rule: { do: { remove: 'A', subjectTag: 'b' } }, want: 'options.rules.0.do: one action is expected' },
    { rule: { do: { removes: 'A' } }, want: 'options.rules.0.do.removes: unknown key; did you mean "remove"?' },
    { rule: { do: [] }, want: 'options.rules.0.do: ' },
    {
      rule: { match: { types: 'text/html' }, do: { remove: 'A' } },
      want: 'options.rules.0.match.types: unknown key; did you mean "type"?',
    },
    {
      rule: { do: { remove: 'A' }, signed: 'ignore' },
      want: 'options.rules.0.signed: "edit", "skip" or "refuse" is expected',
    },
  ])('$want', async ({ rule, want }) => {
    const found = await faultsIn(mimeRewrite, { rules: [rule] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(want);
  });

  test('no rules at all', async () => {
    expect(await faultsIn(mimeRewrite, { rules: [] })).toEqual(['options.rules: at least one entry is expected']);
  });
});

test('a header without end is refused, not waved through', async () => {
  const { data } = await harness(mimeRewrite, { rules: [{ do: { remove: 'X-Secret' } }] });
  const header = `X-Fill: ${'x'.repeat(900)}\r\n`.repeat(1300);
  expect(await data(Buffer.from(`${header}X-Secret: 1\r\n\r\n`))).toMatchObject({
    kind: 'reject',
    reply: { code: 552 },
  });
});

test('the body is not read', async () => {
  const { data } = await harness(mimeRewrite, { rules: [{ do: { subjectTag: '[ext]' } }] });
  const header = contentOf('Subject: a\r\n\r\n');
  const content = {
    size: header.size + 5,
    bytes: () => Promise.reject(new Error('all octets were asked for')),
    async *stream() {
      yield* header.stream();
      yield Buffer.from('Bo');
      throw new Error('the body was read');
    },
  };
  expect(await data(content)).toMatchObject({ kind: 'rewrite' });
});
