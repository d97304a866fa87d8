/** A lasting key: made once, kept, and never a guess where it cannot be. */
import { expect, test } from 'vitest';
import { lastingKey } from '../../../core/system/lasting-key.ts';
import { memoryFiles } from '../../../core/testing/memory-files.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';

const PATH = '/config/var/queue/key';

test('is made once, and is the same after that', async () => {
  const files = memoryFiles();
  const first = await lastingKey(PATH, { files, random: seededRandom(1) });
  expect(first).toEqual(seededRandom(1).bytes(32));
  expect(await lastingKey(PATH, { files, random: seededRandom(2) })).toEqual(first);
  expect((await files.facts(PATH))?.mode).toBe(0o600);
});

test('is not replaced by another one where the file holds something else', async () => {
  const files = memoryFiles({ [PATH]: 'half a key' });
  await expect(lastingKey(PATH, { files, random: seededRandom(1) })).rejects.toThrow(`${PATH} holds no key; remove it`);
  expect(files.text(PATH)).toBe('half a key');
});

test.each(['EACCES', 'EIO'])('is not made anew where it cannot be read: %s', async errno => {
  const files = memoryFiles({ [PATH]: 'x'.repeat(32) });
  files.fail(PATH, errno, 'read');
  await expect(lastingKey(PATH, { files, random: seededRandom(1) })).rejects.toMatchObject({ code: errno });
});
