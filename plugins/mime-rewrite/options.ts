/** How rules are written in the configuration. */
import { z } from '../../core/index.ts';
import type { Action, FieldCondition, Rule, ValuePattern } from './rule.ts';

/** RFC 5322 section 3.6.8; with its colon it must fit a line. */
const fieldName = z
  .string()
  .regex(/^[!-9;-~]{1,77}$/, 'is no name of a header field')
  .meta({ description: 'The name of a header field.', examples: ['X-Scanned'] });

/** One line: whatever it holds, it can end neither its field nor the header. */
const fieldValue = z
  .string()
  .regex(
    /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/,
    'holds a line end or another control character: a value is one line of text',
  )
  .refine(text => text.isWellFormed(), 'is not well-formed Unicode')
  .meta({ description: 'The value, one line. It is folded and encoded as need be.', examples: ['yes'] });

/** One value, or a list of them. */
function some<S extends z.ZodType>(one: S) {
  return z.union([one, z.array(one).min(1)]).transform(written => (Array.isArray(written) ? written : [written]));
}

const valuePattern = z
  .union([z.string(), z.strictObject({ contains: z.string().min(1) }), z.strictObject({ equals: z.string() })])
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

const match = z
  .strictObject({
    header: z
      .record(fieldName, some(valuePattern))
      .optional()
      .meta({ description: 'Header fields by name, which must all be so.', examples: [{ 'List-Id': 'present' }] }),
  })
  .transform(({ header }): readonly FieldCondition[] =>
    Object.entries(header ?? {}).map(([field, patterns]) => ({ field, patterns })),
  );

const ONE_ACTION =
  'one action is expected: add, replace, remove, rename or subjectTag; others start a new entry of the list';

const action = z
  .strictObject(
    {
      add: z
        .strictObject({
          field: fieldName,
          value: fieldValue,
          at: z.enum(['top', 'bottom']).default('top').meta({ description: 'Above all fields, or below them.' }),
        })
        .optional()
        .meta({ description: 'Adds a field.', examples: [{ field: 'X-Scanned', value: 'yes' }] }),
      replace: z
        .strictObject({ field: fieldName, value: fieldValue })
        .optional()
        .meta({
          description: 'Gives a field another value where it stands. Does nothing where it is missing.',
          examples: [{ field: 'Reply-To', value: 'desk@example.test' }],
        }),
      remove: some(fieldName)
        .optional()
        .meta({ description: 'Removes all fields of a name; X-Spam-* is all that begin so.', examples: ['X-Spam-*'] }),
      rename: z
        .strictObject({ from: fieldName, to: fieldName })
        .optional()
        .meta({ description: 'Renames a field.', examples: [{ from: 'X-Spam', to: 'X-Old-Spam' }] }),
      subjectTag: fieldValue
        .max(60)
        .refine(text => text.trim() !== '', 'is empty')
        .optional()
        .meta({ description: 'Stands before the subject, once.', examples: ['[ext] '] }),
    },
    { error: issue => (issue.code === 'invalid_type' ? ONE_ACTION : undefined) },
  )
  .transform((written, context): Action => {
    if (Object.values(written).filter(value => value !== undefined).length !== 1) {
      // An unknown key has been complained about already, and was most likely meant to be an action.
      if (context.issues.length === 0) context.issues.push({ code: 'custom', message: ONE_ACTION, input: written });
      return z.NEVER;
    }
    const { add, replace, remove, rename, subjectTag } = written;
    if (add !== undefined) return { kind: 'add', ...add };
    if (replace !== undefined) return { kind: 'replace', ...replace };
    if (remove !== undefined) return { kind: 'remove', fields: remove };
    if (rename !== undefined) return { kind: 'rename', ...rename };
    return { kind: 'subjectTag', tag: subjectTag ?? '' };
  });

const rule = z.strictObject({
  name: z
    .string()
    .optional()
    .meta({ description: 'What the log and the trace call it. Left out: its number.', examples: ['mark strangers'] }),
  match: match.optional().meta({ description: 'Which mails are meant. Left out: every mail.' }),
  do: some(action).meta({ description: 'What is done, in this order.' }),
  signed: z.enum(['edit', 'skip', 'refuse']).default('edit').meta({
    description: 'Where a signature would break: edit all the same, leave the mail as it is, or refuse the mail.',
  }),
});

export const OPTIONS = z.strictObject({
  rules: z
    .array(rule)
    .min(1)
    .meta({ description: 'The rules. Each sees what those above it have done.' })
    .transform(rules =>
      rules.map(
        ({ name, match, do: actions, signed }, index): Rule => ({
          name: name ?? `rule ${index + 1}`,
          conditions: match ?? [],
          actions,
          signed,
        }),
      ),
    ),
});
