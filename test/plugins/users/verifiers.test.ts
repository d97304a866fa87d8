/** What a password is checked against: each kind alone, all together, and what keeps the time of the check the same. */
import { describe, expect, test } from 'vitest';
import { deriveScramKeys, formatScramKeys, Secret } from '../../../core/index.ts';
import { formatPasswordHash, hashPassword, USUAL_COST } from '../../../plugins/users/password-hash.ts';
import {
  formatVerifiers,
  NO_VERIFIERS,
  parseVerifiers,
  type Verifiers,
  verifiersOfNobody,
  verify,
} from '../../../plugins/users/verifiers.ts';

const SALT = Buffer.from('a salt for tests');
const CHEAP = { ln: 4, r: 8, p: 1 };

const hash = await hashPassword('correct horse', SALT, CHEAP);
const scram = await deriveScramKeys('correct horse', SALT, 4096);
const password = new Secret('correct horse');
const HASH = formatPasswordHash(hash);
const SCRAM = formatScramKeys(scram);
const PLAIN = 'CRAM-MD5$Y29ycmVjdCBob3JzZQ==';

const KINDS: readonly (Verifiers & { readonly what: string; readonly text: string })[] = [
  { ...NO_VERIFIERS, what: 'a hash', hash, text: HASH },
  { ...NO_VERIFIERS, what: 'SCRAM keys', scram, text: SCRAM },
  { ...NO_VERIFIERS, what: 'a password', password, text: PLAIN },
  { what: 'all of them', hash, scram, password, text: `${HASH} ${SCRAM} ${PLAIN}` },
];

test.each(KINDS)('$what: takes the right password and no other', async verifiers => {
  expect(await verify('correct horse', verifiers)).toBe(true);
  for (const wrong of ['', 'correct horse ', 'Correct horse', 'battery']) {
    expect(await verify(wrong, verifiers)).toBe(false);
  }
});

test.each(KINDS)('$what: is read as it was written', ({ text, hash, scram, password }) => {
  expect(formatVerifiers({ hash, scram, password })).toBe(text);
  const read = parseVerifiers(text);
  expect(read.kind === 'verifiers' && formatVerifiers(read.verifiers)).toBe(text);
});

test.each([
  { text: `${SCRAM}  ${HASH}\t${PLAIN}`, want: 'verifiers' },
  { text: '', want: 'malformed' },
  { text: 'correct horse', want: 'malformed' },
  { text: `${HASH} x`, want: 'malformed' },
  { text: SCRAM.replace('4096', '16'), want: 'malformed' },
  { text: 'CRAM-MD5$', want: 'malformed' },
  { text: 'CRAM-MD5$correct horse', want: 'malformed' },
  { text: `${HASH} ${HASH}`, want: 'double' },
  { text: `${SCRAM} ${HASH} ${SCRAM}`, want: 'double' },
  { text: `${PLAIN} ${PLAIN}`, want: 'double' },
])('$text: $want', ({ text, want }) => {
  expect(parseVerifiers(text).kind).toBe(want);
});

describe('user enumeration: what stands in for a user whom nobody knows', () => {
  test.each(KINDS)('$what: takes no password', async verifiers => {
    expect(await verify('correct horse', verifiersOfNobody(verifiers))).toBe(false);
    expect(await verify('', verifiersOfNobody(verifiers))).toBe(false);
  });

  test('a user of whom the password itself is stored is not known by a quick answer', async () => {
    const took = async (verifiers: Verifiers) => {
      const began = performance.now();
      await verify('battery', verifiers);
      return performance.now() - began;
    };
    const known: Verifiers = { ...NO_VERIFIERS, password };
    expect(await took(known)).toBeGreaterThan((await took(verifiersOfNobody(known))) / 10);
  });

  test('costs what is checked first of a user', () => {
    expect(verifiersOfNobody({ hash, scram, password })).toMatchObject({ hash: { cost: CHEAP }, scram: null });
    expect(verifiersOfNobody({ hash: null, scram, password })).toMatchObject({
      hash: null,
      scram: { iterations: 4096 },
    });
    expect(verifiersOfNobody({ hash: null, scram: null, password })).toMatchObject({ hash: { cost: USUAL_COST } });
  });
});
