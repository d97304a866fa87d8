import { expect, test } from 'vitest';
import { NO_PARAMETERS } from '../../../core/mail/envelope.ts';
import type { TraceStep } from '../../../core/mail/trace.ts';
import { Transaction } from '../../../core/smtp/transaction.ts';
import { aMailbox, aRecipient } from '../../../core/testing/builders.ts';

const STEP: TraceStep = {
  at: 0,
  hook: 'rcpt',
  plugin: 'some-plugin',
  mode: 'enforce',
  asked: 'bob@example.test',
  answer: 'silent',
  detail: null,
  took: 0,
  changes: [],
  facts: {},
};

const begun = () => new Transaction({ reversePath: null, parameters: NO_PARAMETERS, facts: {}, steps: [STEP] });

test('a mailbox to which several ways lead is there once, by the first of them', () => {
  const transaction = begun();
  const direct = aRecipient('bob@example.test');
  const viaStaff = aRecipient('bob@example.test', { original: aMailbox('staff@example.test'), via: ['staff'] });
  const rest = { group: '', facts: {}, steps: [] };
  transaction.accept({ original: direct.original, recipients: [direct], ...rest });
  transaction.accept({ original: viaStaff.original, recipients: [viaStaff], ...rest });
  expect(transaction.envelope.recipients).toEqual([direct]);
  expect(transaction.originals).toEqual([direct.original, viaStaff.original]);
});

test('what is known grows with accepted recipients alone, and their group is that of the first', () => {
  const transaction = begun();
  const bob = aRecipient('bob@example.test');
  expect(transaction.isOfOtherGroup('a')).toBe(false);
  transaction.accept({ original: bob.original, recipients: [bob], group: 'a', facts: { seen: true }, steps: [STEP] });
  expect(transaction.isOfOtherGroup('a')).toBe(false);
  expect(transaction.isOfOtherGroup('b')).toBe(true);
  expect(transaction.facts).toEqual({ seen: true });
  expect(transaction.steps).toHaveLength(2);
});

test('dictionary attack: refused recipients do not fill the memory', () => {
  const transaction = begun();
  for (let count = 0; count < 10_000; count += 1) transaction.refuse([STEP]);
  expect(transaction.steps).toHaveLength(101);
});
