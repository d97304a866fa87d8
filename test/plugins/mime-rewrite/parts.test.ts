/** Rules on parts: which they mean, and what is made of them. */
import { describe, expect, test } from 'vitest';
import { parseTree, partText } from '../../../core/index.ts';
import { faultsIn } from '../../../core/testing.ts';
import mimeRewrite from '../../../plugins/mime-rewrite/index.ts';
import { lines, multipart, part, rewritten, treeOf } from './rewritten.ts';

const TEXT = part('text/plain', 'Hello');
const EXE = part(
  'application/x-msdownload',
  'TVqQ',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: attachment; filename="Setup.EXE"',
);
const PDF = part(
  'application/pdf',
  'JVBERi0=',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: attachment; filename=a.pdf',
);

describe('a part is meant', () => {
  const png = part(
    'image/png; name="=?utf-8?q?gr=C3=BC=C3=9Fe=2Epng?="',
    'A'.repeat(400),
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: inline',
  );
  const odd = part(
    'text/html; charset=ISO-8859-1',
    '<p>x',
    "Content-Disposition: attachment; filename*0*=utf-8''%61; filename*1=b.Exe.; filename=ab.txt",
    'Content-ID: <1@example.test>',
  );
  const inner = part('message/rfc822', lines('Subject: inner', 'Content-Type: application/zip; name=x.zip', '', 'PK'));
  const mail = multipart('mixed', TEXT, png, odd, inner);

  test.each([
    { match: { type: 'image/png' }, want: ['2'] },
    { match: { type: 'IMAGE/*' }, want: ['2'] },
    { match: { type: ['text/plain', 'application/*'] }, want: ['1', '4.1'] },
    { match: { type: '*/*' }, want: ['1', '2', '3', '4.1'] },
    { match: { type: 'multipart/*' }, want: [''] },
    { match: { type: 'message/rfc822' }, want: ['4'] },
    { match: { name: 'grüße.png' }, want: ['2'] },
    { match: { name: '*.exe' }, want: ['3'] },
    { match: { name: '*.txt' }, want: ['3'] },
    { match: { name: ['a?.txt', '*.ZIP'] }, want: ['3', '4.1'] },
    { match: { name: true }, want: ['2', '3', '4.1'] },
    { match: { name: false }, want: ['1'] },
    { match: { disposition: 'attachment' }, want: ['3'] },
    { match: { disposition: ['inline', 'none'] }, want: ['1', '2', '4.1'] },
    { match: { charset: 'iso-8859-1' }, want: ['3'] },
    { match: { charset: 'none', type: 'text/*' }, want: ['1'] },
    { match: { size: { over: 299 } }, want: ['2'] },
    { match: { size: { over: 300 } }, want: [] },
    { match: { size: { over: 3, under: 6 }, type: 'text/*' }, want: ['1', '3'] },
    { match: { depth: { over: 1 } }, want: ['4.1'] },
    { match: { depth: { under: 1 }, type: 'multipart/*' }, want: [''] },
    { match: { within: 'message/rfc822' }, want: ['4.1'] },
    { match: { partHeader: { 'Content-ID': 'present' } }, want: ['3'] },
    { match: { not: { type: ['text/*', 'image/*'] } }, want: ['4.1'] },
    { match: { name: true, not: { name: ['*.png', '*.txt', '*.zip'] } }, want: ['3'] },
    { match: { type: 'text/*', not: { disposition: 'attachment', charset: 'iso-8859-1' } }, want: ['1'] },
    { match: { header: { From: 'present' }, type: 'text/plain' }, want: ['1'] },
    { match: { header: { From: 'absent' }, type: 'text/plain' }, want: [] },
  ])('by $match: $want', async ({ match, want }) => {
    const { changes, log } = await rewritten(
      { match, do: { inPart: { add: { field: 'X-Meant', value: 'yes' } } } },
      mail,
    );
    const named = want.map(path => (path === '' ? 'the mail' : `part ${path}`)).join(', ');
    expect(changes).toEqual(want.length === 0 ? [] : [`added header field X-Meant in ${named}`]);
    expect(log.of('skipped')).toEqual([]);
  });

  test.each([
    { facts: { pgp: 'bad' }, want: true },
    { facts: { pgp: 'good' }, want: false },
    { facts: {}, want: false },
    { facts: { pgp: ['x', 'bad'] }, want: true },
  ])('by what plugins above have found out: $facts', async ({ facts, want }) => {
    const { text } = await rewritten(
      { match: { facts: { pgp: ['bad', 'revoked'] } }, do: { subjectTag: '[!]' } },
      mail,
      { facts },
    );
    expect(text !== 'unchanged').toBe(want);
  });

  test('evasion: by every name under which a client may show it', async () => {
    const evil = part(
      'application/octet-stream; name="harmless.txt"',
      'x',
      'Content-Disposition: attachment; filename="C:\\\\evil.exe. "',
    );
    const { changes } = await rewritten({ match: { name: '*.exe' }, do: 'drop' }, multipart('mixed', TEXT, evil));
    expect(changes).toEqual(['dropped part 2']);
    const allow = { match: { name: true, not: { name: '*.txt' } }, do: 'drop' };
    expect((await rewritten(allow, multipart('mixed', TEXT, evil))).changes).toEqual(['dropped part 2']);
  });

  test('evasion: by every field, where a field is there twice', async () => {
    const evil = part(
      'image/png; name=a.png',
      'x',
      'Content-Type: application/x-msdownload',
      'Content-Disposition: inline',
      'Content-Disposition: attachment; filename=b.exe',
    );
    const mail = multipart('mixed', TEXT, evil);
    for (const match of [{ name: '*.exe' }, { type: 'application/*' }, { name: true, not: { type: 'image/*' } }]) {
      expect((await rewritten({ match, do: 'drop' }, mail)).changes).toEqual(['dropped part 2']);
    }
    const { text } = await rewritten({ match: { name: '*.exe' }, do: { renameFile: 'x.txt' } }, mail);
    expect(text).toContain('image/png; name=x.txt\n');
    expect(text).toContain('attachment; filename=x.txt\n');
  });

  test('evasion: a pattern full of stars costs no exponential time', async () => {
    const name = 'a'.repeat(200);
    const file = part(`application/octet-stream; name=${name}`, 'x');
    const { text } = await rewritten(
      { match: { name: `${'*a'.repeat(50)}*b` }, do: 'drop' },
      multipart('mixed', TEXT, file),
    );
    expect(text).toBe('unchanged');
  });
});

