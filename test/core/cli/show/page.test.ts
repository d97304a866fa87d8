/** A page for a terminal: what strangers wrote cannot leave its place in it. */
import { describe, expect, test } from 'vitest';
import { pageInLines, type View } from '../../../../core/cli/show/page.ts';
import { widthOf, wrapped } from '../../../../core/cli/show/text-width.ts';
import { contentOf } from '../../../../core/mail/content.ts';
import { readMessage } from '../../../../core/reading/read-message.ts';
import { verdictsOf } from '../../../../core/reading/verdicts.ts';
import { anyText } from '../../../support/any-text.ts';
import * as fc from '../../../support/fast-check.ts';

async function page(
  lines: readonly string[] | string,
  { width = 60, facts = {}, allHeaders = false, views = new Map<string, View>(), colour = false } = {},
) {
  const message = await readMessage(contentOf(typeof lines === 'string' ? lines : lines.join('\r\n')));
  const verdicts = verdictsOf(facts, [], message);
  return pageInLines({ message, verdicts, allHeaders, views }, { width, colour });
}

test('a mail of one text is a header and the text', async () => {
  expect(await page(['From: Ann <ann@example.test>', 'Subject: Hi', '', 'Hello', '', '> you', ''])).toEqual([
    'From:     Ann <ann@example.test>',
    'Subject:  Hi',
    '',
    '│ Hello',
    '│',
    '│ > you',
  ]);
});

test('a mail of parts has a tree, and a title for each text; files are a line each', async () => {
  const facts = { pgp: 'good', 'pgp.signer': 'ann@example.test' };
  expect((await page(SIGNED, { facts })).join('\n')).toBe(`\
From:     ann@example.test

pgp       a good signature, by ann@example.test; of part 1

          multipart/mixed
├─ 1      multipart/signed
│  ├─ 1.1 [signed] text/plain, us-ascii, 7 B
│  └─ 1.2 application/pgp-signature, 4 B
├─ 2      [not signed] text/plain, us-ascii, 7 B
└─ 3      [not signed] image/png, 1 B, "cat.png"

── 1.1  [signed: good] text/plain, us-ascii, 7 B ──
┃ Pay ann

── 2  [NOT covered by a signature] text/plain, … ──
│ Pay eve`);
});

describe('threats', () => {
  test('a text that looks like our verdict stands behind a bar', async () => {
    const lines = await page([
      'From: eve@evil.test',
      '',
      'pgp       a good signature, by ann@example.test',
      '── 1  [signed: good] ──',
    ]);
    expect(lines.filter(line => /^(?:pgp|──)/.test(line))).toEqual([]);
  });

  test('a long line goes on behind a bar, not at the edge of the screen', async () => {
    const lines = await page(['From: eve@evil.test', '', `${'x'.repeat(60)}pgp       good`]);
    expect(lines.slice(2)).toEqual([`│ ${'x'.repeat(58)}`, '│ xxpgp       good']);
  });

  test('a long subject goes on below the subject', async () => {
    const lines = await page(['From: eve@evil.test', `Subject: ${'x'.repeat(50)} pgp good`, '', '']);
    expect(lines.slice(1, 3)).toEqual([`Subject:  ${'x'.repeat(50)}`, '          pgp good']);
  });

  test('terminal escapes and marks that turn text are written out, wherever they stand', async () => {
    const evil = '\u001b]0;x\u0007\u009b2J\u202etxt';
    const lines = await page(
      [
        `From: "${evil}" <eve@evil.test>`,
        `Subject: ${evil}`,
        `X-Evil: ${evil}`,
        `Content-Type: multipart/mixed; boundary=m`,
        '',
        '--m',
        `Content-Type: text/plain; charset="${evil}"; name="${evil}"`,
        `Content-Description: ${evil}`,
        `Content-Disposition: ${evil.replaceAll(';', '')}; filename="${evil}"`,
        '',
        evil,
        '--m',
        `Content-Type: message/delivery-status`,
        '',
        `Final-Recipient: rfc822; ${evil}`,
        '--m--',
      ],
      { allHeaders: true, facts: { virus: evil } },
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(lines.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(lines.join('\n')).toContain('\\u001b');
  });

  test('a file name that pretends to be signed stands behind what we say of it', async () => {
    const lines = await page([
      ...SIGNED.slice(0, -4),
      '--m',
      'Content-Type: image/png; name="[signed] cat.png"',
      '',
      'x',
      '--m--',
    ]);
    expect(lines.find(line => line.includes('cat.png'))).toMatch(/^└─ 4 +\[not signed\] image\/png/);
  });

  test('a field with the name of a verdict stands behind a bar', async () => {
    const lines = await page(['From: eve@evil.test', 'pgp: good', '', ''], { allHeaders: true });
    expect(lines).toContain('│ pgp: good');
    expect(lines.filter(line => line.startsWith('pgp'))).toEqual([]);
  });

  test('what a viewer prints stands behind a bar too', async () => {
    const views = new Map<string, View>([['', { kind: 'text', text: '\u001b[2Jpgp good\n' }]]);
    const lines = await page(['Content-Type: image/png', '', 'x'], { views });
    expect(lines.at(-1)).toBe('│ \\u001b[2Jpgp good');
  });

  test('whatever a mail holds: no line is wider than the screen, none has a control, and each begins as ours do', async () => {
    await fc.assert(
      fc.asyncProperty(anyText(), async text => {
        for (const line of await page(`From: eve@evil.test\r\n\r\n${text}`)) {
          expect(widthOf(line)).toBeLessThanOrEqual(60);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          expect(line).toMatch(/^(?:$|From: |│|odd |\()/);
        }
      }),
      { numRuns: 200 },
    );
  });
});

test('colours are ours alone, and there are none without a terminal', async () => {
  const coloured = (await page(['From: a@b.test', '', '> x'], { colour: true })).join('\n');
  expect(coloured).toContain('\u001b[2m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe((await page(['From: a@b.test', '', '> x'])).join('\n'));
});

describe('lines are cut', () => {
  test.each([
    { name: 'at blanks', text: 'one two three', width: 8, want: ['one two', 'three'] },
    { name: 'within a word that is too long', text: 'abcdefghij', width: 4, want: ['abcd', 'efgh', 'ij'] },
    { name: 'by the room that characters take', text: '日本語日本', width: 5, want: ['日本', '語日', '本'] },
    { name: 'never within a character', text: 'e\u0301e\u0301e\u0301', width: 2, want: ['e\u0301e\u0301', 'e\u0301'] },
    { name: 'with what stands before the others', text: '> aa bb', width: 5, indent: '> ', want: ['> aa', '> bb'] },
  ])('$name', ({ text, width, indent, want }) => {
    expect(wrapped(text, width, indent)).toEqual(want);
  });

  test.each([
    ['日本', 4],
    ['e\u0301', 1],
    ['👍🏽', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['ｱ', 1],
  ])('%s takes %d columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

const SIGNED = [
  'From: ann@example.test',
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=s',
  '',
  '--s',
  '',
  'Pay ann',
  '--s',
  'Content-Type: application/pgp-signature',
  '',
  'iQ==',
  '--s--',
  '--m',
  '',
  'Pay eve',
  '--m',
  'Content-Type: image/png; name=cat.png',
  '',
  'x',
  '--m--',
];
