import { describe, expect, test } from 'vitest';
import { type Content, contentOf } from '../../../core/mail/content.ts';
import { walkParts } from '../../../core/mime/part.ts';
import type { ReadPart, ShownText } from '../../../core/reading/message.ts';
import { partAt } from '../../../core/reading/message.ts';
import { type ReadingOptions, readMessage } from '../../../core/reading/read-message.ts';

const read = (lines: readonly string[], options?: ReadingOptions) =>
  readMessage(contentOf(lines.join('\r\n')), options);

function textAt(root: ReadPart, path: string): ShownText {
  const shown = partAt(root, path)?.shown;
  if (shown?.kind !== 'text') throw new Error(`part ${path} is shown as ${shown?.kind}`);
  return shown;
}

const shape = (root: ReadPart) => [...walkParts(root)].map(({ path, type, shown }) => `${path} ${type} ${shown.kind}`);

describe('the header that matters', () => {
  test('names and subjects are decoded, in one order whatever that of the fields', async () => {
    const { root } = await read([
      'Received: from a by b',
      'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
      'To: staff: =?iso-8859-1?Q?Andr=E9?= <andre@example.test>, bob@example.test;, carol@example.test',
      'From: "Lee, Ann" <ann@example.test>',
      '',
      'Hi',
    ]);
    expect(root.header?.shown.map(({ name, text }) => `${name}: ${text}`)).toEqual([
      'From: "Lee, Ann" <ann@example.test>',
      'To: staff: André <andre@example.test>, bob@example.test;, carol@example.test',
      'Subject: Grüße',
    ]);
    expect(root.header?.others.map(({ name }) => name)).toEqual(['Received']);
    expect(root.header?.oddities).toEqual([]);
  });

  test('a Reply-To that says what From says is not repeated, another one is shown', async () => {
    const shown = async (to: string) =>
      (await read(['From: Ann <ann@a.test>', `Reply-To: ${to}`, '', ''])).root.header?.shown.length;
    expect(await shown('ann@a.test')).toBe(1);
    expect(await shown('eve@e.test')).toBe(2);
  });

  test('threat: two authors: both are shown, and it is said that there are two', async () => {
    const { root } = await read(['From: boss@example.test', 'From: eve@evil.test', '', '']);
    expect(root.header?.shown.map(({ text }) => text)).toEqual(['boss@example.test', 'eve@evil.test']);
    expect(root.header?.oddities).toEqual(['2 From fields: programs differ in which of them they show']);
  });

  test.each([
    ['a name that shows another address', '"boss@bank.test" <eve@evil.test>', /name shows boss@bank\.test/],
    ['letters of two alphabets', 'Bank <x@b\u0430nk.test>', /mixes letters of Latin and Cyrillic: it is xn--/],
    ['a domain that is not what it looks like', 'x@\u0430\u0440\u0440.test', /is xn--/],
    ['characters that nobody sees', 'Ba\u200bnk <x@bank.test>', /nobody sees/],
  ])('threat: %s in From is told', async (_, from, told) => {
    const { root } = await read([`From: ${from}`, '', '']);
    expect(root.header?.oddities.join('\n')).toMatch(told);
  });
});

