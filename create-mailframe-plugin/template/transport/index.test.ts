import { harness } from 'mailframe/testing';
import { expect, test } from 'vitest';
import plugin from './index.ts';

const MAIL = { id: 'a1', from: '<ann@client.test>', to: ['bob@example.test', 'eve@example.test'] };

test('every recipient is a line of the journal, and delivered', async () => {
  const { deliver, files } = await harness(plugin, { file: './journal' }, { now: '2030-01-01T12:00:00Z' });
  const answer = await deliver(MAIL);
  expect([...(answer?.outcomes ?? [])].map(([, { kind }]) => kind)).toEqual(['delivered', 'delivered']);
  const lines = files.text('journal')?.trimEnd().split('\n') ?? [];
  expect(lines.map(line => JSON.parse(line) as unknown)).toMatchObject([
    { at: '2030-01-01T12:00:00.000Z', id: 'a1', from: '<ann@client.test>', to: 'bob@example.test' },
    { to: 'eve@example.test' },
  ]);
});

test('where the disk is full it throws, and the gateway tries again later', async () => {
  const { deliver, files } = await harness(plugin, { file: './journal' });
  files.fail('journal', 'ENOSPC');
  await expect(deliver(MAIL)).rejects.toThrow('ENOSPC');
});
