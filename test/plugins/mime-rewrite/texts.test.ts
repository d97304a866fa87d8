/** Rules on what people read: footers, links, the other form of a text. */
import { describe, expect, test } from 'vitest';
import { decodeTransfer } from '../../../core/index.ts';
import { leavesOf, lines, multipart, part, rewritten, treeOf } from './rewritten.ts';

const FOOTER = { do: { footer: { text: 'Sent from outside.', html: '<p>Sent from <b>outside</b>.</p>' } } };
const plain = (body: string, ...fields: readonly string[]) => lines('From: ann@example.test', ...fields, '', body);

describe('a footer goes', () => {
  test('below a text, and every octet of it stays', async () => {
    expect((await rewritten(FOOTER, plain('Hello'))).text).toBe(plain('Hello\nSent from outside.'));
  });

  test('above it as a banner', async () => {
    const rule = { do: { footer: { text: 'Careful!', at: 'top' } } };
    expect((await rewritten(rule, plain('Hello'))).text).toBe(plain('Careful!\nHello'));
  });

  test('once, however often the mail comes by', async () => {
    const { text } = await rewritten(FOOTER, plain('Hello'));
    expect((await rewritten(FOOTER, text)).text).toBe('unchanged');
  });

  test('into every alternative, and into no file', async () => {
    const inner = part(
      'multipart/alternative; boundary=c',
      ['--c', part('text/plain', 'Hello'), '--c', part('text/html', '<html><body>Hello</body></html>'), '--c--'].join(
        '\n',
      ),
    );
    const file = part('text/plain', 'a file', 'Content-Disposition: attachment; filename=a.txt');
    const { text, changes } = await rewritten(FOOTER, multipart('mixed', inner, file));
    expect(changes).toEqual(['put a footer into part 1.1, part 1.2']);
    expect(leavesOf(text)).toEqual([
      'Hello\nSent from outside.',
      '<html><body>Hello<p>Sent from <b>outside</b>.</p></body></html>',
      'a file',
    ]);
  });

  test.each([
    { subtype: 'related; start="<2>"', want: 'part 2' },
    { subtype: 'related', want: 'part 1' },
    { subtype: 'mixed', want: 'part 2' },
    { subtype: 'parallel', want: 'part 2' },
    { subtype: 'report', want: 'part 1' },
    { subtype: 'alternative', want: 'part 1, part 2' },
    { subtype: 'x-unknown', want: 'part 2' },
  ])('where people read it: multipart/$subtype', async ({ subtype, want }) => {
    const mail = multipart(
      subtype,
      part('text/plain', 'one'),
      part('text/plain', 'two', 'Content-ID: <2>'),
      part('image/png', 'x'),
    );
    expect((await rewritten(FOOTER, mail)).changes).toEqual([`put a footer into ${want}`]);
  });

  test.each(['digest', 'mixed'])('never into an attached mail: multipart/%s', async subtype => {
    const mail = multipart(subtype, part('message/rfc822', 'Subject: x\n\nHello'));
    const { answer, log } = await rewritten(FOOTER, mail);
    expect(answer?.kind).toBe('note');
    expect(log.of('skipped')).toMatchObject([{ fields: { because: 'there is no text for a footer' } }]);
  });

  test('into a part of its own where the rule wants it at all costs', async () => {
    const rule = { do: { footer: { text: 'Sent from outside.', otherwise: 'part' } } };
    const image = plain('x', 'Content-Type: image/png', 'MIME-Version: 1.0');
    expect(treeOf((await rewritten(rule, image)).text)).toBe('multipart/mixed(image/png, text/plain)');
    const mail = multipart('mixed', part('message/rfc822', 'Subject: x\n\nHello'));
    expect(treeOf((await rewritten(rule, mail)).text)).toBe('multipart/mixed(message/rfc822(text/plain), text/plain)');
  });

  test('into the parts that the rule means', async () => {
    const mail = multipart('mixed', part('text/plain', 'one'), part('text/html', 'two'));
    const { changes } = await rewritten({ match: { type: 'text/html' }, ...FOOTER }, mail);
    expect(changes).toEqual(['put a footer into part 2']);
  });

  test('as HTML made of the text where there is no HTML', async () => {
    const { text } = await rewritten(
      { do: { footer: { text: 'a < b\nc' } } },
      plain('<p>x', 'Content-Type: text/html'),
    );
    expect(text).toContain('<p>a &#60; b<br>\nc</p>');
  });
});