describe('the text', () => {
  test('is decoded from its transfer encoding and its charset', async () => {
    const { root } = await read([
      'Content-Type: text/plain; charset=iso-8859-15',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'F=FCnf =A4',
    ]);
    expect(textAt(root, '')).toMatchObject({
      form: 'plain',
      text: 'Fünf €\n',
      charset: 'iso-8859-15',
      charsetKnown: true,
    });
    expect(root.size).toBe(6);
  });

  test('flows where it says so, and its quotations stay quotations', async () => {
    const { root } = await read([
      'Content-Type: text/plain; format=flowed',
      '',
      '> as you ',
      '> said',
      'that is ',
      'one line',
      '-- ',
      'Ann',
    ]);
    expect(textAt(root, '').text).toBe('> as you said\nthat is one line\n-- \nAnn\n');
  });

  test('of HTML is what it shows, with its links, and its source for those who show HTML', async () => {
    const { root } = await read([
      'Content-Type: text/html',
      '',
      '<p>See <a href="https://x.test/">here</a><script>1</script>',
    ]);
    const shown = textAt(root, '');
    expect(shown.text).toBe('See here [1]\n\n[1] https://x.test/\n');
    expect(shown.source).toContain('<script>');
  });

  test('is shown once where there are several forms of it: plain, or HTML for those who prefer it', async () => {
    const mail = alternative('Plain words', '<p>HTML words');
    const plain = await read(mail);
    expect(shape(plain.root)).toEqual([' multipart/alternative parts', '1 text/plain text', '2 text/html other-form']);
    const html = await read(mail, { prefer: 'html' });
    expect(textAt(html.root, '2').text).toBe('HTML words\n');
    expect(partAt(html.root, '1')?.shown).toEqual({ kind: 'other-form', of: '2' });
  });

  test('of HTML is shown where the plain form is empty', async () => {
    const { root } = await read(alternative('  ', '<p>All that there is'));
    expect(textAt(root, '2').text).toBe('All that there is\n');
  });

  test('that a mail gives as a file is told from its body; a mail that is nothing else is body', async () => {
    const attached = ['Content-Type: text/x-log', 'Content-Disposition: attachment; filename=a.log', '', 'x'];
    const { root } = await read(mixed(['', 'Hi'], attached));
    expect(textAt(root, '1').place).toBe('body');
    expect(textAt(root, '2').place).toBe('attached');
    expect(textAt((await read(attached)).root, '').place).toBe('body');
  });
});

describe('the parts', () => {
  test('a file has a name, other names, a type and a size', async () => {
    const { root } = await read(
      mixed(
        ['', 'Hi'],
        [
          'Content-Type: application/pdf; name="harmless.pdf"',
          "Content-Disposition: attachment; filename*=utf-8''r%C3%A9sum%C3%A9.exe",
          'Content-Transfer-Encoding: base64',
          'Content-Description: =?utf-8?Q?caf=C3=A9?=',
          '',
          'AAECAw==',
        ],
      ),
    );
    expect(partAt(root, '2')).toMatchObject({
      type: 'application/pdf',
      name: 'résumé.exe',
      otherNames: ['harmless.pdf'],
      description: 'café',
      size: 4,
      shown: { kind: 'file' },
    });
  });

  test('a mail in a mail has a header and parts of its own', async () => {
    const { root } = await read(
      mixed(['', 'See'], ['Content-Type: message/rfc822', '', 'Subject: inner', '', 'Inner words']),
    );
    expect(partAt(root, '2.1')?.header?.shown).toEqual([{ name: 'Subject', text: 'inner' }]);
    expect(textAt(root, '2.1').text).toBe('Inner words\n');
  });

  test('a delivery status is read in blocks, one about the mail and one about each recipient', async () => {
    const { root } = await read([
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example.test',
      '',
      'Final-Recipient: rfc822; ann@example.test',
      'Action: failed',
      'Status: 5.1.1',
      '',
      '--b--',
    ]);
    const shown = partAt(root, '1')?.shown;
    if (shown?.kind !== 'report') throw new Error('no report');
    expect(shown.about).toBe('delivery');
    expect(shown.blocks.map(block => block.map(({ name, text }) => `${name}: ${text}`))).toEqual([
      ['Reporting-MTA: dns; mx.example.test'],
      ['Final-Recipient: rfc822; ann@example.test', 'Action: failed', 'Status: 5.1.1'],
    ]);
    expect(shown.truncated).toBe(false);
  });

  test('what is encrypted says so', async () => {
    const { root } = await read(['Content-Type: application/pkcs7-mime; smime-type=enveloped-data', '', 'x']);
    expect(root.shown).toEqual({ kind: 'encrypted', by: 'S/MIME' });
  });
});

