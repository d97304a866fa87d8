/** Failures of the machine as SMTP sees them. */
import { expect, test } from 'vitest';
import { describeError, errnoOf, Failure, LOCAL_ERROR, replyToError } from '../../../core/mail/failure.ts';
import { formatReply } from '../../../core/mail/reply.ts';

const system = (code: string) => Object.assign(new Error(`${code}: it broke`), { code });

test.each([
  { thrown: system('ENOSPC'), want: '452 4.3.1' },
  { thrown: system('SQLITE_FULL'), want: '452 4.3.1' },
  { thrown: system('EDQUOT'), want: '451 4.2.2' },
  { thrown: system('EACCES'), want: '451 4.3.0' },
  { thrown: system('ESOMETHING'), want: '451 4.3.0' },
  { thrown: new Error('a bug'), want: '451 4.3.0' },
  { thrown: 'text', want: '451 4.3.0' },
  { thrown: null, want: '451 4.3.0' },
  { thrown: { code: 550 }, want: '451 4.3.0' },
])('$thrown becomes $want: never a refusal for good', ({ thrown, want }) => {
  expect(formatReply(replyToError(thrown))).toMatch(new RegExp(`^${want} `));
});

test('what the client hears does not tell what broke', () => {
  expect(replyToError(system('EACCES')).text).toBe(LOCAL_ERROR.text);
});

test('a failure that knows its reply gets it, and keeps the cause for the log', () => {
  const cause = system('ENOSPC');
  const failure = new Failure({ code: 550, status: '5.1.1', text: 'No such mailbox' }, 'the table says so', cause);
  expect(formatReply(replyToError(failure))).toBe('550 5.1.1 No such mailbox');
  expect(describeError(failure)).toBe('the table says so');
  expect(errnoOf(failure.cause)).toBe('ENOSPC');
});

test('anything that is thrown has one line for the log', () => {
  expect(describeError(new RangeError(''))).toBe('RangeError');
  expect(describeError('text')).toBe('text');
  expect(describeError(undefined)).toBe('undefined');
});
