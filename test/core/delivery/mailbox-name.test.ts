/** File names of mailboxes: nothing escapes, nobody's mail ends in somebody else's file. */

import { describe, expect, test } from 'vitest';
import { mailboxName } from '../../../core/delivery/mailbox-name.ts';
import * as fc from '../../support/fast-check.ts';

describe('mailboxName', () => {
  test.each([
    { text: 'ann', want: 'ann' },
    { text: 'Ann.Lee', want: 'ann.lee' },
    { text: 'ann+news=2026~x@y', want: 'ann+news=2026~x@y' },
    { text: '..', want: '%2E.' },
    { text: '.', want: '%2E' },
    { text: '.forward', want: '%2Eforward' },
    { text: '-rf', want: '%2Drf' },
    { text: '../../etc/passwd', want: '%2E.%2F..%2Fetc%2Fpasswd' },
    { text: 'a/b', want: 'a%2Fb' },
    { text: 'a\\b', want: 'a%5Cb' },
    { text: 'a\0b', want: 'a%00b' },
    { text: 'a b', want: 'a%20b' },
    { text: 'a%2Fb', want: 'a%252fb' },
    { text: '|cat', want: '%7Ccat' },
    { text: 'ann.lock', want: 'ann%2Elock' },
    { text: 'ANN.LOCK', want: 'ann%2Elock' },
    { text: 'ann.lock.lock', want: 'ann%2Elock%2Elock' },
    { text: 'jörg', want: 'jörg' },
    { text: 'jo\u0308rg', want: 'jörg' },
    { text: 'a\u202eb', want: 'a%E2%80%AEb' },
    { text: '[192.0.2.1]', want: '%5B192.0.2.1%5D' },
    { text: '', want: null },
    { text: 'x'.repeat(300), want: null },
  ])('$text becomes $want', ({ text, want }) => {
    expect(mailboxName(text)).toBe(want);
  });

  test('path traversal: no text gives a name with a slash, a control character or a first dot', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 64 }), text => {
        const name = mailboxName(text);
        if (name === null) return;
        expect(name).not.toMatch(/[\u0000-\u001f/\\\u007f]|^[.-]|\.lock/);
        expect(name).not.toBe('');
      }),
    );
  });

  test('two local parts share a file only where they differ in nothing but case and Unicode form', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'A', '.', '%', '/', '2', 'f', 'F', 'é', 'e\u0301', ' '),
      maxLength: 6,
    });
    const folded = (one: string) => one.normalize('NFC').toLowerCase();
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(mailboxName(one) === mailboxName(other)).toBe(folded(one) === folded(other));
      }),
    );
  });
});
