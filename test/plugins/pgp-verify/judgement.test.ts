/** The verdict on a mail: good for the whole alone, the worst part else, and the author's signature before others. */
import { describe, expect, test } from 'vitest';
import type { JudgedSignature, SignatureVerdict } from '../../../plugins/pgp-verify/judge-signature.ts';
import { type Finding, judgementOf } from '../../../plugins/pgp-verify/judgement.ts';

const by = (verdict: SignatureVerdict, ...userIds: readonly string[]): JudgedSignature => ({
  verdict,
  because: `it is ${verdict}`,
  keyId: 'F9D2C0B47760E951',
  fingerprint: null,
  origin: 'keyring',
  names: userIds.map(userId => ({ userId, belief: null })),
});
const signed = (whole: boolean, ...signatures: readonly JudgedSignature[]): Finding => ({
  kind: 'signed',
  at: '1',
  whole,
  signatures,
});
const encrypted: Finding = { kind: 'encrypted', at: '1', closed: 'not opened' };
const ANN = 'Ann <ann@example.test>';
const AUTHOR = { localPart: 'ann', domain: 'example.test' };

describe('the verdict', () => {
  test.each([
    { title: 'nothing found', findings: [], want: { verdict: 'none', coverage: 'none' } },
    { title: 'something encrypted', findings: [encrypted], want: { verdict: 'encrypted', encrypted: true } },
    {
      title: 'a good signature over all',
      findings: [signed(true, by('good'))],
      want: { verdict: 'good', coverage: 'whole' },
    },
    {
      title: 'a good signature over a part',
      findings: [signed(false, by('good'))],
      want: { verdict: 'partial', coverage: 'part' },
    },
    {
      title: 'two good parts',
      findings: [signed(false, by('good')), signed(false, by('good'))],
      want: { verdict: 'partial' },
    },
    {
      title: 'a bad part among good ones',
      findings: [signed(false, by('good')), signed(false, by('bad'))],
      want: { verdict: 'bad' },
    },
    {
      title: 'an unknown part among good ones',
      findings: [signed(false, by('good')), signed(false, by('unknown-key'))],
      want: { verdict: 'unknown-key', coverage: 'part' },
    },
    {
      title: 'something encrypted in a signed mail',
      findings: [signed(true, by('good')), encrypted],
      want: { verdict: 'good', encrypted: true },
    },
    {
      title: 'one good signature of two, the other unknown',
      findings: [signed(true, by('unknown-key'), by('good'))],
      want: { verdict: 'good' },
    },
    {
      title: 'one good signature of two, the other bad',
      findings: [signed(true, by('good'), by('bad'))],
      want: { verdict: 'bad' },
    },
    {
      title: 'a revoked and an unknown signature',
      findings: [signed(true, by('unknown-key'), by('revoked'))],
      want: { verdict: 'revoked' },
    },
  ])('$title', ({ findings, want }) => {
    expect(judgementOf(findings, AUTHOR)).toMatchObject(want);
  });
});

describe('the signer', () => {
  test.each([
    {
      title: 'the author, in any case of letters',
      signatures: [by('good', 'Ann <Ann@Example.TEST>')],
      want: { signer: { localPart: 'Ann', domain: 'example.test' }, aligned: true },
    },
    {
      title: 'the author by a second user id',
      signatures: [by('good', 'Boss <boss@example.test>', ANN)],
      want: { signer: { localPart: 'ann', domain: 'example.test' }, aligned: true },
    },
    {
      title: 'somebody else',
      signatures: [by('good', 'Eve <eve@example.test>')],
      want: { signer: { localPart: 'eve', domain: 'example.test' }, aligned: false },
    },
    {
      title: 'the author before another good one',
      signatures: [by('good', 'Eve <eve@example.test>'), by('good', ANN)],
      want: { signer: { localPart: 'ann', domain: 'example.test' }, aligned: true },
    },
    {
      title: 'nobody, where the signature is bad',
      signatures: [by('bad', ANN)],
      want: { signer: null, aligned: false },
    },
    {
      title: 'nobody, where the key was revoked',
      signatures: [by('revoked', ANN)],
      want: { signer: null, aligned: false },
    },
  ])('$title', ({ signatures, want }) => {
    expect(judgementOf([signed(true, ...signatures)], AUTHOR)).toMatchObject(want);
  });

  test.each([
    'ann@example.test <eve@example.test>',
    '<ann@example.test> <eve@example.test>',
    'Eve <eve@example.test> ann@example.test',
    '"ann@example.test" Eve',
    'ann@example.test\n<eve@example.test>',
    'ann@example.test (Eve)',
    '<ann@example.test>(<eve@example.test>)',
    '\u0430nn@example.test',
  ])('an ID trick does not make the author the signer: %j', userId => {
    expect(judgementOf([signed(true, by('good', userId))], AUTHOR).aligned).toBe(false);
  });

  test('an unclear author is nobody', () => {
    expect(judgementOf([signed(true, by('good', ANN))], null)).toMatchObject({
      signer: { localPart: 'ann', domain: 'example.test' },
      aligned: false,
    });
  });
});
