/** ASCII armor: blocks are found, damaged ones are told, and no text makes it slow. */

import { describe, expect, test } from 'vitest';
import { armoredBlocks } from '../../../core/openpgp/armor.ts';
import * as fc from '../../support/fast-check.ts';

const armored = (kind: string, ...lines: readonly string[]) =>
  [`-----BEGIN PGP ${kind}-----`, ...lines, `-----END PGP ${kind}-----`, ''].join('\r\n');

const octetsOf = (text: string) => armoredBlocks(Buffer.from(text, 'latin1')).map(block => block.octets?.toString());

describe('armored blocks', () => {
  test.each([
    { title: 'with a checksum', text: armored('SIGNATURE', '', 'aGVsbG8=', '=abcd'), want: ['hello'] },
    { title: 'without a checksum', text: armored('SIGNATURE', '', 'aGVs', 'bG8='), want: ['hello'] },
    { title: 'with headers', text: armored('SIGNATURE', 'Version: 1', 'Comment: x', '', 'aGVsbG8='), want: ['hello'] },
    { title: 'with blanks at line ends', text: armored('SIGNATURE', ' \t', 'aGVsbG8= '), want: ['hello'] },
    {
      title: 'with lines ended by LF alone',
      text: armored('SIGNATURE', '', 'aGVsbG8=').replaceAll('\r', ''),
      want: ['hello'],
    },
    {
      title: 'two of them',
      text: armored('SIGNATURE', '', 'YQ==') + armored('SIGNATURE', '', 'Yg=='),
      want: ['a', 'b'],
    },
    { title: 'with text around', text: `before\r\n${armored('SIGNATURE', '', 'YQ==')}after`, want: ['a'] },
    { title: 'without the empty line', text: armored('SIGNATURE', 'aGVsbG8='), want: [undefined] },
    { title: 'with a header that is none', text: armored('SIGNATURE', 'no header', '', 'aGVsbG8='), want: [undefined] },
    { title: 'with what is not base64', text: armored('SIGNATURE', '', 'aGV!bG8='), want: [undefined] },
    { title: 'with nothing inside', text: armored('SIGNATURE', ''), want: [undefined] },
    { title: 'cut off', text: '-----BEGIN PGP SIGNATURE-----\r\n\r\naGVsbG8=\r\n', want: [undefined] },
    {
      title: 'cut off by the next',
      text: `-----BEGIN PGP SIGNATURE-----\n\nYQ==\n${armored('SIGNATURE', '', 'Yg==')}`,
      want: [undefined, 'b'],
    },
    { title: 'quoted by a reply', text: armored('SIGNATURE', '', 'YQ==').replaceAll(/^/gm, '> '), want: [] },
    { title: 'not there', text: 'nothing of the kind', want: [] },
  ])('$title', ({ text, want }) => {
    expect(octetsOf(text)).toEqual(want);
  });

  test('a block says what it holds', () => {
    expect(armoredBlocks(Buffer.from(armored('PUBLIC KEY BLOCK', '', 'YQ==')))[0]?.kind).toBe('PUBLIC KEY BLOCK');
  });

  test('what is armored comes back, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), octets => {
        const lines =
          Buffer.from(octets)
            .toString('base64')
            .match(/.{1,64}/g) ?? [];
        const [block] = armoredBlocks(Buffer.from(armored('SIGNATURE', '', ...lines)));
        expect(block?.octets).toEqual(Buffer.from(octets));
      }),
    );
  });
});
