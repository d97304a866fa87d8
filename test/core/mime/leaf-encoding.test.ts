/** The transfer encoding that fits, and streams of it. */

import { describe, expect, test } from 'vitest';
import { encodeLeaf } from '../../../core/mime/leaf-encoding.ts';
import { decodeTransfer, encodeTransfer } from '../../../core/mime/transfer-encoding.ts';
import { decodeTransferStream, encodeTransferStream } from '../../../core/mime/transfer-stream.ts';
import * as fc from '../../support/fast-check.ts';

const TEXT = { text: true, eightBit: false };

describe('a leaf goes into', () => {
  test.each([
    { name: '7bit where it can', octets: 'a\r\nb', needs: TEXT, want: '7bit', body: 'a\r\nb' },
    { name: '7bit with its line ends put right', octets: 'a\nb\rc', needs: TEXT, want: '7bit', body: 'a\r\nb\r\nc' },
    { name: '8bit where it may', octets: 'ü', needs: { ...TEXT, eightBit: true }, want: '8bit', body: 'ü' },
    {
      name: 'quoted-printable where it is mostly ASCII',
      octets: 'Grüße an alle im Haus ',
      needs: TEXT,
      want: 'quoted-printable',
      body: 'Gr=C3=BC=C3=9Fe an alle im Haus=20',
    },
    { name: 'base64 where it is not', octets: 'Привет', needs: TEXT, want: 'base64', body: '0J/RgNC40LLQtdGC' },
    {
      name: 'base64 where it is no text',
      octets: 'a\nb',
      needs: { ...TEXT, text: false },
      want: 'base64',
      body: 'YQpi',
    },
    { name: '7bit, no text as well', octets: 'a\r\nb', needs: { ...TEXT, text: false }, want: '7bit', body: 'a\r\nb' },
    { name: 'the base64 it was in', octets: 'a\n', needs: { ...TEXT, was: 'base64' }, want: 'base64', body: 'YQo=' },
    {
      name: 'the quoted-printable it was in',
      octets: 'Привет',
      needs: { ...TEXT, was: 'quoted-printable' },
      want: 'quoted-printable',
      body: '=D0=9F=D1=80=D0=B8=D0=B2=D0=B5=D1=82',
    },
    {
      name: 'another one than 8bit where that may not be',
      octets: 'Grüße an alle im Haus',
      needs: { ...TEXT, was: '8bit' },
      want: 'quoted-printable',
      body: 'Gr=C3=BC=C3=9Fe an alle im Haus',
    },
    { name: 'nothing but 7bit where it is empty', octets: '', needs: TEXT, want: '7bit', body: '' },
  ])('$name', ({ octets, needs, want, body }) => {
    const encoded = encodeLeaf(Buffer.from(octets), needs);
    expect([encoded.encoding, encoded.body.toString()]).toEqual([want, body]);
  });

  test('an encoding where a line is too long', () => {
    expect(encodeLeaf(Buffer.from('a'.repeat(999)), TEXT).encoding).toBe('quoted-printable');
    expect(encodeLeaf(Buffer.from('a'.repeat(998)), TEXT).encoding).toBe('7bit');
  });

  test('whatever it is: it comes back, and its lines are fit for mail', () => {
    const flags = fc.record({
      text: fc.constant(false),
      eightBit: fc.boolean(),
      was: fc.constantFrom('7bit', '8bit', 'binary', 'base64', 'quoted-printable', 'x-none'),
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), flags, (array, needs) => {
        const octets = Buffer.from(array);
        const { encoding, body } = encodeLeaf(octets, needs);
        expect(decodeTransfer(body, encoding)).toEqual(octets);
      }),
    );
  });
});

async function* inPieces(octets: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

async function joined(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream));
}

describe('a stream', () => {
  const bodies = fc
    .array(fc.constantFrom('=', '=\r\n', '=\n', '\r\n', ' ', '\t', '4', '1', 'a', 'QQ==', '-', 'é'))
    .map(pieces =>
      // Longer than a block, so that there are cuts.
      Buffer.from(
        'x'.repeat(16_380) + pieces.join('') + 'y'.repeat(4) + pieces.join('') + '='.repeat(pieces.length % 3),
        'latin1',
      ),
    );
  const sizes = fc.constantFrom(97, 16_384, 16_385, 16_390, 100_000);

  test.each(['base64', 'quoted-printable', '8bit'])(
    'of %s is decoded as the whole is, wherever it is cut',
    async encoding => {
      await fc.assert(
        fc.asyncProperty(bodies, sizes, async (body, size) => {
          expect(await joined(decodeTransferStream(inPieces(body, size), encoding))).toEqual(
            decodeTransfer(body, encoding),
          );
        }),
        { numRuns: 25 },
      );
    },
  );

  test.each(['base64', 'quoted-printable', '8bit'] as const)('is encoded in %s', async encoding => {
    await fc.assert(
      fc.asyncProperty(bodies, sizes, async (octets, size) => {
        const body = await joined(encodeTransferStream(inPieces(octets, size), encoding));
        expect(decodeTransfer(body, encoding)).toEqual(octets);
        if (encoding !== 'quoted-printable') expect(body).toEqual(encodeTransfer(octets, encoding));
        else
          expect(
            Math.max(
              ...body
                .toString('latin1')
                .split('\r\n')
                .map(line => line.length),
            ),
          ).toBeLessThanOrEqual(76);
      }),
      { numRuns: 25 },
    );
  });

  test('is decoded octet by octet', async () => {
    for (const [encoding, body] of [
      ['base64', 'QU\r\nI=QQ'],
      ['quoted-printable', 'a =\r\n=4=\r\n1 \r\n='],
    ] as const) {
      const octets = Buffer.from(body);
      expect(await joined(decodeTransferStream(inPieces(octets, 1), encoding))).toEqual(
        decodeTransfer(octets, encoding),
      );
    }
  });

  test('of one endless line holds no more than a part of it', async () => {
    for (const octet of [' ', '=', 'a', '\r', '\n']) {
      const octets = Buffer.alloc(300_000, octet);
      const decoded = decodeTransferStream(inPieces(octets, 10_000), 'quoted-printable');
      let pieces = 0;
      for await (const piece of decoded) pieces += piece.length > 200_000 ? 1000 : 1;
      expect(pieces).toBeLessThan(1000);
      const encoded = encodeTransferStream(inPieces(octets, 10_000), 'quoted-printable');
      expect(decodeTransfer(await joined(encoded), 'quoted-printable').equals(octets)).toBe(true);
    }
  });
});
