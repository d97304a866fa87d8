/** `match:` as people write it, and the conditions that it means. */
import { size, z } from '../../core/index.ts';
import { glob } from './glob.ts';
import type { FieldCondition, MailCondition, PartCondition, ValuePattern } from './rule.ts';
import { some } from './some.ts';
import { fieldName, typePattern } from './written-text.ts';

const valuePattern = z
  .union([
    z.string(),
    z.strictObject({
      contains: z
        .string()
        .min(1)
        .meta({ description: 'Text in the value, whatever its case.', examples: ['lottery'] }),
    }),
    z.strictObject({ equals: z.string().meta({ description: 'The exact value.', examples: ['present'] }) }),
  ])
  .meta({
    description: 'present, absent, { contains: text } whatever its case, or the exact value.',
    examples: ['present', { contains: 'lottery' }],
  })
  .transform((written): ValuePattern => {
    if (written === 'present' || written === 'absent') return { kind: written };
    if (typeof written === 'string') return { kind: 'equals', text: written };
    return 'contains' in written
      ? { kind: 'contains', text: written.contains }
      : { kind: 'equals', text: written.equals };
  });

const header = z
  .record(fieldName, some(valuePattern))
  .transform((written): readonly FieldCondition[] =>
    Object.entries(written).map(([field, patterns]) => ({ field, patterns })),
  );

const factValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** "Over" and "under" leave the named value out; the condition has both ends in. */
function bounds<S extends z.ZodType<number>>(value: S) {
  return z
    .strictObject({
      over: value.optional().meta({ description: 'More than this.', examples: [3] }),
      under: value.optional().meta({ description: 'Less than this.', examples: [10] }),
    })
    .refine(({ over, under }) => over !== undefined || under !== undefined, 'over, under or both are expected')
    .transform(({ over, under }) => ({
      atLeast: over === undefined ? 0 : over + 1,
      atMost: under === undefined ? Number.MAX_SAFE_INTEGER : under - 1,
    }));
}

const token = z
  .string()
  .regex(/^[!-~]+$/, 'is no token')
  .transform(text => text.toLowerCase());

const partKeys = {
  type: some(typePattern)
    .optional()
    .meta({
      description:
        'Media types; * and ? stand for any characters. Only what names multipart or message means parts made of parts.',
      examples: ['application/x-msdownload', ['image/*', 'video/*']],
    }),
  name: z
    .union([z.boolean(), some(z.string().min(1))])
    .optional()
    .meta({
      description:
        'File names, decoded, whatever their case; * and ? stand for any characters. true: any, false: none.',
      examples: [['*.exe', '*.scr'], true],
    }),
  disposition: some(token)
    .optional()
    .meta({
      description: 'attachment, inline, or none where the part says nothing.',
      examples: ['attachment'],
    }),
  size: bounds(size())
    .optional()
    .meta({
      description: 'How large the part is when decoded: over, under or both.',
      examples: [{ over: '10 MiB' }],
    }),
  charset: some(token)
    .optional()
    .meta({
      description: 'Charsets as the part names them, or none.',
      examples: ['iso-8859-1'],
    }),
  depth: bounds(z.int().min(0))
    .optional()
    .meta({
      description: 'How deep the part lies: the mail itself is 0, its parts are 1.',
      examples: [{ over: 3 }],
    }),
  within: some(typePattern)
    .optional()
    .meta({
      description: 'Media types of parts around it, at any distance.',
      examples: ['message/rfc822'],
    }),
  partHeader: header.optional().meta({
    description: 'Fields of the header of the part, which must all be so.',
    examples: [{ 'Content-ID': 'absent' }],
  }),
};

const negated = z.strictObject(partKeys).transform((written, context) => {
  const conditions = partConditions(written);
  if (conditions.length > 0 || context.issues.length > 0) return conditions;
  context.issues.push({ code: 'custom', message: 'says nothing: name what the part must not be', input: written });
  return z.NEVER;
});

/** What `match:` means. */
export interface Match {
  readonly mail: MailCondition;
  readonly parts: readonly PartCondition[] | null;
}

export const match = z
  .strictObject({
    header: header.optional().meta({
      description: 'Header fields of the mail by name, which must all be so.',
      examples: [{ 'List-Id': 'present' }],
    }),
    facts: z
      .record(z.string(), some(factValue))
      .optional()
      .meta({ description: 'What plugins above have noted.', examples: [{ pgp: ['bad', 'revoked'] }] }),
    ...partKeys,
    not: negated
      .optional()
      .meta({ description: 'What the part must not be.', examples: [{ type: ['application/pdf', 'image/*'] }] }),
  })
  .transform(({ header, facts, not, ...written }): Match => {
    const conditions = partConditions(written);
    if (not !== undefined) conditions.push({ kind: 'not', of: not });
    const stated = Object.entries(facts ?? {}).map(([name, values]) => ({ name, values }));
    return {
      mail: { fields: header ?? [], facts: stated },
      parts: conditions.length === 0 ? null : conditions,
    };
  });

type PartKeys = { readonly [K in keyof typeof partKeys]?: z.output<(typeof partKeys)[K]> };

function partConditions(written: PartKeys): PartCondition[] {
  const { type, name, disposition, size, charset, depth, within, partHeader } = written;
  const conditions: PartCondition[] = [];
  if (type !== undefined) {
    const composite = type.some(pattern => /^(?:multipart|message)\//.test(pattern));
    conditions.push({ kind: 'type', patterns: type.map(glob), composite });
  }
  if (typeof name === 'boolean') conditions.push({ kind: 'named', is: name });
  else if (name !== undefined) conditions.push({ kind: 'name', patterns: name.map(glob) });
  if (disposition !== undefined) conditions.push({ kind: 'disposition', kinds: disposition });
  if (charset !== undefined) conditions.push({ kind: 'charset', names: charset });
  if (depth !== undefined) conditions.push({ kind: 'depth', ...depth });
  if (within !== undefined) conditions.push({ kind: 'within', patterns: within.map(glob) });
  if (partHeader !== undefined) conditions.push({ kind: 'partHeader', fields: partHeader });
  // The dearest condition last: it is asked of what is left.
  if (size !== undefined) conditions.push({ kind: 'size', ...size });
  return conditions;
}
