import { reject } from 'mailframe';
import { harness } from 'mailframe/testing';
import { expect, test } from 'vitest';
import plugin from './index.ts';

test('a closed mailbox is refused, and the sender is told', async () => {
  const { rcpt } = await harness(plugin, { closed: ['old@example.test'], text: 'Write to new@example.test' });
  expect(await rcpt('old@example.test')).toEqual(reject(550, '5.2.1', 'Write to new@example.test'));
});

test('of all others it has no opinion', async () => {
  const { rcpt } = await harness(plugin, { closed: ['old@example.test'] });
  expect(await rcpt('ann@example.test')).toBeUndefined();
});

test('a text that is no mailbox is refused before the gateway starts', async () => {
  await expect(harness(plugin, { closed: ['old'] })).rejects.toThrow('a mailbox is expected');
});
