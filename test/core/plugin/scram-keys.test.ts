/** The keys of SCRAM: their text, their bounds, the passwords that they are of, and that nobody sees them. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  deriveScramKeys,
  formatScramKeys,
  matchesScramKeys,
  parseScramKeys,
  USUAL_ITERATIONS,
} from '../../../core/plugin/scram-keys.ts';

/** Of `pencil`, as RFC 7677 section 3 and PostgreSQL have it. */
const TEXT =
  'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');

test('keys are those of the usual text form', async () => {
  expect(formatScramKeys(await deriveScramKeys('pencil', SALT, 4096))).toBe(TEXT);
});

test('what was read is written as it was', () => {
  const keys = parseScramKeys(TEXT);
  if (keys === null) throw new Error('no keys');
  expect(keys).toMatchObject({ mechanism: 'SCRAM-SHA-256', iterations: 4096, salt: SALT.toString('base64') });
  expect(formatScramKeys(keys)).toBe(TEXT);
});

test('new keys cost more than the least that is allowed', async () => {
  expect((await deriveScramKeys('pencil', SALT)).iterations).toBe(USUAL_ITERATIONS);
  expect(USUAL_ITERATIONS).toBeGreaterThan(4096);
});

test('a password matches its own keys alone', async () => {
  const keys = await deriveScramKeys('pencil', SALT, 4096);
  expect(await matchesScramKeys('pencil', keys)).toBe(true);
  for (const wrong of ['', 'Pencil', 'pencil ', 'pen']) expect(await matchesScramKeys(wrong, keys)).toBe(false);
});

describe('SASLprep: these are one password', () => {
  test.each([
    { one: 'caf\u00e9', other: 'cafe\u0301' },
    { one: 'x\u00b2', other: 'x2' },
    { one: '\ufb01sh', other: 'fish' },
    { one: 'correct\u00a0horse', other: 'correct horse' },
    { one: 'I\u00adX', other: 'IX' },
  ])('$one and $other', async ({ one, other }) => {
    expect(await matchesScramKeys(one, await deriveScramKeys(other, SALT, 4096))).toBe(true);
  });
});

describe('what is read', () => {
  test.each([
    { what: 'another hash', text: TEXT.replace('256', '1'), sound: false },
    { what: 'too few iterations', text: TEXT.replace('4096', '4095'), sound: false },
    { what: 'as many as can be', text: TEXT.replace('4096', '1000000'), sound: true },
    { what: 'too many iterations', text: TEXT.replace('4096', '1000001'), sound: false },
    { what: 'a short salt', text: TEXT.replace('W22ZaJ0SNY7soEsUEjb6gQ==', 'W22Z'), sound: false },
    { what: 'a long salt', text: TEXT.replace('W22ZaJ0SNY7soEsUEjb6gQ==', 'A'.repeat(88)), sound: false },
    {
      what: 'a salt that is no base64',
      text: TEXT.replace('W22ZaJ0SNY7soEsUEjb6gQ==', 'W22ZaJ0SNY7soEsUEjb6g'),
      sound: false,
    },
    { what: 'a short stored key', text: TEXT.replace('WG5d8oPm3Ot', 'WG5d8oPm'), sound: false },
    { what: 'a short server key', text: TEXT.replace('wfPLwcE6nTW', 'wfPLwcE6'), sound: false },
    { what: 'something after it', text: `${TEXT} x`, sound: false },
    { what: 'a password', text: 'pencil', sound: false },
    { what: 'nothing', text: '', sound: false },
  ])('$what: $sound', ({ text, sound }) => {
    expect(parseScramKeys(text) !== null).toBe(sound);
  });
});

test('leak: keys show neither of them', async () => {
  const keys = await deriveScramKeys('pencil', SALT, 4096);
  const shown = `${inspect(keys, { depth: 9, showHidden: true })}${JSON.stringify(keys)}`;
  expect(shown).toContain('[secret]');
  expect(shown).not.toMatch(/WG5d8oPm3O|wfPLwcE6nT|pencil/);
});
