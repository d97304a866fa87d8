import { expect, test } from 'vitest';
import type { ContentGroup, Refused } from '../../../core/chain/decision.ts';
import { contentOf } from '../../../core/mail/content.ts';
import type { Refusal } from '../../../core/mail/reply.ts';
import { splitByCommand } from '../../../core/smtp/reply-for-each.ts';
import { aMailbox, aRecipient } from '../../../core/testing/builders.ts';

const REJECTED: Refusal = { code: 550, status: '5.7.1', text: 'No' };
const DEFERRED: Refusal = { code: 451, status: '4.7.1', text: 'Later' };
const content = contentOf('');

const refused = (reply: Refusal): Refused => ({ kind: 'refused', reply, by: 'somebody', because: null });
const group = (fate: ContentGroup['fate'], ...names: readonly string[]): ContentGroup => ({
  recipients: names.map(name => aRecipient(`${name}@example.test`)),
  content,
  facts: {},
  fate,
  steps: [],
});
const command = (original: string, ...names: readonly string[]) => ({
  original: aMailbox(`${original}@example.test`),
  keys: (names.length === 0 ? [original] : names).map(name => `${name}@example.test`),
});

function split(commands: Parameters<typeof splitByCommand>[0], groups: readonly ContentGroup[]) {
  const { refusals, groups: kept } = splitByCommand(commands, groups);
  const names = kept.map(({ recipients }) => recipients.map(({ forwardPath }) => forwardPath.localPart));
  return { refusals: refusals.map(reply => reply?.code ?? 250), kept: names };
}

test('each RCPT hears what became of its own recipient', () => {
  const groups = [group({ kind: 'deliver' }, 'ann'), group(refused(REJECTED), 'bob')];
  expect(split([command('bob'), command('ann'), command('bob')], groups)).toEqual({
    refusals: [550, 250, 550],
    kept: [['ann']],
  });
});

test('who stands behind one alias shares one fate', () => {
  const groups = [group({ kind: 'deliver' }, 'ann', 'eve'), group(refused(REJECTED), 'bob')];
  expect(split([command('staff', 'ann', 'bob'), command('eve')], groups)).toEqual({
    refusals: [550, 250],
    kept: [['eve']],
  });
});

test('who is reached by another RCPT too is taken for that one', () => {
  const groups = [group({ kind: 'deliver' }, 'ann'), group(refused(REJECTED), 'bob')];
  expect(split([command('staff', 'ann', 'bob'), command('ann')], groups)).toEqual({
    refusals: [550, 250],
    kept: [['ann']],
  });
});

test('while one may still be taken, none comes back', () => {
  const groups = [group(refused(REJECTED), 'ann'), group(refused(DEFERRED), 'bob')];
  expect(split([command('staff', 'ann', 'bob')], groups)).toEqual({ refusals: [451], kept: [] });
});