describe('drop', () => {
  const drop = { match: { type: 'application/x-msdownload' }, do: 'drop' };

  test('takes the part out, and every other octet stays', async () => {
    const mail = multipart('mixed', TEXT, EXE, PDF);
    expect((await rewritten(drop, mail)).text).toBe(multipart('mixed', TEXT, PDF));
    expect((await rewritten(drop, multipart('mixed', EXE, TEXT))).text).toBe(multipart('mixed', TEXT));
    expect((await rewritten(drop, multipart('mixed', TEXT, EXE))).text).toBe(multipart('mixed', TEXT));
    expect((await rewritten(drop, multipart('mixed', EXE, TEXT, EXE))).text).toBe(multipart('mixed', TEXT));
  });

  test('takes a multipart out of which nothing is left', async () => {
    const inner = part('multipart/mixed; boundary=c', ['--c', EXE, '--c', EXE, '--c--'].join('\n'));
    expect((await rewritten(drop, multipart('mixed', TEXT, inner))).text).toBe(multipart('mixed', TEXT));
  });

  test('leaves an empty text where the mail itself is meant', async () => {
    const mail = lines('From: ann@example.test', 'Content-Type: application/x-msdownload', 'X-Other: 1', '', 'MZ');
    const { text } = await rewritten(drop, mail);
    expect(text).toMatch(
      /^From: ann@example.test\nX-Other: 1\nMIME-Version: 1.0\nContent-Type: text\/plain; charset=utf-8\n/,
    );
    expect(text).not.toContain('MZ');
  });

  test('takes an attached mail out with the only part that it has', async () => {
    const inner = part('message/rfc822', ['Subject: x', 'Content-Type: application/x-msdownload', '', 'MZ'].join('\n'));
    expect((await rewritten(drop, multipart('mixed', TEXT, inner))).text).toBe(multipart('mixed', TEXT));
  });

  test('of the last part of a multipart without an end', async () => {
    const mail = multipart('mixed', TEXT, EXE).replace('\n--b--\n', '');
    expect((await rewritten(drop, mail)).text).toBe(multipart('mixed', TEXT).replace('\n--b--\n', ''));
  });
});

