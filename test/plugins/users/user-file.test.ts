/** The file of users: what is read, and what an edit leaves alone. */

import { describe, expect, test } from 'vitest';
import { formatPasswordHash, hashOfNobody, USUAL_COST } from '../../../plugins/users/password-hash.ts';
import { decoyOf, editUsers, isUserName, parseUsers, type Reading } from '../../../plugins/users/user-file.ts';
import { formatVerifiers } from '../../../plugins/users/verifiers.ts';
import * as fc from '../../support/fast-check.ts';

const HASH = formatPasswordHash(hashOfNobody({ ln: 4, r: 8, p: 1 }));
const OTHER = formatPasswordHash(hashOfNobody({ ln: 5, r: 8, p: 1 }));
const READING: Reading = { file: 'users', plainPasswords: 'refused' };

describe('reading', () => {
  test('finds users between comments and empty lines', () => {
    const { users, faults } = parseUsers(
      `# people\n\nann:${HASH}\r\n  # bob:${HASH}\ncarl@example.test:${HASH} \n`,
      READING,
    );
    expect(faults).toEqual([]);
    expect([...users.keys()]).toEqual(['ann', 'carl@example.test']);
  });

  test.each([
    { text: `ann`, want: 'users:1: a line is written "name:hash"' },
    { text: `:${HASH}`, want: 'users:1: a line is written "name:hash"' },
    { text: `ann bob:${HASH}`, want: 'users:1: a line is written "name:hash"' },
    { text: `ann:${HASH}\nann:${OTHER}`, want: 'users:2: ann is already there' },
    { text: `ann:correct horse`, want: 'users:1: the hash of ann is none' },
    { text: `ann:${HASH}:0:0`, want: 'users:1: the hash of ann is none' },
    { text: `ann:${HASH} x`, want: 'users:1: the hash of ann is none' },
    { text: `ann:${HASH} ${OTHER}`, want: 'users:1: two hashes of ann are of one kind' },
    { text: `ann:${HASH} CRAM-MD5$aHVudGVyMg==`, want: 'users:1: the password of ann stands there as it is' },
  ])('$want', ({ text, want }) => {
    const { faults } = parseUsers(text, READING);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(want);
  });

  test('a password that stands there in clear is in no message', () => {
    expect(parseUsers('ann:hunter2\nhunter2', READING).faults.join()).not.toContain('hunter2');
  });
});

describe('user enumeration: what is verified for a name that nobody has', () => {
  test('costs what a user of the file costs', () => {
    const { users } = parseUsers(`ann:${OTHER}\nbob:${OTHER}`, READING);
    expect(decoyOf(users).hash?.cost).toEqual({ ln: 5, r: 8, p: 1 });
  });

  test('costs what new users cost where there are none', () => {
    expect(decoyOf(new Map()).hash?.cost).toEqual(USUAL_COST);
  });
});

describe('editing', () => {
  const file = `# people\nann:${HASH}\n\n# more\nbob:${HASH}\n`;

  test.each([
    { what: 'a new user comes last', edit: editUsers(file, 'carl', OTHER), want: `${file}carl:${OTHER}\n` },
    { what: 'a known user stays where it is', edit: editUsers(file, 'ann', OTHER), want: file.replace(HASH, OTHER) },
    { what: 'a deleted user is gone', edit: editUsers(file, 'bob', null), want: `# people\nann:${HASH}\n\n# more\n` },
    { what: 'an unknown user cannot be deleted', edit: editUsers(file, 'dora', null), want: file },
    { what: 'the first user of all', edit: editUsers('', 'ann', HASH), want: `ann:${HASH}\n` },
    {
      what: 'a last line without its end',
      edit: editUsers(`ann:${HASH}`, 'bob', HASH),
      want: `ann:${HASH}\nbob:${HASH}\n`,
    },
    {
      what: 'a user who was there twice is there once',
      edit: editUsers(`ann:${HASH}\nann:${HASH}\n`, 'ann', OTHER),
      want: `ann:${OTHER}\n`,
    },
  ])('$what', ({ edit, want }) => {
    expect(edit).toBe(want);
  });

  test('whatever the file and the name: the user has the hash, and all other users have theirs', () => {
    const name = fc.string({ minLength: 1, maxLength: 8 }).filter(isUserName);
    fc.assert(
      fc.property(fc.uniqueArray(name, { selector: one => one.normalize('NFC') }), name, (names, edited) => {
        const before = names.map(one => `${one}:${HASH}\n`).join('');
        const { users, faults } = parseUsers(editUsers(before, edited, OTHER), READING);
        expect(faults).toEqual([]);
        const all = new Set([...names, edited].map(one => one.normalize('NFC')));
        expect(new Set(users.keys())).toEqual(all);
        for (const [user, hash] of users) {
          expect(formatVerifiers(hash)).toBe(user === edited.normalize('NFC') ? OTHER : HASH);
        }
      }),
    );
  });
});

test.each([
  { name: 'ann', is: true },
  { name: 'ann@example.test', is: true },
  { name: 'jürgen#2', is: true },
  { name: '', is: false },
  { name: '#ann', is: false },
  { name: 'a:b', is: false },
  { name: 'a b', is: false },
  { name: 'a\nb', is: false },
  { name: 'a\u0000', is: false },
  { name: 'a\u202eb', is: false },
])('$name as a user name: $is', ({ name, is }) => {
  expect(isUserName(name)).toBe(is);
});
