/** What was found out about a mail stands beside the part that it is about. */
import { expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import type { TraceStep } from '../../../core/mail/trace.ts';
import { readMessage } from '../../../core/reading/read-message.ts';
import { verdictsOf } from '../../../core/reading/verdicts.ts';

const SIGNED = [
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=s',
  '',
  '--s',
  '',
  'Pay ann',
  '--s',
  'Content-Type: application/pgp-signature',
  '',
  'iQ==',
  '--s--',
  '--m--',
].join('\r\n');

function step(plugin: string, about: Partial<TraceStep>): TraceStep {
  return {
    at: 0,
    hook: 'data',
    plugin,
    mode: 'enforce',
    asked: '',
    answer: 'note',
    detail: null,
    took: 0,
    changes: [],
    facts: {},
    ...about,
  };
}

const message = await readMessage(contentOf(SIGNED));
const one = (facts: Parameters<typeof verdictsOf>[0], trace: readonly TraceStep[] = []) =>
  verdictsOf(facts, trace, message)[0];

test('facts of one name are one verdict, beside the one signature that it can mean', () => {
  const facts = { pgp: 'good', 'pgp.aligned': true, 'pgp.coverage': 'whole', 'pgp.signer': 'ann@example.test' };
  expect(one(facts, [step('verify', { facts })])).toMatchObject({
    name: 'pgp',
    value: 'good',
    tone: 'good',
    path: '1',
    by: 'verify',
    text: 'a good signature, by ann@example.test',
    changedSince: [],
  });
});

test('threat: a good signature by somebody who is not the author is not shown as good', () => {
  const verdict = one({ pgp: 'good', 'pgp.aligned': false, 'pgp.signer': 'eve@evil.test' });
  expect(verdict).toMatchObject({ tone: 'neutral' });
  expect(verdict?.text).toContain('who is NOT the author');
});

test('threat: a good signature over a part alone is not shown as good', () => {
  expect(one({ pgp: 'good', 'pgp.coverage': 'part' })).toMatchObject({ tone: 'neutral' });
});

test('what changed the mail after the verdict is said with it, and what it breaks', () => {
  const facts = { pgp: 'good' };
  const changes = [{ what: 'put a footer in', breaks: ['OpenPGP (part 1)'] }];
  expect(
    one(facts, [step('early', { changes }), step('verify', { facts }), step('footer', { changes })]),
  ).toMatchObject({
    changedSince: ['footer put a footer in, which breaks OpenPGP (part 1)'],
  });
});

test('facts of other plugins are shown as they are', () => {
  expect(one({ virus: 'clean', 'virus.engine': 'x' })).toMatchObject({
    text: 'clean, engine x',
    tone: 'neutral',
    path: null,
  });
});