describe('replaceWith', () => {
  test('puts a text in the place of the part', async () => {
    const rule = {
      match: { name: '*.exe' },
      do: { replaceWith: { text: '{name} ({type}) is gone. {unknown}', name: '{name}.txt' } },
    };
    const { text } = await rewritten(rule, multipart('mixed', TEXT, EXE, PDF));
    const note = part(
      'text/plain; charset=utf-8',
      'Setup.EXE (application/x-msdownload) is gone. {unknown}\n',
      'Content-Transfer-Encoding: 7bit',
      'Content-Disposition: attachment; filename="Setup.EXE.txt"',
    );
    expect(text).toBe(multipart('mixed', TEXT, note, PDF));
  });

  test('header injection: a file name is one line of text, and turns nothing around', async () => {
    const evil = part(
      'application/octet-stream',
      'x',
      "Content-Disposition: attachment; filename*=utf-8''a%0D%0A--b%0D%0AX-Evil:%201%e2%80%aetxt.exe",
    );
    const rule = { match: { name: '*.exe' }, do: { replaceWith: { text: '{name}', name: '{name}' } } };
    const { text } = await rewritten(rule, multipart('mixed', TEXT, evil));
    expect(treeOf(text)).toBe('multipart/mixed(text/plain, text/plain)');
    expect(text).not.toMatch(/^X-Evil/m);
    const read = parseTree(Buffer.from(text));
    const note = read.kind === 'tree' ? read.root.children[1] : undefined;
    expect(note === undefined ? '' : partText(note)).toBe('a  --b  X-Evil: 1 txt.exe\n');
  });

  test('boundary injection: a sender cannot choose a boundary that cuts our text', async () => {
    const rule = { match: { type: 'application/*' }, do: { replaceWith: { text: 'one\n--notice\ntwo' } } };
    const { text } = await rewritten(
      rule,
      multipart('mixed', TEXT, EXE).replaceAll('=b', '=notice').replaceAll('--b', '--notice'),
    );
    expect(treeOf(text)).toBe('multipart/mixed(text/plain, text/plain)');
    expect(text).toContain(Buffer.from('one\r\n--notice\r\ntwo\r\n').toString('base64'));
  });
});

describe('retype and renameFile', () => {
  test('a type changes, and its parameters stay as they are written', async () => {
    const file = part('application/x-msdownload;\n name="a b";\n  x=1', 'x');
    const { text } = await rewritten(
      { match: { name: true }, do: { retype: 'application/octet-stream' } },
      multipart('mixed', file),
    );
    expect(text).toContain('Content-Type: application/octet-stream;\n name="a b";\n  x=1\n\nx\n');
  });

  test('evasion: of two Content-Type fields one is left', async () => {
    const file = part('text/plain', 'x', 'Content-Type: text/html');
    const { text } = await rewritten(
      { match: { type: 'text/plain' }, do: { retype: 'application/octet-stream' } },
      multipart('mixed', file),
    );
    expect(text).toContain('--b\nContent-Type: application/octet-stream\n\nx');
  });

  test('a file gets one name, in every form in which it has one', async () => {
    const file = part(
      'image/png',
      'x',
      'Content-Disposition: attachment; name=a.exe; filename*0=b; filename*1=.exe; x=1',
    );
    const { text } = await rewritten(
      { match: { name: '*.exe' }, do: { renameFile: '{stem}.txt' } },
      multipart('mixed', file),
    );
    expect(text).not.toContain('exe');
    expect(text).toContain('x=1');
    expect(text.match(/=b\.txt/g)).toHaveLength(2);
  });

  test('a part without Content-Type gets one', async () => {
    const { text } = await rewritten(
      { match: { type: 'text/plain' }, do: { retype: 'application/x-a' } },
      multipart('mixed', '\nx'),
    );
    expect(text).toContain('--b\nContent-Type: application/x-a\n\nx\n');
  });

  test('a rule does all that it says to the parts that it has met', async () => {
    const rule = {
      match: { type: 'application/x-msdownload' },
      do: [{ retype: 'application/octet-stream' }, { inPart: { add: { field: 'X-Was', value: 'exe' } } }, 'drop'],
    };
    const { text, changes } = await rewritten(rule, multipart('mixed', TEXT, EXE, PDF));
    expect(text).toBe(multipart('mixed', TEXT, PDF));
    expect(changes).toEqual([
      'called part 2 application/octet-stream',
      'added header field X-Was in part 2',
      'dropped part 2',
    ]);
  });
});

test('a part is found again inside of what was put around it', async () => {
  const rule = {
    match: { type: 'text/plain' },
    do: [{ wrap: { as: 'mixed' } }, { inPart: { add: { field: 'X-In', value: '1' } } }],
  };
  const { text, changes } = await rewritten(rule, lines('From: a', 'Content-Type: text/plain', '', 'Hello'));
  expect(changes).toEqual(['wrapped what the mail holds', 'added header field X-In in part 1']);
  expect(text).toContain('\nX-In: 1\nContent-Type: text/plain\n\nHello\n');
});

