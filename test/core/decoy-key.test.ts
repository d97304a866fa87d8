/** The key of decoys: kept where clients can ask for a salt, and a gateway that cannot keep it does not start. */
import { expect, test } from 'vitest';
import type { Configuration } from '../../core/config/configuration.ts';
import { decoyKey } from '../../core/decoy-key.ts';
import type { Mechanism } from '../../core/mail/mechanism.ts';
import { memoryFiles } from '../../core/testing/memory-files.ts';
import { seededRandom } from '../../core/testing/seeded-random.ts';

const PATH = '/config/queue/decoy-key';

function configuration(auth: 'off' | 'optional', ...mechanisms: readonly Mechanism[]): Configuration {
  return { listeners: [{ auth, mechanisms }], queue: { directory: '/config/queue' } } as unknown as Configuration;
}

test('is kept where a listener offers SCRAM-SHA-256', async () => {
  const files = memoryFiles();
  const its = configuration('optional', 'PLAIN', 'SCRAM-SHA-256');
  const key = await decoyKey(its, { files, random: seededRandom(1) });
  expect(files.paths()).toEqual([PATH]);
  expect(await decoyKey(its, { files, random: seededRandom(2) })).toEqual(key);
});

test.each([
  { what: 'AUTH is off', its: configuration('off', 'SCRAM-SHA-256') },
  { what: 'other mechanisms are offered', its: configuration('optional', 'PLAIN', 'CRAM-MD5') },
])('leaves no file where $what', async ({ its }) => {
  const files = memoryFiles();
  expect(await decoyKey(its, { files, random: seededRandom(1) })).toHaveLength(32);
  expect(files.paths()).toEqual([]);
});

test('what cannot be kept is told with the file and what to do', async () => {
  const files = memoryFiles({ [PATH]: 'half a key' });
  const kept = decoyKey(configuration('optional', 'SCRAM-SHA-256'), { files, random: seededRandom(1) });
  await expect(kept).rejects.toMatchObject({
    code: 'MF_QUEUE_OPEN',
    message: `the key for decoys cannot be kept: ${PATH} holds no key; remove it, and a new one is made`,
  });
});
