/** The field that tells the verdict, and the fields that only pretend to be it. */
import { describe, expect, test } from 'vitest';
import { claimsToBeOurs, resultsValue } from '../../../plugins/pgp-verify/authentication-results.ts';
import { judgementOf, unchecked, VERDICTS } from '../../../plugins/pgp-verify/judgement.ts';

const ANN = { localPart: 'ann', domain: 'example.test' };
const FINGERPRINT = '4AB46E3CB1D1B1D4F3C1B5D1F9D2C0B47760E951';
const signature = (more: object = {}) => ({
  verdict: 'good' as const,
  because: 'the signature is good',
  keyId: 'F9D2C0B47760E951',
  fingerprint: FINGERPRINT,
  origin: 'keyring' as const,
  names: [{ userId: 'Ann <ann@example.test>', belief: null }],
  ...more,
});

describe('the value of the field', () => {
  test.each([
    {
      title: 'a good signature of the author',
      judgement: judgementOf([{ kind: 'signed', at: '1', whole: true, signatures: [signature()] }], ANN),
      want: `x-pgp=pass reason="the signature is good" policy.verdict=good policy.aligned=yes policy.source=keyring body.key=F9D2C0B47760E951 body.fingerprint=${FINGERPRINT} body.signer=ann@example.test`,
    },
    {
      title: 'a good signature of somebody else',
      judgement: judgementOf([{ kind: 'signed', at: '1', whole: true, signatures: [signature()] }], {
        localPart: 'bob',
        domain: 'example.test',
      }),
      want: `x-pgp=pass reason="the signature is good" policy.verdict=good policy.aligned=no policy.source=keyring body.key=F9D2C0B47760E951 body.fingerprint=${FINGERPRINT} body.signer=ann@example.test`,
    },
    {
      title: 'no signature',
      judgement: judgementOf([], ANN),
      want: 'x-pgp=none reason="it is not signed" policy.verdict=none',
    },
    {
      title: 'words that need quotation',
      judgement: unchecked('more than "50" \\ MiB'),
      want: 'x-pgp=neutral reason="more than \\"50\\" \\\\ MiB" policy.verdict=unchecked',
    },
  ])('$title', ({ judgement, want }) => {
    expect(resultsValue('mx.example.test', judgement)).toBe(`mx.example.test; ${want}`);
  });

  test('a signer whose address is not ASCII is left out', () => {
    const judgement = judgementOf(
      [
        {
          kind: 'signed',
          at: '1',
          whole: true,
          signatures: [signature({ names: [{ userId: '<\u00e4nn@example.test>', belief: null }] })],
        },
      ],
      null,
    );
    expect(judgement.signer?.localPart).toBe('\u00e4nn');
    expect(resultsValue('mx.example.test', judgement)).not.toContain('body.signer');
  });

  test('"pass" is said of a good verdict alone', () => {
    const passing = VERDICTS.filter(verdict =>
      resultsValue('x', { ...judgementOf([], null), verdict }).includes('x-pgp=pass'),
    );
    expect(passing).toEqual(['good']);
  });
});

describe('forged results: a field claims to be ours', () => {
  test.each([
    { value: 'mx.example.test; x-pgp=pass', want: true },
    { value: 'MX.Example.TEST;x-pgp=pass', want: true },
    { value: 'mx.example.test. ; x-pgp=pass', want: true },
    { value: 'mx.example.test 1; x-pgp=pass', want: true },
    { value: '(a (nested) \\) comment) mx.example.test(1); x-pgp=pass', want: true },
    { value: '"mx.example.test"; x-pgp=pass', want: true },
    { value: '"mx\\.example.test"; x-pgp=pass', want: true },
    { value: 'mx.example.test', want: true },
    { value: '(an open comment mx.example.test; x-pgp=pass', want: true },
    { value: '; mx.example.test; x-pgp=pass', want: true },
    { value: 'mx.other.test; x-pgp=pass', want: false },
    { value: 'mx.other.test; x-pgp=pass reason="mx.example.test"', want: false },
    { value: 'amx.example.test; x-pgp=pass', want: false },
    { value: 'mx.example.test.evil.test; x-pgp=pass', want: false },
    { value: '', want: false },
  ])('$value', ({ value, want }) => {
    expect(claimsToBeOurs(value, 'mx.example.test')).toBe(want);
  });
});
