import { applyEdits, type Content, contentOf, parseHeader, prependField, removeFields } from 'mailframe';
import { describe, expect, test } from 'vitest';
import { differenceOf, isSame } from '../../../core/mime/difference.ts';
import { lineDifferences } from '../../../core/mime/line-difference.ts';
import * as fc from '../../support/fast-check.ts';

const mail = (text: string): Content => contentOf(text.replaceAll('\n', '\r\n'));

describe('header fields', () => {
  test('that came, went and changed, each with what it says; what is folded or spelt otherwise is the same field', async () => {
    const before = mail('Received: one\nSubject: plans\nX-Gone: bye\nTo: a@b.test,\n c@d.test\n\nbody\n');
    const after = mail(
      'Received: two\nReceived: one\nSUBJECT: [ext] plans\nTo: a@b.test,\n c@d.test\nX-New: Gr\u00fc\u00dfe\n\nbody\n',
    );
    const { header, parts, size } = await differenceOf(before, after);
    expect(header).toEqual([
      { kind: 'added', name: 'Received', value: 'two' },
      { kind: 'changed', name: 'SUBJECT', value: '[ext] plans', was: 'plans' },
      { kind: 'added', name: 'X-New', value: 'Gr\u00fc\u00dfe' },
      { kind: 'removed', name: 'X-Gone', value: 'bye' },
    ]);
    expect(parts).toEqual([]);
    expect(size).toEqual({ before: before.size, after: after.size });
  });

  test('of which several have one name: those that stay are not told', async () => {
    const before = mail('X: a\nX: b\nX: c\n\n');
    expect((await differenceOf(before, mail('X: a\nX: c\n\n'))).header).toEqual([
      { kind: 'removed', name: 'X', value: 'b' },
    ]);
    expect((await differenceOf(before, mail('X: b\nX: a\nX: c\n\n'))).header).toEqual([]);
  });
});

describe('parts', () => {
  const multipart = (...parts: readonly string[]) =>
    `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${parts.map(one => `--b\n${one}\n`).join('')}--b--\n`;
  const text = (body: string) => `Content-Type: text/plain\n\n${body}`;
  const program =
    'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=a.exe\nContent-Transfer-Encoding: base64\n\nTVo=';

  test('that are replaced, dropped and added have their type, name and decoded size', async () => {
    const before = mail(multipart(text('one'), program, text('three')));
    const after = mail(multipart(text('one'), text('removed')));
    expect((await differenceOf(before, after)).parts).toMatchObject([
      {
        kind: 'changed',
        part: { path: '2', type: 'text/plain', size: 7 },
        was: { path: '3', type: 'text/plain' },
      },
      { kind: 'removed', part: { path: '2', type: 'application/octet-stream', name: 'a.exe', size: 2 } },
    ]);
    expect((await differenceOf(after, before)).parts.map(({ kind }) => kind)).toEqual(['added', 'changed']);
  });

  test('whose text is changed show the lines that came and went', async () => {
    const [part] = (await differenceOf(mail(text('a\nb\nc\n')), mail(text('a\nB\nc\nd\n')))).parts;
    expect(part?.kind === 'changed' && part.lines).toEqual([
      { kind: 'kept', line: 'a' },
      { kind: 'removed', line: 'b' },
      { kind: 'added', line: 'B' },
      { kind: 'kept', line: 'c' },
      { kind: 'added', line: 'd' },
    ]);
  });

  test('that stand elsewhere have moved, and nothing more', async () => {
    const before = mail(multipart(text('one'), program));
    const after = mail(multipart(program, text('one')));
    expect((await differenceOf(before, after)).parts.map(({ kind, part }) => `${kind} ${part.path}`)).toEqual([
      'moved 1',
      'moved 2',
    ]);
  });
});

test('a signature that an edit breaks is named, and one that it leaves alone is not', async () => {
  const signed = mail(
    'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=client.test; s=s1; h=subject; bh=x; b=abc\nSubject: hi\nX-Other: 1\n\nbody\n',
  );
  const header = parseHeader(await signed.bytes());
  const subject = applyEdits(signed, removeFields(header, 'Subject'));
  const other = applyEdits(signed, [prependField(header, 'X-New', 'yes'), ...removeFields(header, 'X-Other')]);
  expect((await differenceOf(signed, subject)).breaks).toEqual(['DKIM client.test (selector s1)']);
  expect((await differenceOf(signed, other)).breaks).toEqual([]);
});

test('a content differs in nothing from itself, nor from one with the same octets', async () => {
  const content = mail('Subject: hi\n\nbody\n');
  expect(isSame(await differenceOf(content, content))).toBe(true);
  expect(isSame(await differenceOf(content, mail('Subject: hi\n\nbody\n')))).toBe(true);
});

describe('lines', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });

  test('kept and removed are all of one text, kept and added all of the other', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const difference = lineDifferences(before, after);
        expect(difference.flatMap(({ kind, line }) => (kind === 'added' ? [] : [line]))).toEqual(before);
        expect(difference.flatMap(({ kind, line }) => (kind === 'removed' ? [] : [line]))).toEqual(after);
      }),
    );
  });

  test('as few as can be come and go', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const edits = lineDifferences(before, after).filter(({ kind }) => kind !== 'kept').length;
        expect(edits).toBe(before.length + after.length - 2 * longestCommon(before, after));
      }),
    );
  });

  test('of texts that have little in common cost no more than both of them', () => {
    const [before, after] = ['x', 'y'].map(mark => Array.from({ length: 20_000 }, (_, index) => `${mark}${index}`));
    expect(lineDifferences(before ?? [], after ?? [])).toHaveLength(40_000);
  });
});

/** The length of the longest common subsequence, the slow way. */
function longestCommon(before: readonly string[], after: readonly string[]): number {
  let row = Array.from({ length: after.length + 1 }, () => 0);
  for (const line of before) {
    const next = [0];
    for (const [at, other] of after.entries()) {
      next.push(line === other ? (row[at] ?? 0) + 1 : Math.max(row[at + 1] ?? 0, next[at] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
