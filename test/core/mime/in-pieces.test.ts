/** What is read piece by piece says the same as what is read at once, wherever the pieces were cut. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CleartextScanner } from '../../../core/mime/cleartext-scanner.ts';
import { type Canonicalization, DkimBody } from '../../../core/mime/dkim-body.ts';
import { signaturesOf, signaturesOfContent } from '../../../core/mime/signatures.ts';
import { readSpans } from '../../../core/mime/span-pieces.ts';
import { transferDecoder } from '../../../core/mime/transfer-decoder.ts';
import { decodeTransfer } from '../../../core/mime/transfer-encoding.ts';
import * as fc from '../../support/fast-check.ts';
import { inPieces } from '../../support/in-pieces.ts';

const octetsOf = (text: string) => Buffer.from(text, 'latin1');
const textOf = (...pieces: readonly string[]) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map(found => octetsOf(found.join('')));

function* cut(octets: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

const size = fc.integer({ min: 1, max: 8 });

describe('a DKIM body', () => {
  /** RFC 6376 sections 3.4.3 and 3.4.4, on all of it at once. */
  function canonical(body: string, how: Canonicalization): string {
    const text = how === 'simple' ? body : body.replaceAll(/[ \t]+(?=\r\n|$)/g, '').replaceAll(/[ \t]+/g, ' ');
    const end = text.replace(/(?:\r\n)+$/, '').length;
    return end === 0 && how === 'relaxed' ? '' : `${text.slice(0, end)}\r\n`;
  }

  test.each(['simple', 'relaxed'] as const)('in the %s form', how => {
    const length = fc.option(fc.nat(20), { nil: null });
    fc.assert(
      fc.property(
        textOf('\r\n', '\r\n\r\n', ' ', '\t ', 'a', 'b c', '\r', '\n'),
        size,
        length,
        (octets, size, length) => {
          const body = new DkimBody(how, length);
          for (const piece of cut(octets, size)) body.feed(piece);
          const want = canonical(octets.toString('latin1'), how).slice(0, length ?? undefined);
          expect(body.end()).toBe(createHash('sha256').update(want, 'latin1').digest('hex'));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test.each(['base64', 'quoted-printable', '8bit'])('a body in %s is decoded', encoding => {
  fc.assert(
    fc.property(
      textOf('QUJD', 'Q', '=', '==', '=41', '=\r\n', '\r\n', ' ', '\n', 'x', '\xff', '=4', '4', '=C=\r\n3', '= \n'),
      size,
      (octets, size) => {
        const decoder = transferDecoder(encoding);
        const pieces = [...cut(octets, size)].map(piece => Buffer.from(decoder.feed(piece)));
        const got = Buffer.concat([...pieces, decoder.end()]).toString('latin1');
        expect(got).toBe(decodeTransfer(octets, encoding).toString('latin1'));
      },
    ),
    { numRuns: 2000 },
  );
});

test('a line of quoted-printable that never ends is decoded all the same, and is not held', () => {
  const decoder = transferDecoder('quoted-printable');
  const line = octetsOf('=41 b='.repeat(40_000));
  const pieces = [...cut(line, 1000)].map(piece => Buffer.from(decoder.feed(piece)));
  expect(pieces.filter(piece => piece.length > 0).length).toBeGreaterThan(1);
  expect(Buffer.concat([...pieces, decoder.end()]).equals(decodeTransfer(line, 'quoted-printable'))).toBe(true);
});

test('a signed text is found', () => {
  const text = octetsOf('x-----BEGIN PGP SIGNED MESSAGE-----\r\none-----END PGP SIGNATURE-----\r\n'.repeat(2));
  const found = [1, 7, 34, 35, 1000].map(size => {
    const scanner = new CleartextScanner();
    for (const piece of cut(text, size)) scanner.feed(piece);
    return scanner.end();
  });
  const digest = createHash('sha256').update('-----BEGIN PGP SIGNED MESSAGE-----\r\none').digest('hex');
  for (const digests of found) expect(digests).toEqual([digest, digest]);
});

test('spans of a stream are its octets, however they overlap', async () => {
  const span = fc
    .tuple(fc.nat(50), fc.nat(50))
    .map(([one, other]) => ({ start: Math.min(one, other), end: Math.max(one, other) }));
  await fc.assert(
    fc.asyncProperty(fc.array(span), size, async (spans, size) => {
      const octets = octetsOf('abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN');
      const found = await readSpans(inPieces(octets, size), spans);
      expect(found.map(String)).toEqual(spans.map(({ start, end }) => String(octets.subarray(start, end))));
    }),
  );
});

test('the signatures of a mail', async () => {
  const mail = textOf(
    'Content-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"\r\n\r\n',
    'DKIM-Signature: d=example.test; s=s1; h=from; c=relaxed/relaxed\r\n',
    'DKIM-Signature: d=example.test; s=s2; h=from; l=10\r\n',
    'From: ann@example.test\r\n',
    '\r\n',
    '--b\r\n',
    '--b\r\nContent-Type: message/rfc822\r\n\r\n',
    '--b\r\nContent-Type: application/pgp-signature\r\n\r\n',
    '--b--\r\n',
    'text  \r\n',
    '-----BEGIN PGP SIGNED MESSAGE-----\r\n',
    '-----END PGP SIGNATURE-----\r\n',
    'Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n',
  );
  await fc.assert(
    fc.asyncProperty(mail, size, async (octets, size) => {
      expect(await signaturesOfContent(inPieces(octets, size))).toEqual(signaturesOf(octets));
    }),
    { numRuns: 1000 },
  );
});
