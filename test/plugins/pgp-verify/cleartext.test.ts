/** Clear-signed text: what is signed is exactly what a reader sees, and all that is not is told. */

import { describe, expect, test } from 'vitest';
import { inlineBlocks } from '../../../plugins/pgp-verify/cleartext.ts';
import * as fc from '../../support/fast-check.ts';

const SIGNATURE = ['-----BEGIN PGP SIGNATURE-----', '', 'YQ==', '-----END PGP SIGNATURE-----'];
const clear = (...lines: readonly string[]) =>
  ['-----BEGIN PGP SIGNED MESSAGE-----', 'Hash: SHA256', '', ...lines, ...SIGNATURE, ''].join('\r\n');

const found = (text: string) => inlineBlocks(Buffer.from(text, 'latin1'));
const signedIn = (text: string) =>
  found(text).blocks.map(block => (block.kind === 'clear-signed' ? block.signed.toString('latin1') : block.kind));

describe('the signed octets of a clear-signed text', () => {
  test.each([
    { title: 'lines are joined by CRLF, without one at the end', text: clear('one', 'two'), want: ['one\r\ntwo'] },
    {
      title: 'lines ended by LF alone are the same',
      text: clear('one', 'two').replaceAll('\r', ''),
      want: ['one\r\ntwo'],
    },
    { title: 'blanks at line ends are not signed', text: clear('one \t', 'two  '), want: ['one\r\ntwo'] },
    { title: 'blanks at the start are', text: clear('  one', '\ttwo'), want: ['  one\r\n\ttwo'] },
    { title: 'dashes are unescaped', text: clear('- --', '- - x', '-y'), want: ['--\r\n- x\r\n-y'] },
    { title: 'empty lines at both ends are signed', text: clear('', 'one', ''), want: ['\r\none\r\n'] },
    { title: 'a text may be empty', text: clear(''), want: [''] },
    { title: 'octets beyond ASCII stay what they are', text: clear('b\xe4r \xc2\xa3'), want: ['b\xe4r \xc2\xa3'] },
    { title: 'there may be several texts', text: clear('one') + clear('two'), want: ['one', 'two'] },
  ])('$title', ({ text, want }) => {
    expect(signedIn(text)).toEqual(want);
  });
});

describe('what makes a block broken', () => {
  test.each([
    {
      title: 'a header that is not Hash',
      text: clear('x').replace('Hash: SHA256', 'Hash: SHA256\r\nComment: Pay 100 Euro'),
    },
    { title: 'NotDashEscaped', text: clear('x').replace('Hash: SHA256', 'NotDashEscaped: yes') },
    { title: 'text after the names of hashes', text: clear('x').replace('SHA256', 'SHA256; pay 100 Euro') },
    { title: 'no empty line after the headers', text: clear('x').replace('SHA256\r\n\r\n', 'SHA256\r\n') },
    { title: 'no signature', text: '-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nhello\r\n' },
    { title: 'a signature that does not end', text: clear('x').replace('-----END PGP SIGNATURE-----\r\n', '') },
    { title: 'the begin of another block in the text', text: clear('x', '-----BEGIN PGP MESSAGE-----', 'y') },
    {
      title: 'the begin of another block in the signature',
      text: clear('x').replace('YQ==', '-----BEGIN PGP MESSAGE-----'),
    },
    {
      title: 'text far to the right of a header',
      text: clear('x').replace('SHA256', `SHA256${' '.repeat(2000)}Pay 100 Euro`),
    },
    {
      title: 'text far to the right of the empty line',
      text: clear('x').replace('\r\n\r\n', `\r\n${' '.repeat(2000)}Pay 100 Euro\r\n`),
    },
    {
      title: 'text far to the right of the last line',
      text: clear('x').replace(/(-----END.*)\r\n/, `$1${' '.repeat(2000)}Pay\r\n`),
    },
  ])('$title', ({ text }) => {
    expect(signedIn(text)[0]).toBe('broken');
    expect(signedIn(text)).not.toContain('x');
  });
});

describe('what stands outside', () => {
  test.each([
    { title: 'nothing', text: clear('x'), want: false },
    { title: 'blank lines', text: `\r\n \t\r\n${clear('x')}\r\n\r\n`, want: false },
    { title: 'a word before', text: `Hi\r\n${clear('x')}`, want: true },
    { title: 'a footer after', text: `${clear('x')}-- \r\nthe list\r\n`, want: true },
    { title: 'a word between', text: `${clear('x')}and\r\n${clear('y')}`, want: true },
    { title: 'a form feed, which is no blank', text: `${clear('x')}\f`, want: true },
  ])('$title', ({ text, want }) => {
    expect(found(text).textOutside).toBe(want);
  });
});

test('an OpenPGP message is found, whole or cut off', () => {
  const message = ['-----BEGIN PGP MESSAGE-----', '', 'YQ==', '-----END PGP MESSAGE-----', ''].join('\r\n');
  expect(found(message)).toEqual({ blocks: [{ kind: 'message', armor: Buffer.from(message) }], textOutside: false });
  const cut = message.replace(/-----END.*/s, '');
  expect(found(cut).blocks).toEqual([{ kind: 'message', armor: Buffer.from(cut) }]);
  expect(signedIn(message + clear('x'))).toEqual(['message', 'x']);
});

test.each([
  { title: 'begins of messages', line: '-----BEGIN PGP MESSAGE-----\n' },
  { title: 'begins of signed messages', line: '-----BEGIN PGP SIGNED MESSAGE-----\n\n' },
  { title: 'begins of signatures', line: '-----BEGIN PGP SIGNATURE-----\n' },
  { title: 'begins that are none', line: 'x-----BEGIN PGP SIGNED MESSAGE-----' },
  { title: 'empty lines', line: '\n' },
  { title: 'blanks', line: ' ' },
])('a flood of $title comes to an end', ({ line }) => {
  const flood = Buffer.from(clear('x') + line.repeat(Math.ceil(20_000_000 / line.length)));
  expect(inlineBlocks(flood).blocks.length).toBeLessThanOrEqual(100);
});

test('a block that a reply quotes is no block', () => {
  expect(found(clear('x').replaceAll(/^/gm, '> '))).toEqual({ blocks: [], textOutside: true });
});

test('any lines, dash-escaped, are signed as they were, but for blanks at their ends', () => {
  const line = fc.string({ maxLength: 20 }).map(text => text.replaceAll(/[^\x20-\x7e]/g, '-'));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), lines => {
      const escaped = lines.map(one => (one.startsWith('-') ? `- ${one}` : one));
      expect(signedIn(clear(...escaped))).toEqual([lines.map(one => one.replace(/ +$/, '')).join('\r\n')]);
    }),
  );
});
