/** Content that is compared with what came while it is read: damaged octets are never all of them given. */
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sliceContent } from '../../../core/mail/content.ts';
import { CheckedContent, DamagedContent, damageOf } from '../../../core/queue/checked-content.ts';

const OCTETS = Buffer.from('Subject: greetings\r\n\r\nHello.\r\nBye.\r\n');
const PIECES = [OCTETS.subarray(0, 10), OCTETS.subarray(10, 25), OCTETS.subarray(25)];
const CAME = { size: OCTETS.length, crc32: crc32(OCTETS) };

function stored(octets: Buffer, came: { readonly size: number; readonly crc32: number | null } = CAME) {
  return new CheckedContent({
    what: 'the spool file A',
    came,
    bytes: async () => octets,
    async *stream() {
      yield* [octets.subarray(0, 10), octets.subarray(10, 25), octets.subarray(25)];
    },
  });
}

function flipped(place: number): Buffer {
  const octets = Buffer.from(OCTETS);
  octets[place] = (octets[place] ?? 0) ^ 1;
  return octets;
}

/** What was given until it failed. */
async function given(stream: AsyncIterable<Buffer>): Promise<{ readonly pieces: Buffer[]; readonly error: unknown }> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of stream) pieces.push(piece);
    return { pieces, error: null };
  } catch (error) {
    return { pieces, error };
  }
}

test('what came is given as it is, piece by piece and as a whole', async () => {
  const content = stored(OCTETS);
  expect(await given(content.stream())).toEqual({ pieces: PIECES, error: null });
  expect(await content.bytes()).toEqual(OCTETS);
  expect(damageOf(content)).toBeNull();
});

describe.each([
  ['an octet that was flipped at the beginning', flipped(0), 'has other octets than came: its checksum is wrong'],
  ['an octet that was flipped at the end', flipped(OCTETS.length - 1), 'has other octets than came'],
  ['octets that are missing', OCTETS.subarray(0, -1), `is not ${OCTETS.length} octets long`],
  ['octets too many', Buffer.concat([OCTETS, OCTETS]), `is not ${OCTETS.length} octets long`],
])('%s', (_, octets, says) => {
  test('is an error before the last octet, and is remembered', async () => {
    const content = stored(octets);
    for (const stream of [content.stream(), content.fleeting()]) {
      const { pieces, error } = await given(stream);
      expect(error).toBeInstanceOf(DamagedContent);
      expect(Buffer.concat(pieces).length).toBeLessThan(OCTETS.length);
    }
    expect(damageOf(content)).toMatch(`the spool file A ${says}`);
  });

  test('is an error for who wants all of it at once, and for who stops when there is enough', async () => {
    await expect(stored(octets).bytes()).rejects.toThrow(DamagedContent);
    const { pieces, error } = await given(sliceContent(stored(octets), 5, OCTETS.length).stream());
    expect(error).toBeInstanceOf(DamagedContent);
    expect(Buffer.concat(pieces).length).toBeLessThan(OCTETS.length - 5);
  });
});

test('octets of which nobody knows what they were are given as they are, if there are as many', async () => {
  const unknown = { size: OCTETS.length, crc32: null };
  expect((await given(stored(flipped(3), unknown).stream())).error).toBeNull();
  expect(await stored(flipped(3), unknown).bytes()).toEqual(flipped(3));
  expect((await given(stored(OCTETS.subarray(1), unknown).stream())).error).toBeInstanceOf(DamagedContent);
});
