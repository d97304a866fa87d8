import { expect, test } from 'vitest';
import { targetPath } from '../../../core/delivery/target-path.ts';

const pathOf = (argument: string, directory = '/var/mail') => targetPath({ transport: 'boxes', argument }, directory);

test.each([
  { argument: '/var/mail/lists', want: 'lists' },
  { argument: '//var/mail//lists/All members/', want: 'lists/All members' },
])('$argument is $want', ({ argument, want }) => {
  expect(pathOf(argument)).toBe(want);
  expect(pathOf(argument, '/var/mail/')).toBe(want);
});

test.each([
  '/var/mail',
  '/var/mail/',
  '/var/mailbox',
  '/etc/passwd',
  '/var/mail/../../etc/passwd',
  '/var/mail/./x',
  '/var/mail/.ssh/keys',
  '/var/mail/x.lock',
  '/var/mail/x\u0000',
  '/var/mail/x\ny',
  'var/mail/x',
])('directory traversal: %j is nowhere', argument => {
  expect(pathOf(argument)).toBeNull();
});