describe('signatures', () => {
  test('threat: words beside a signed part: what is covered is told from what is not', async () => {
    const { root, coverage, signatures } = await read(mixed(['', 'Pay eve'], signed('Pay ann')));
    expect(coverage).toBe('part');
    expect(partAt(root, '1')?.signedBy).toEqual([]);
    expect(partAt(root, '2.1')?.signedBy).toEqual(['2']);
    expect(partAt(root, '2.2')?.shown).toEqual({ kind: 'signature' });
    expect(signatures).toEqual([{ kind: 'OpenPGP', path: '2', covers: 'part 2.1' }]);
  });

  test('a mail that is signed as a whole is covered as a whole', async () => {
    const { coverage } = await read(signed('Pay ann'));
    expect(coverage).toBe('whole');
  });

  test('threat: a third part in a signed one: it is not covered', async () => {
    const lines = signed('Pay ann');
    const { root, coverage } = await read([...lines.slice(0, -1), '--s', '', 'Pay eve', '--s--']);
    expect(coverage).toBe('part');
    expect(partAt(root, '3')?.signedBy).toEqual([]);
  });

  test('threat: words around text that is signed where it stands: the covered piece is marked', async () => {
    const { root, coverage } = await read(['', 'Before', ...CLEARTEXT, 'Behind']);
    const { text, signed: pieces } = textAt(root, '');
    expect(pieces.map(({ start, end }) => text.slice(start, end))).toEqual([CLEARTEXT.join('\n')]);
    expect(coverage).toBe('part');
    expect((await read(['', ...CLEARTEXT])).coverage).toBe('whole');
  });

  test('what others say that they found out is a claim of theirs', async () => {
    const { claims } = await read([
      'Authentication-Results: mx.example.test 1;',
      ' dkim=pass header.d=example.test',
      'Received-SPF: pass',
      '',
      '',
    ]);
    expect(claims).toEqual([
      { by: 'mx.example.test', text: 'dkim=pass header.d=example.test' },
      { by: 'Received-SPF', text: 'pass' },
    ]);
  });
});

describe('limits', () => {
  test('threat: a text without end: its beginning is kept, and its size is known', async () => {
    const { root } = await read(['', 'x'.repeat(5000)], { kept: { part: 1000, mail: 3000 } });
    expect(textAt(root, '')).toMatchObject({ text: `${'x'.repeat(1000)}\n`, truncated: true });
    expect(root.size).toBe(5000);
  });

  test('threat: many texts: all together keep no more than a mail may', async () => {
    const { root } = await read(mixed(...Array.from({ length: 9 }, () => ['', 'x'.repeat(1000)])), {
      kept: { part: 1000, mail: 3000 },
    });
    const kept = [...walkParts(root)].map(({ shown }) => (shown.kind === 'text' ? shown.text.trim().length : 0));
    expect(kept.reduce((sum, one) => sum + one, 0)).toBe(3000);
  });

  test('threat: more parts than a tree may have: the header is read all the same', async () => {
    const { root } = await read(['Subject: many', ...mixed(...Array.from({ length: 20 }, () => ['', 'x']))], {
      tree: { parts: 10, depth: 5, headers: 10_000 },
    });
    expect(root.shown).toEqual({ kind: 'too-complex', what: 'parts', limit: 10 });
    expect(root.header?.shown).toEqual([{ name: 'Subject', text: 'many' }]);
  });

  test('a mail is read from its stream: never all of it at once', async () => {
    const octets = Buffer.from(mixed(['', 'Hi'], ['Content-Type: image/png', '', 'x'.repeat(100_000)]).join('\r\n'));
    const content: Content = {
      size: octets.length,
      bytes: () => Promise.reject(new Error('all of it at once')),
      async *stream() {
        for (let at = 0; at < octets.length; at += 777) yield octets.subarray(at, at + 777);
      },
    };
    const whole = await readMessage(contentOf(octets));
    expect(await readMessage(content)).toEqual(whole);
  });
});

const CLEARTEXT = [
  '-----BEGIN PGP SIGNED MESSAGE-----',
  'Hash: SHA256',
  '',
  'Pay ann',
  '-----BEGIN PGP SIGNATURE-----',
  '',
  'iQ==',
  '-----END PGP SIGNATURE-----',
];

function mixed(...parts: readonly (readonly string[])[]): string[] {
  return ['Content-Type: multipart/mixed; boundary=m', '', ...parts.flatMap(part => ['--m', ...part]), '--m--'];
}

function alternative(plain: string, html: string): string[] {
  return [
    'Content-Type: multipart/alternative; boundary=a',
    '',
    '--a',
    '',
    plain,
    '--a',
    'Content-Type: text/html',
    '',
    html,
    '--a--',
  ];
}

function signed(words: string): string[] {
  return [
    'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=s',
    '',
    '--s',
    '',
    words,
    '--s',
    'Content-Type: application/pgp-signature',
    '',
    'iQ==',
    '--s--',
  ];
}
