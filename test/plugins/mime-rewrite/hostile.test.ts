/** Mail made to hurt under rules that look into it: a verdict, never a crash, and no cost that grows faster than the mail. */
import { describe, expect, test } from 'vitest';
import { type Content, contentOf, type PartOutline, parseTree, walkParts } from '../../../core/index.ts';
import { harness } from '../../../core/testing.ts';
import mimeRewrite from '../../../plugins/mime-rewrite/index.ts';
import * as fc from '../../support/fast-check.ts';
import { multipart, part, rewritten } from './rewritten.ts';

const DROP = { match: { name: '*.exe' }, do: 'drop' };
const manyParts = (count: number) =>
  `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(count)}--b--\r\n`;
const nested = (depth: number) =>
  Array.from(
    { length: depth },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
  ).join('');

describe('bombs', () => {
  test.each([
    { what: 'parts', mail: manyParts(10_001), text: 'Mail has more than 10000 parts' },
    { what: 'depth', mail: nested(60), text: 'Mail has parts nested more than 50 deep' },
    {
      what: 'messages in messages',
      mail: 'Content-Type: message/rfc822\r\n\r\n'.repeat(1000),
      text: 'nested more than 50 deep',
    },
    {
      what: 'headers',
      mail: `Content-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\n${'A: 1\r\n'.repeat(100_000)}\r\n`.repeat(9)}`,
      text: 'header sections',
    },
  ])('$what: the mail is refused, held or passed, as the options say', async ({ mail, text }) => {
    const octets = Buffer.from(mail);
    const { answer } = await rewritten(DROP, octets);
    expect(answer).toMatchObject({
      kind: 'reject',
      reply: { code: 554, status: '5.6.0', text: expect.stringContaining(text) },
    });
    const held = await rewritten(DROP, octets, { options: { tooComplex: 'hold' } });
    expect(held.answer).toMatchObject({ kind: 'hold', reason: expect.stringContaining(text) });
    const passed = await rewritten([DROP, { do: { add: { field: 'X-A', value: '1' } } }], octets, {
      options: { tooComplex: 'pass' },
    });
    expect(passed.answer).toMatchObject({
      kind: 'rewrite',
      facts: { 'mime.rules': ['rule 2'], 'mime.skipped': ['rule 1'] },
    });
  });

  test('limits can be smaller', async () => {
    const { answer } = await rewritten(DROP, manyParts(10), { options: { limits: { parts: 10 } } });
    expect(answer).toMatchObject({ reply: { text: 'Mail has more than 10 parts' } });
    expect((await rewritten(DROP, manyParts(9), { options: { limits: { parts: 10 } } })).text).toBe('unchanged');
    expect((await rewritten(DROP, nested(5), { options: { limits: { depth: 4 } } })).answer).toMatchObject({
      kind: 'reject',
    });
  });

  test('rules that edit the header alone do not look for parts', async () => {
    const { answer } = await rewritten({ do: { add: { field: 'X-A', value: '1' } } }, Buffer.from(nested(60)));
    expect(answer?.kind).toBe('rewrite');
  });
});

/** Counts how often a mail is read. */
function counted(octets: Buffer) {
  let passes = 0;
  const content: Content = {
    ...contentOf(octets),
    async *stream() {
      passes += 1;
      yield octets;
    },
  };
  return { content, passes: () => passes };
}

describe('thousands of parts', () => {
  const file = part('application/octet-stream', 'x', 'Content-Disposition: attachment; filename=a.exe');
  const many = (count: number) =>
    Buffer.from(multipart('mixed', part('text/plain', 'Hello'), ...Array.from({ length: count }, () => file)));

  test.each([
    { action: 'drop' },
    { action: { replaceWith: {} } },
    { action: { retype: 'application/x' } },
    { action: { encode: { as: 'base64' } } },
    { action: { inPart: { add: { field: 'X-A', value: '1' } } } },
  ])('$action costs as many passes as for one', async ({ action }) => {
    const plugin = await harness(mimeRewrite, {
      rules: [{ match: { name: '*.exe', size: { over: '0' } }, do: action }],
    });
    const passes: number[] = [];
    for (const count of [1, 5000]) {
      const watched = counted(many(count));
      const answer = await plugin.data(watched.content);
      expect(answer?.kind).toBe('rewrite');
      passes.push(watched.passes());
    }
    expect(passes[1]).toBe(passes[0]);
  });
});

describe('boundary tricks', () => {
  const exe = part('application/octet-stream; name=a.exe', 'x');

  test.each([
    {
      what: 'a boundary that begins like another',
      mail: multipart(
        'mixed',
        part('multipart/mixed; boundary=bb', ['--bb', exe, '--bb--'].join('\n')),
        part('text/plain', 'y'),
      ),
    },
    { what: 'no end', mail: multipart('mixed', part('text/plain', 'y'), exe).replace('--b--\n', '') },
    {
      what: 'the same boundary again',
      mail: multipart('mixed', part('multipart/mixed; boundary=b', ['--b', exe, '--b--'].join('\n'))),
    },
    { what: 'two boundary parameters', mail: multipart('mixed; boundary=x', exe).replaceAll('--b', '--x') },
    { what: 'blanks behind it', mail: multipart('mixed', exe).replaceAll('--b\n', '--b \t\n') },
    { what: 'a part without an empty line', mail: multipart('mixed', exe.replace('\n\n', '\n')) },
    { what: 'a header that goes on at the boundary', mail: multipart('mixed', 'Content-Type: text/plain', exe) },
  ])('$what: the file is found', async ({ mail }) => {
    const { text } = await rewritten(DROP, mail);
    expect(text).not.toContain('a.exe');
  });
});

describe('any mail under any rule', () => {
  const line = fc.constantFrom(
    '--b',
    '--b--',
    '--c',
    '--c--',
    '',
    '',
    'text',
    'no field',
    'Content-Type: multipart/mixed; boundary=b',
    'Content-Type: multipart/alternative; boundary=c',
    'Content-Type: multipart/signed; boundary=c; protocol="application/pgp-signature"',
    'Content-Type: message/rfc822',
    'Content-Type: text/html; name="a.exe"',
    'Content-Type: image/png',
    'Content-Disposition: attachment; filename=b.exe',
    'Content-Disposition: attachment; name=a.exe; filename*0=b; filename*1=.exe',
    'Content-Type: message/external-body; access-type=URL; url="http://a.test/"',
    'Content-Type: text/plain; charset=iso-8859-1; format=flowed',
    'http://evil.test/ gr\u00fc\u00dfe',
    '<a href="http://evil.test/">x</a>',
    'Content-Transfer-Encoding: base64',
    'Content-Transfer-Encoding: quoted-printable',
    'Subject: x',
  );
  const mail = fc
    .tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom('\r\n', '\n'))
    .map(([all, end]) => Buffer.from(all.join(end)));
  const action = fc.constantFrom<unknown>(
    'drop',
    { replaceWith: {} },
    { retype: 'application/x' },
    { inPart: { add: { field: 'X-A', value: '1' } } },
    { encode: { as: 'base64' } },
    'flatten',
    { footer: { text: 'Footer', otherwise: 'part' } },
    { wrap: { as: 'mixed', text: 'note' } },
    { wrap: { as: 'message' } },
    'replaceExternal',
    'defang',
    { renameFile: '{stem}.txt' },
    { inPart: { remove: 'Content-*' } },
    { rewriteLinks: { to: 'https://check.test/?u={url}' } },
    'htmlToText',
    { addAlternative: { of: 'html' } },
    'addAlternative',
    { footer: { text: 'Banner', at: 'top' } },
    { encode: { as: 'quoted-printable', charset: 'utf-8' } },
    { store: { directory: 'files', url: 'https://files.test/{digest}/{name}' } },
  );
  const match = fc.constantFrom(
    { type: '*/*' },
    { name: '*.exe' },
    { type: 'image/*' },
    { type: ['multipart/*', 'message/*'] },
    { depth: { over: 0 } },
  );
  const signed = fc.constantFrom<unknown>('edit', 'skip', { wrap: 'mixed' }, { wrap: 'message' });

  test('ends in a mail whose other leaves keep every octet', async () => {
    await fc.assert(
      fc.asyncProperty(
        mail,
        match,
        fc.array(action, { minLength: 1, maxLength: 3 }),
        signed,
        async (octets, match, actions, signed) => {
          const { data } = await harness(mimeRewrite, { rules: [{ match, do: actions, signed }] });
          const answer = await data(octets);
          if (answer?.kind !== 'rewrite') return;
          const changed = await answer.content.bytes();
          expect(changed.length).toBe(answer.content.size);
          expect(parseTree(changed).kind).toBe('tree');
        },
      ),
      { numRuns: 2500 },
    );
  });

  test('keeps the octets of the parts that a rule does not mean', async () => {
    const leaves = (octets: Buffer) => {
      const read = parseTree(octets);
      const parts = read.kind === 'tree' ? [...walkParts(read.root)] : [];
      return parts.filter(({ children }) => children.length === 0);
    };
    const isMeant = ({ header, path }: PartOutline) =>
      path !== '' && header.values('content-type').some(value => value.startsWith('image/'));
    const onImages = fc.constantFrom<unknown>(
      'drop',
      { replaceWith: { text: 'gone' } },
      { encode: { as: 'base64' } },
      { retype: 'image/x' },
    );
    await fc.assert(
      fc.asyncProperty(mail, onImages, async (octets, action) => {
        const { data } = await harness(mimeRewrite, {
          rules: [{ match: { type: 'image/*', depth: { over: 0 } }, do: action }],
        });
        const answer = await data(octets);
        if (answer?.kind !== 'rewrite') return;
        const changed = await answer.content.bytes();
        const before = leaves(octets)
          .filter(one => !isMeant(one))
          .map(one => one.octets.toString('latin1'));
        const after = leaves(changed).map(one => one.octets.toString('latin1'));
        for (const one of before) expect(after).toContain(one);
      }),
      { numRuns: 1500 },
    );
  });
});