describe('the charset and the encoding of the part', () => {
  const rule = { do: { footer: { text: 'Grüße' } } };

  test('are those of the footer', async () => {
    const mail = Buffer.from(
      'Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSch\xf6n\r\n',
      'latin1',
    );
    const { answer } = await rewritten(rule, mail);
    const octets = answer?.kind === 'rewrite' ? await answer.content.bytes() : Buffer.alloc(0);
    expect(octets.toString('latin1')).toBe(`${mail.toString('latin1')}Gr\xfc\xdfe\r\n`);
  });

  test('in quoted-printable: the lines that stay keep every octet', async () => {
    const body = '=48ello =\nsoft\nlast line =E2=82=AC';
    const { text } = await rewritten(
      rule,
      plain(body, 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable'),
    );
    expect(text).toContain('\n=48ello =\nsoft\nlast line =E2=82=AC\nGr=C3=BC=C3=9Fe\n');
  });

  test('in base64: the lines before it keep every octet', async () => {
    const first = Buffer.from('a'.repeat(57)).toString('base64');
    const body = `${first}\n${Buffer.from('bc\n').toString('base64')}`;
    const { text } = await rewritten(
      rule,
      plain(body, 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64'),
    );
    const [, encoded = ''] = text.split('\n\n');
    expect(encoded.startsWith(`${first}\n`)).toBe(true);
    expect(decodeTransfer(Buffer.from(encoded), 'base64').toString()).toMatch(/^a{57}bc\r?\nGrüße\r?\n$/);
  });

  test('that lack a character give way to UTF-8, and the part says so', async () => {
    const { text } = await rewritten(
      { do: { footer: { text: '€ и' } } },
      plain('Hello', 'Content-Type: text/plain; charset=us-ascii'),
    );
    expect(text).toMatch(/Content-Type: text\/plain; charset="?utf-8"?\n/i);
    expect(text).toContain('Content-Transfer-Encoding: quoted-printable\n');
    expect(text).toContain('=E2=82=AC');
  });

  test('flowed text stays flowed', async () => {
    const { text } = await rewritten(
      { do: { footer: { text: ' indented' } } },
      plain('Hello \nworld', 'Content-Type: text/plain; format=flowed'),
    );
    expect(text).toContain('Hello \nworld\n  indented\n');
  });
});

describe('boundary injection', () => {
  test('a footer that looks like a boundary of the mail does not cut it', async () => {
    const mail = multipart('mixed', part('text/plain', 'Hello'), part('image/png', 'x'))
      .replaceAll('=b', '=footer')
      .replaceAll('--b', '--footer');
    const { text } = await rewritten({ do: { footer: { text: '--footer\nof ours' } } }, mail);
    expect(treeOf(text)).toBe('multipart/mixed(text/plain, image/png)');
    expect(text).toContain('Content-Transfer-Encoding: base64');
  });
});

describe('links', () => {
  const mail = multipart(
    'alternative',
    part('text/plain', 'See http://evil.test/a and https://www.example.test/b.'),
    part(
      'text/html',
      '<a href="http://evil.test/a">here</a> <a href="mailto:ann@example.test">Ann</a> <img src="cid:1">',
    ),
  );

  test('are defanged, but for the domains that are trusted', async () => {
    const { text, changes } = await rewritten({ do: { defang: { except: ['example.test'] } } }, mail);
    expect(text).toContain('See hxxp://evil[.]test/a and https://www.example.test/b.');
    expect(text).toContain(
      '<a href="hxxp://evil[.]test/a">here</a> <a href="mailto:ann@example.test">Ann</a> <img src="cid:1">',
    );
    expect(changes).toEqual(['defanged 2 links in part 1, part 2']);
  });

  test('are sent through a checker', async () => {
    const { text } = await rewritten({ do: { rewriteLinks: { to: 'https://check.example.test/?u={url}' } } }, mail);
    expect(text).toContain('<a href="https://check.example.test/?u=http%3A%2F%2Fevil.test%2Fa">here</a>');
    expect(text).toContain('<a href="mailto:ann@example.test">');
  });

  test('in the parts that the rule means', async () => {
    const { changes } = await rewritten({ match: { type: 'text/plain' }, do: 'defang' }, mail);
    expect(changes).toEqual(['defanged 2 links in part 1']);
  });

  test('that are not there change nothing', async () => {
    expect((await rewritten({ do: 'defang' }, plain('Hello'))).text).toBe('unchanged');
  });
});

describe('the other form of a text', () => {
  const html = part('text/html; charset=utf-8', '<p>Hello <b>world</b></p>');

  test('HTML becomes text', async () => {
    const { text } = await rewritten({ do: 'htmlToText' }, plain('<p>Hello</p>', 'Content-Type: text/html'));
    expect(text).toMatch(/^From: ann@example\.test\nMIME-Version: 1\.0\nContent-Type: text\/plain; charset=utf-8\n/);
    expect(text).toMatch(/\n\nHello\n$/);
  });

  test('HTML that stands beside a text is dropped', async () => {
    const mail = multipart('alternative', part('text/plain', 'Hello'), html);
    expect((await rewritten({ do: 'htmlToText' }, mail)).text).toBe(
      multipart('alternative', part('text/plain', 'Hello')),
    );
  });

  test('a text is added to HTML that stands alone, which keeps its octets', async () => {
    const { text } = await rewritten({ do: 'addAlternative' }, multipart('mixed', html, part('image/png', 'x')));
    expect(treeOf(text)).toBe('multipart/mixed(multipart/alternative(text/plain, text/html), image/png)');
    expect(text).toContain(`\n${html}\n--`);
    expect(text).toContain('\nHello world\n');
  });

  test('HTML is added to a mail of text', async () => {
    const { text } = await rewritten({ do: { addAlternative: { of: 'html' } } }, plain('a < b'));
    expect(treeOf(text)).toBe('multipart/alternative(text/plain, text/html)');
    expect(text).toMatch(/a &(?:lt|#60); b/);
  });

  test('nothing is added where both are there', async () => {
    const mail = multipart('alternative', part('text/plain', 'Hello'), html);
    expect((await rewritten({ do: 'addAlternative' }, mail)).text).toBe('unchanged');
  });
});

describe('encode', () => {
  const eight = multipart(
    'mixed',
    part('text/plain; charset=iso-8859-1', 'x', 'Content-Transfer-Encoding: 7bit'),
    part('application/x', 'a'.repeat(2000)),
  );

  test('puts a part into another encoding', async () => {
    const { text, changes } = await rewritten(
      { match: { type: 'application/x' }, do: { encode: { as: 'base64' } } },
      eight,
    );
    expect(changes).toEqual(['put into base64: part 2']);
    expect(text).toContain(`Content-Transfer-Encoding: base64\n\n${'YWFh'.repeat(19)}\n`);
  });

  test('leaves what does not fit, and says so', async () => {
    const rule = { match: { type: 'application/x' }, do: { encode: { as: '8bit' } } };
    const { answer, log } = await rewritten(rule, eight);
    expect(answer?.kind).toBe('note');
    expect(log.of('skipped')).toMatchObject([{ fields: { because: 'part 2 has lines too long for 8bit, or NUL' } }]);
  });

  test('leaves octets that are no text in the charset that the part names', async () => {
    const mail = Buffer.from('Content-Type: text/plain; charset=utf-8; x=1\r\n\r\nSch\xf6n\r\n', 'latin1');
    const odd = Buffer.from(mail.toString('latin1').replace('utf-8', 'x-unknown'), 'latin1');
    const rule = { match: { type: 'text/plain' }, do: { encode: { as: 'base64', charset: 'utf-8' } } };
    const { log } = await rewritten(rule, odd);
    expect(log.of('skipped')).toMatchObject([
      { fields: { because: 'the mail is not all text in the charset that it names' } },
    ]);
  });

  test('puts a text into UTF-8', async () => {
    const mail = Buffer.from(
      'Content-Type: text/plain; charset=iso-8859-1; x=1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSch\xf6n\r\n',
      'latin1',
    );
    const rule = { match: { charset: 'iso-8859-1' }, do: { encode: { as: 'quoted-printable', charset: 'utf-8' } } };
    const { text } = await rewritten(rule, mail);
    expect(text).toBe(
      'Content-Type: text/plain; charset=utf-8; x=1\nContent-Transfer-Encoding: quoted-printable\n\nSch=C3=B6n\n',
    );
  });
});
