/** Mailboxes in header fields, well-formed and otherwise. */

import { describe, expect, test } from 'vitest';
import { authors, formatAddress, parseAddresses } from '../../../core/mime/addresses.ts';
import { parseHeader } from '../../../core/mime/header.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

const read = (value: string) => parseAddresses(value).map(({ name, address, group }) => [name, address, group]);
const addresses = (value: string) => parseAddresses(value).map(({ address }) => address);

describe('a field', () => {
  test.each([
    { value: 'ann@example.test', want: [[null, 'ann@example.test', null]] },
    { value: '<ann@example.test>', want: [[null, 'ann@example.test', null]] },
    { value: 'Ann Lee <ann@example.test>', want: [['Ann Lee', 'ann@example.test', null]] },
    { value: '"Lee, Ann" <ann@example.test>', want: [['Lee, Ann', 'ann@example.test', null]] },
    { value: String.raw`"Ann \"A\" Lee" <a@b.test>`, want: [['Ann "A" Lee', 'a@b.test', null]] },
    { value: 'ann@example.test (Ann (A) Lee)', want: [['Ann (A) Lee', 'ann@example.test', null]] },
    { value: '=?utf-8?q?J=C3=B6rg?= <j@b.test>', want: [['Jörg', 'j@b.test', null]] },
    { value: 'J\xc3\xb6rg <j@b.test>', want: [['Jörg', 'j@b.test', null]] },
    { value: '=?utf-8?q?a@b.test,?= <j@b.test>', want: [['a@b.test,', 'j@b.test', null]] },
    {
      value: 'a@b.test, c@d.test',
      want: [
        [null, 'a@b.test', null],
        [null, 'c@d.test', null],
      ],
    },
    {
      value: 'Team: a@b.test, C <c@d.test>; e@f.test',
      want: [
        [null, 'a@b.test', 'Team'],
        ['C', 'c@d.test', 'Team'],
        [null, 'e@f.test', null],
      ],
    },
    { value: 'undisclosed-recipients:;', want: [] },
    { value: ' (c) a (d) @ (e) b . test (f)', want: [['c d e f', 'a@b.test', null]] },
    { value: '"john doe"@b.test', want: [[null, '"john doe"@b.test', null]] },
    { value: '<@a.test,@b.test:c@d.test>', want: [[null, 'c@d.test', null]] },
    { value: 'Ann ann@example.test', want: [['Ann', 'ann@example.test', null]] },
    { value: 'Ann', want: [['Ann', '', null]] },
    { value: '', want: [] },
    { value: ',;, <>', want: [[null, '', null]] },
  ])('$value names $want', ({ value, want }) => {
    expect(read(value)).toEqual(want);
  });

  test.each([
    { value: 'a@b.test; c@d.test', want: ['a@b.test', 'c@d.test'] },
    { value: '<a@b.test> <c@d.test>', want: ['a@b.test', 'c@d.test'] },
    { value: '<a@b.test <c@d.test>>', want: ['a@b.test', 'c@d.test'] },
    { value: '<a@b.test, c@d.test>', want: ['a@b.test', 'c@d.test'] },
    { value: '"A" <a@b.test>: c@d.test', want: ['a@b.test', 'c@d.test'] },
    { value: 'a@b.test: c@d.test', want: ['a@b.test', 'c@d.test'] },
    { value: '"A <a@b.test>, C <c@d.test>', want: ['a@b.test', 'c@d.test'] },
    { value: '(A <a@b.test>, C <c@d.test>', want: ['a@b.test', 'c@d.test'] },
    { value: 'A <a@b.test', want: ['a@b.test'] },
    { value: 'A) a@b.test]', want: ['a@b.test]'] },
  ])('$value is broken, and yet no address in it is lost', ({ value, want }) => {
    expect(addresses(value)).toEqual(want);
  });

  test('gives mailboxes in canonical form, and none for what mail cannot be sent to', () => {
    const mailboxes = (value: string) => parseAddresses(value).map(({ mailbox }) => mailbox);
    expect(mailboxes('A <Ann@B\xc3\xbccher.EXAMPLE>')).toEqual([{ localPart: 'Ann', domain: 'xn--bcher-kva.example' }]);
    expect(mailboxes('<ann>, <a@b@c.test>, <mailto:a@b.test>, <a@b..test>')).toEqual([null, null, null, null]);
    expect(mailboxes('<=?utf-8?q?ann=40b.test?=@c.test>')).toEqual([null]);
    expect(mailboxes('"a@b"@c.test')).toEqual([{ localPart: 'a@b', domain: 'c.test' }]);
  });

  test('of any kind does not make the parser fail, and no address holds a line end', () => {
    const specials = ['<', '>', ',', ';', ':', '@', '"', '(', ')', '\\', '[', ']', ' ', '.', '\r\n '];
    fc.assert(
      fc.property(anyText(...specials, 'a', 'b@c.test', '=?utf-8?q?', '?=', '\xff'), text => {
        for (const { mailbox } of parseAddresses(text)) {
          expect(`${mailbox?.localPart}${mailbox?.domain}`).not.toMatch(/[\r\n\0]/);
        }
      }),
    );
  });

  test('of a quarter of a megabyte costs no quadratic time', () => {
    for (const piece of ['(', '"', '<', '@', ',', '[', '\\', '"\\', ' ', ':', 'a ', '(\\', '=?a?q?']) {
      expect(parseAddresses(piece.repeat(250_000 / piece.length))).toBeDefined();
    }
  });
});

test('spoofing by a second From field or a second address leaves more than one author', () => {
  const header = parseHeader(Buffer.from('From: a@b.test\r\nFROM: c@d.test,\r\n e@f.test\r\n\r\n'));
  expect(authors(header).map(({ address }) => address)).toEqual(['a@b.test', 'c@d.test', 'e@f.test']);
});

describe('writing an address', () => {
  const ann = { localPart: 'ann', domain: 'example.test' };

  test.each([
    { name: null, want: 'ann@example.test' },
    { name: '  ', want: 'ann@example.test' },
    { name: 'Ann  Lee', want: 'Ann Lee <ann@example.test>' },
    { name: 'Lee, Ann "A"', want: String.raw`"Lee, Ann \"A\"" <ann@example.test>` },
    { name: 'Lee, Jörg', want: '=?UTF-8?Q?Lee=2C_J=C3=B6rg?= <ann@example.test>' },
    { name: '=?utf-8?q?x?=', want: '=?UTF-8?B?PT91dGYtOD9xP3g/PQ==?= <ann@example.test>' },
  ])('with the name $name gives $want', ({ name, want }) => {
    expect(formatAddress(name, ann)).toBe(want);
  });

  test('and reading it again gives the same name and mailbox', () => {
    fc.assert(
      fc.property(
        anyText('"', '\\', ',', ' ', '=?', '?=', 'ü', 'Ann', '<', '@', '(').filter(text => text.isWellFormed()),
        text => {
          const name = text.replaceAll(/[\0-\x1f\s]+/g, ' ').trim();
          const [read, ...others] = parseAddresses(formatAddress(name, ann));
          expect(others).toEqual([]);
          expect(read).toMatchObject({ name: name === '' ? null : name, mailbox: ann });
        },
      ),
    );
  });
});
