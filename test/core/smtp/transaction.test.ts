import { describe, expect, test } from 'vitest';
import { NO_PARAMETERS, type Notify } from '../../../core/mail/envelope.ts';
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

test('a command and a mailbox of one address are two recipients', () => {
  const transaction = begun();
  const box = aRecipient('bob@example.test');
  const target = { transport: 'scripts', argument: '/usr/bin/archive' };
  const [command, other] = [
    { ...box, target },
    { ...box, target: { ...target, argument: '/usr/bin/other' } },
  ];
  const rest = { group: '', facts: {}, steps: [] };
  transaction.accept({ original: box.original, recipients: [command, box, other, command], ...rest });
  expect(transaction.envelope.recipients).toEqual([command, box, other]);
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

describe('NOTIFY=SUCCESS for an alias of several: one of them answers for it (RFC 3461 section 5.2.7.3)', () => {
  const rest = { group: '', facts: {}, steps: [] };
  const behind = (address: string, notify: Notify | null) =>
    aRecipient(address, {
      original: aMailbox('staff@example.test'),
      via: ['staff'],
      dsn: { notify, originalRecipient: { type: 'rfc822', address: 'Staff@example.test' } },
    });
  const accepted = (transaction: Transaction, notify: Notify | null, ...addresses: readonly string[]) => {
    const recipients = addresses.map(address => behind(address, notify));
    transaction.accept({ original: aMailbox('staff@example.test'), recipients, ...rest });
    return transaction.envelope.recipients.map(({ dsn }) => dsn.notify);
  };

  test.for<{ readonly asked: Notify | null; readonly want: readonly (Notify | null)[] }>([
    { asked: ['success', 'failure'], want: [['success', 'failure'], ['failure'], ['failure']] },
    { asked: ['success'], want: [['success'], 'never', 'never'] },
    { asked: ['delay'], want: [['delay'], ['delay'], ['delay']] },
    { asked: 'never', want: ['never', 'never', 'never'] },
    { asked: null, want: [null, null, null] },
  ])('$asked', ({ asked, want }) => {
    expect(accepted(begun(), asked, 'bob@example.test', 'eve@example.test', 'kim@example.test')).toEqual(want);
  });

  test('the original recipient stays with all of them', () => {
    const transaction = begun();
    accepted(transaction, ['success'], 'bob@example.test', 'eve@example.test');
    expect(transaction.envelope.recipients.map(({ dsn }) => dsn.originalRecipient?.address)).toEqual([
      'Staff@example.test',
      'Staff@example.test',
    ]);
  });

  test('it is one who is not there on its own account already', () => {
    const transaction = begun();
    const bob = aRecipient('bob@example.test', { dsn: { notify: 'never', originalRecipient: null } });
    transaction.accept({ original: bob.original, recipients: [bob], ...rest });
    expect(accepted(transaction, ['success'], 'bob@example.test', 'eve@example.test', 'kim@example.test')).toEqual([
      'never',
      ['success'],
      'never',
    ]);
  });
});
