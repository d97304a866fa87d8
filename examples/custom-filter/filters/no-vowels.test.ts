/** The filter's test: no sockets, no mocks, no configuration. */
import { reject } from 'mailframe';
import { harness } from 'mailframe/testing';
import { expect, test } from 'vitest';
import noVowels from './no-vowels.ts';

test('only unpronounceable mailboxes exist', async () => {
  const plugin = await harness(noVowels, { domain: 'example.test' });
  expect(await plugin.rcpt('bcd@example.test')).toBeUndefined();
  expect(await plugin.rcpt('bob@elsewhere.test')).toBeUndefined();
  expect(await plugin.rcpt('bob@example.test')).toEqual(reject(550, '5.1.1', 'No such mailbox: too easy to say'));
});
