/** What zod finds wrong, in sentences that a person can act on. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { duration } from '../../../core/plugin/option-types.ts';
import { validate } from '../../../core/plugin/validate.ts';

const rule = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('drop') }),
  z.strictObject({ do: z.literal('retype'), to: z.string().min(1) }),
]);

const schema = z.strictObject({
  name: z.string().min(1).optional(),
  count: z.int().min(1).max(9).optional(),
  ratio: z.number().gt(0).lt(1).optional(),
  mode: z.enum(['reject', 'normalize']).optional(),
  tags: z.array(z.string()).min(1).max(2).optional(),
  rules: z.array(rule).optional(),
  limit: z.literal('off').or(duration()).optional(),
  some: z.union([z.string(), z.array(z.strictObject({ a: z.string() }))]).optional(),
  table: z.record(z.string().regex(/^[a-z]+$/, 'lower case is expected'), z.boolean()).optional(),
  even: z.number().multipleOf(2).optional(),
  mail: z.email().optional(),
  custom: z
    .string()
    .refine(text => text === 'x', 'must be x')
    .optional(),
});

test.each([
  { written: { name: 1 }, want: ['name: text is expected, but this is a number: put it in quotes'] },
  { written: { name: true }, want: ['name: text is expected, but this is true or false: put it in quotes'] },
  { written: { name: '' }, want: ['name: must not be empty'] },
  { written: { name: null }, want: ['name: is empty: text is expected'] },
  { written: { name: ['x'] }, want: ['name: text is expected, but this is a list'] },
  { written: { count: '1' }, want: ['count: a number is expected, but this is text'] },
  { written: { count: 1.5 }, want: ['count: a whole number is expected, but this is a fraction'] },
  { written: { count: 10 }, want: ['count: must be at most 9'] },
  { written: { count: 0 }, want: ['count: must be at least 1'] },
  { written: { ratio: 0 }, want: ['ratio: must be more than 0'] },
  { written: { ratio: 1 }, want: ['ratio: must be less than 1'] },
  { written: { even: 3 }, want: ['even: must be a multiple of 2'] },
  { written: { mode: 'rejct' }, want: ['mode: "reject" or "normalize" is expected; did you mean "reject"?'] },
  { written: { mode: 'off' }, want: ['mode: "reject" or "normalize" is expected'] },
  { written: { tags: [] }, want: ['tags: at least one entry is expected'] },
  { written: { tags: ['a', 'b', 'c'] }, want: ['tags: must have at most 2 entries'] },
  { written: { tags: 'a' }, want: ['tags: a list is expected, but this is text'] },
  { written: { rules: [{ do: 'drp' }] }, want: ['rules.0.do: "drop" or "retype" is expected; did you mean "drop"?'] },
  { written: { rules: [{}] }, want: ['rules.0.do: is missing: "drop" or "retype" is expected'] },
  { written: { rules: [{ do: 'retype' }] }, want: ['rules.0.to: is missing: text is expected'] },
  { written: { limit: 'of' }, want: ['limit: "off" is expected; did you mean "off"?'] },
  { written: { limit: '5 parsecs' }, want: [expect.stringMatching(/^limit: a duration with its unit is expected/)] },
  { written: { limit: 5 }, want: ['limit: text or "off" is expected, but this is a number'] },
  { written: { some: 5 }, want: ['some: text or a list is expected, but this is a number'] },
  { written: { some: [{ a: 1 }] }, want: ['some.0.a: text is expected, but this is a number: put it in quotes'] },
  { written: { table: { A: true } }, want: ['table.A (key): lower case is expected'] },
  { written: { table: { a: 1 } }, want: ['table.a: true or false is expected, but this is a number'] },
  { written: { mail: 'x' }, want: ['mail: Invalid email address'] },
  { written: { custom: 'y' }, want: ['custom: must be x'] },
  { written: { nmae: 'x' }, want: ['nmae (key): unknown key; did you mean "name"?'] },
  {
    written: { some: [{ a: 'x', zz: 1 }] },
    want: ['some.0.zz (key): unknown key; known here: a'],
  },
  {
    written: { count: 0, nmae: 'x', mode: 'x' },
    want: [
      'count: must be at least 1',
      'mode: "reject" or "normalize" is expected',
      'nmae (key): unknown key; did you mean "name"?',
    ],
  },
  { written: null, want: [': is empty: a mapping is expected'] },
  { written: [], want: [': a mapping is expected, but this is a list'] },
])('$written', async ({ written, want }) => {
  const result = await validate(schema, written);
  const faults = result.kind === 'valid' ? [] : result.faults;
  expect(faults.map(({ path, at, message }) => `${path.join('.')}${at === 'key' ? ' (key)' : ''}: ${message}`)).toEqual(
    want,
  );
});

test('a sound value is given as its schema made it', async () => {
  const trimmed = z.strictObject({ name: z.string().transform(text => text.trim()), count: z.int().default(3) });
  expect(await validate(trimmed, { name: ' x ' })).toEqual({ kind: 'valid', value: { name: 'x', count: 3 } });
});

test('a schema that looks something up is waited for', async () => {
  const slow = z.string().refine(text => Promise.resolve(text === 'x'), 'must be x');
  expect(await validate(slow, 'x')).toEqual({ kind: 'valid', value: 'x' });
  expect(await validate(slow, 'y')).toMatchObject({ kind: 'invalid', faults: [{ message: 'must be x' }] });
});
