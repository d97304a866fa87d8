/** Keyboxes as GnuPG writes them are read, with all their keys; damaged ones are told. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyboxKeys } from '../../../core/openpgp/keybox.ts';
import { readKeyring } from '../../../core/openpgp/keyring.ts';
import { memoryFiles } from '../../../core/testing.ts';
import * as fc from '../../support/fast-check.ts';
import { describeWithGnupg, Gnupg } from '../../support/gnupg.ts';

let gnupg: Gnupg;
let box: Buffer;
const fingerprints: string[] = [];

describeWithGnupg('the keybox of GnuPG', () => {
  beforeAll(async () => {
    gnupg = await Gnupg.create();
    for (const name of ['ann', 'bob', 'gone']) {
      const userId = `${name} <${name}@example.test>`;
      fingerprints.push(
        await gnupg.makeKey({ userId, algorithm: 'ed25519', made: '20260101T000000', expires: 'never' }),
      );
    }
    await gnupg.deleteKey(fingerprints.pop() ?? '');
    box = await gnupg.keybox();
  });
  afterAll(() => gnupg?.remove());

  test('all keys are read but those that were deleted', async () => {
    const { material, unusable } = await readKeyring(memoryFiles({ 'keys/pubring.kbx': box }), './keys');
    expect(unusable).toEqual([]);
    const read = material.flatMap(({ keys }) => keys.map(key => key.getFingerprint().toUpperCase()));
    expect(read.toSorted()).toEqual(fingerprints.toSorted());
  });

  test('a keybox that is cut off anywhere but between two blobs is damaged', () => {
    const ends = new Set<number>();
    for (let at = 0; at < box.length; at += box.readUInt32BE(at)) ends.add(at);
    for (let size = 1; size < box.length; size += 1) {
      if (!ends.has(size)) expect(() => keyboxKeys(box.subarray(0, size)), String(size)).toThrow(/damaged/);
    }
  });
});

test('octets of any kind come to an end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), octets => {
      try {
        keyboxKeys(Buffer.from(octets));
      } catch (error) {
        expect(error).toHaveProperty('message', expect.stringMatching(/damaged/));
      }
    }),
  );
});