test('a part without header gets one, apart from its body', async () => {
  const rule = {
    match: { type: 'text/plain' },
    do: [{ encode: { as: 'quoted-printable', charset: 'utf-8' } }, { inPart: { add: { field: 'X-In', value: '1' } } }],
  };
  const { answer, changes } = await rewritten(
    rule,
    Buffer.from('Content-Type: multipart/mixed; boundary=b\n\n--b\nno field: gr\xfc\xdfe\n--b--\n', 'latin1'),
  );
  const octets = answer?.kind === 'rewrite' ? await answer.content.bytes() : Buffer.alloc(0);
  expect(changes).toHaveLength(2);
  expect(octets.toString('latin1')).toContain(
    '--b\nX-In: 1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nno field: gr=C3=BC=C3=9Fe\n--b--',
  );
});

test.each([
  { mail: '', want: '\r\nFooter\r\n' },
  { mail: 'From: a', want: 'From: a\r\n\r\nFooter\r\n' },
  { mail: 'From: a\r\n', want: 'From: a\r\n\r\nFooter\r\n' },
  { mail: 'From: a\r\n\r\n', want: 'From: a\r\n\r\nFooter\r\n' },
  { mail: 'no header', want: '\r\nno header\r\nFooter' },
])('what is put below a header without a body is no field of it: $mail', async ({ mail, want }) => {
  const { answer } = await rewritten({ do: { footer: { text: 'Footer' } } }, Buffer.from(mail));
  expect(answer?.kind === 'rewrite' && String(await answer.content.bytes())).toBe(want);
});

describe('flatten', () => {
  test('a multipart of one part is that part', async () => {
    const inner = part('multipart/mixed; boundary=c', ['--c', TEXT, '--c--'].join('\n'));
    const { text } = await rewritten({ do: 'flatten' }, multipart('mixed', inner, PDF));
    expect(text).toBe(multipart('mixed', TEXT, PDF));
  });

  test('a mail of one part is that part, with the fields of the mail', async () => {
    const { text } = await rewritten(
      { do: 'flatten' },
      multipart('mixed', part('text/html; charset=utf-8', 'x', 'Content-ID: <1>')),
    );
    expect(text).toBe(
      lines(
        'From: ann@example.test',
        'MIME-Version: 1.0',
        'Content-Type: text/html; charset=utf-8',
        'Content-ID: <1>',
        '',
        'x',
      ).slice(0, -1),
    );
  });

  test('a chain of them too', async () => {
    const inner = part(
      'multipart/alternative; boundary=c',
      ['--c', part('multipart/related; boundary=d', ['--d', TEXT, '--d--'].join('\n')), '--c--'].join('\n'),
    );
    expect(treeOf((await rewritten({ do: 'flatten' }, multipart('mixed', inner))).text)).toBe('text/plain');
  });

  test('mixed in mixed is one', async () => {
    const inner = part(
      'multipart/mixed; boundary=c',
      ['preamble', '--c', TEXT, '--c', PDF, '--c--', 'epilogue'].join('\n'),
    );
    const { text } = await rewritten({ do: 'flatten' }, multipart('mixed', inner, EXE));
    expect(text).toBe(multipart('mixed', TEXT, PDF, EXE));
  });

  test('what the place of a part means stays: signed, report and digest', async () => {
    for (const subtype of ['signed', 'report', 'digest', 'encrypted']) {
      expect((await rewritten({ do: 'flatten' }, multipart(subtype, TEXT))).text).toBe('unchanged');
    }
  });
});

describe('replaceExternal', () => {
  test('names where the content lies, and nobody fetches it', async () => {
    const outside = part(
      'message/external-body; access-type=URL; URL="http://files.example.test/\n a.pdf"',
      'Content-Type: application/pdf\nContent-ID: <1@example.test>\n',
    );
    const ftp = part(
      'message/external-body; access-type=anon-ftp; site=ftp.example.test; directory=pub; name=a.zip',
      '',
    );
    const { text } = await rewritten({ do: 'replaceExternal' }, multipart('mixed', TEXT, outside, ftp));
    expect(treeOf(text)).toBe('multipart/mixed(text/plain, text/plain, text/plain)');
    expect(text).toContain('It is said to lie at:\nhttp://files.example.test/a.pdf\n');
    expect(text).toContain(
      'The file a.zip is not in this mail. It is said to lie at:\nftp.example.test pub a.zip (anon-ftp)',
    );
  });
});

