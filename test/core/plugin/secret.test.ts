/** A secret is never shown by accident. */
import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { secret } from '../../../core/plugin/option-types.ts';
import { Secret } from '../../../core/plugin/secret.ts';
import { validate } from '../../../core/plugin/validate.ts';

const VALUE = 'hunter2';
const kept = new Secret(VALUE);

test.each([
  { by: 'String', text: String(kept) },
  { by: 'join', text: [kept, kept].join() },
  { by: 'JSON', text: JSON.stringify({ password: kept }) },
  { by: 'inspect', text: inspect({ deep: { password: kept } }, { depth: 9, showHidden: true }) },
  { by: 'console.log', text: format('%s %o %j', kept, kept, kept) },
  { by: 'its keys', text: JSON.stringify([Object.keys(kept), Object.values(kept)]) },
  { by: 'an error', text: inspect(new Error('failed', { cause: kept })) },
])('leak by $by: a secret is not shown', ({ text }) => {
  expect(text).not.toContain(VALUE);
});

test('only reveal gives it away', () => {
  expect(kept.reveal()).toBe(VALUE);
});

test('leak by an option of the wrong type: a secret is refused where text is expected, and not quoted', async () => {
  const result = await validate(z.strictObject({ banner: z.string() }), { banner: kept });
  expect(result.kind).toBe('invalid');
  expect(inspect(result, { depth: 9 })).not.toContain(VALUE);
  expect(inspect(result, { depth: 9 })).toContain('a secret cannot stand here');
});

test.each([
  { written: kept, want: VALUE },
  { written: VALUE, want: VALUE },
  { written: 123456, want: '123456' },
])('an option that is a secret takes what the tags give', async ({ written, want }) => {
  const result = await validate(z.strictObject({ password: secret() }), { password: written });
  if (result.kind !== 'valid') throw new Error('refused');
  expect(result.value.password).toBeInstanceOf(Secret);
  expect(result.value.password.reveal()).toBe(want);
});

test.each([
  { written: undefined, want: 'is missing: a secret is expected: write !secret FILE or !env NAME' },
  { written: ['x'], want: 'a secret is expected: write !secret FILE or !env NAME' },
  { written: '', want: 'the secret is empty' },
])('what is no secret is refused', async ({ written, want }) => {
  const result = await validate(z.strictObject({ password: secret() }), { password: written });
  expect(result).toEqual({ kind: 'invalid', faults: [{ path: ['password'], at: 'value', message: want }] });
});
