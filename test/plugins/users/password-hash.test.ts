/** Password hashes: their text, their bounds, and what they accept. */
import { describe, expect, test } from 'vitest';
import {
  formatPasswordHash,
  hashOfNobody,
  hashPassword,
  parsePasswordHash,
  USUAL_COST,
  verifyPassword,
} from '../../../plugins/users/password-hash.ts';

const CHEAP = { ln: 4, r: 8, p: 1 };
const SALT = Buffer.from('a salt for tests');
const REST = '$YSBzYWx0IGZvciB0ZXN0cw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

describe('a hash', () => {
  test('accepts its password and no other', async () => {
    const hash = await hashPassword('correct horse', SALT, CHEAP);
    expect(await verifyPassword('correct horse', hash)).toBe(true);
    for (const wrong of ['', 'Correct horse', 'correct horse ', 'correct']) {
      expect(await verifyPassword(wrong, hash)).toBe(false);
    }
  });

  test('is the same after it was written and read', async () => {
    const hash = await hashPassword('x', SALT, CHEAP);
    expect(parsePasswordHash(formatPasswordHash(hash))).toEqual(hash);
  });

  test('is that of RFC 7914 section 12', async () => {
    const { hash } = await hashPassword('pleaseletmein', Buffer.from('SodiumChloride'), { ln: 14, r: 8, p: 1 });
    expect(hash.toString('hex')).toBe('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2');
  });

  test('takes a letter with its accent apart for the same letter', async () => {
    const hash = await hashPassword('caf\u00e9', SALT, CHEAP);
    expect(await verifyPassword('cafe\u0301', hash)).toBe(true);
  });

  test('of nobody is none that a password was found for', async () => {
    expect(await verifyPassword('', hashOfNobody(CHEAP))).toBe(false);
  });
});

describe('what is read', () => {
  test.each([
    { text: `$scrypt$ln=15,r=8,p=1${REST}`, sound: true },
    { text: `$scrypt$ln=17,r=8,p=1${REST}`, sound: true },
    { text: `$scrypt$ln=18,r=8,p=1${REST}`, sound: false },
    { text: `$scrypt$ln=99,r=99,p=99${REST}`, sound: false },
    { text: `$scrypt$ln=0,r=8,p=1${REST}`, sound: false },
    { text: `$scrypt$ln=4,r=8,p=17${REST}`, sound: false },
    { text: `$scrypt$ln=4,r=8${REST}`, sound: false },
    { text: '$scrypt$ln=4,r=8,p=1$YSBzYWx0IGZvciB0ZXN0cw$AAAA', sound: false },
    { text: '$scrypt$ln=4,r=8,p=1$YQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', sound: false },
    { text: '$2b$12$abcdefghijklmnopqrstuv', sound: false },
    { text: 'correct horse', sound: false },
    { text: '', sound: false },
  ])('$text: $sound', ({ text, sound }) => {
    expect(parsePasswordHash(text) !== null).toBe(sound);
  });

  test('the usual cost is affordable', () => {
    expect(parsePasswordHash(formatPasswordHash(hashOfNobody(USUAL_COST)))).not.toBeNull();
  });
});