describe('message/partial', () => {
  const piece = lines('From: a@example.test', 'Content-Type: message/partial; id=1; number=2; total=3', '', 'evil.exe');

  test('is refused where a rule says so: nobody can look into it', async () => {
    const rule = { match: { type: 'message/partial' }, do: { reject: 'Mail in pieces is not taken here' } };
    expect((await rewritten(rule, piece)).answer).toMatchObject({
      kind: 'reject',
      reply: { code: 554, status: '5.7.1', text: 'Mail in pieces is not taken here' },
      because: 'rule 1',
    });
  });

  test('is held where a rule says so, and else passes as it is', async () => {
    const rule = { name: 'pieces', match: { type: 'message/partial' }, do: { hold: 'in pieces' } };
    expect((await rewritten(rule, piece)).answer).toEqual({ kind: 'hold', reason: 'pieces: in pieces' });
    expect((await rewritten({ match: { type: 'application/*' }, do: 'drop' }, piece)).text).toBe('unchanged');
  });
});

describe('store', () => {
  const rule = {
    match: { disposition: 'attachment' },
    do: { store: { directory: 'files', url: 'https://files.example.test/{digest}/{name}' } },
  };

  test('moves the file into the folder and leaves a link', async () => {
    const { text, files, changes } = await rewritten(rule, multipart('mixed', TEXT, PDF, EXE));
    const stored = files.paths().filter(path => !path.includes('/.'));
    expect(stored).toHaveLength(2);
    const pdf = stored.find(path => path.endsWith('/a.pdf')) ?? '';
    expect(files.text(pdf)).toBe('%PDF-');
    expect(text).toContain(`https://files.example.test/${pdf.split('/').at(-2)}/a.pdf\n`);
    expect(treeOf(text)).toBe('multipart/mixed(text/plain, text/plain, text/plain)');
    expect(changes).toEqual(['moved part 2, part 3 to files']);
  });

  test('path traversal: no name that a sender writes leaves the folder', async () => {
    const names = [
      '../../etc/passwd',
      '..',
      '.',
      '',
      '/etc/cron.d/x',
      '..\\..\\x',
      '.htaccess',
      '\u0000',
      'a\u202ex',
      '%2e%2e%2f',
    ];
    const parts = names.map((name, index) =>
      part(
        'application/x',
        `${index}`,
        `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name)}`,
      ),
    );
    const { files } = await rewritten(rule, multipart('mixed', TEXT, ...parts));
    expect(files.paths()).toHaveLength(names.length);
    for (const path of files.paths())
      expect(path).toMatch(/^\/config\/files\/[0-9a-f]{64}\/[A-Za-z0-9][A-Za-z0-9._-]*$/);
  });

  test('what cannot be stored is not taken out: the mail comes again', async () => {
    const broken = rewritten(
      { ...rule, do: { store: { directory: 'full', url: 'https://x.test/{digest}' } } },
      multipart('mixed', TEXT, PDF),
      { files: { full: '' } },
    );
    await expect(broken).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

describe('what does not boot', () => {
  test.each([
    { rule: { do: 'drop' }, want: 'options.rules.0.do: drop needs to know which parts' },
    {
      rule: { match: { header: { From: 'present' } }, do: { retype: 'a/b' } },
      want: 'retype needs to know which parts',
    },
    { rule: { do: 'dorp' }, want: 'did you mean "drop"?' },
    { rule: { match: { type: 'exe' }, do: 'drop' }, want: 'options.rules.0.match.type: is no media type' },
    { rule: { match: { type: 'a/b', not: {} }, do: 'drop' }, want: 'options.rules.0.match.not: says nothing' },
    { rule: { match: { size: {} }, do: 'drop' }, want: 'options.rules.0.match.size: over, under or both' },
    { rule: { match: { name: true }, do: { retype: 'multipart/mixed' } }, want: 'names parts that are made of parts' },
    { rule: { match: { name: true }, do: { renameFile: '../x' } }, want: 'is a path' },
    {
      rule: { match: { name: true }, do: { store: { directory: 'x', url: 'https://x.test/' } } },
      want: 'is no URL with {digest} in it',
    },
    { rule: { do: { footer: { text: 'a\u0000' } } }, want: 'holds a control character' },
    { rule: { do: { subjectTag: 'a' }, signed: { wrap: 'both' } }, want: 'options.rules.0.signed.wrap' },
  ])('$want', async ({ rule, want }) => {
    const found = await faultsIn(mimeRewrite, { rules: [rule] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(want);
  });
});
