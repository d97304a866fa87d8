/** How rules are written in the configuration. */
import { size, TREE_LIMITS, z } from '../../core/index.ts';
import { NEED_PARTS } from './action.ts';
import { actions } from './action-schema.ts';
import { match } from './match-schema.ts';
import type { Rule } from './rule.ts';

const MIB = 1024 * 1024;

const signed = z.union([
  z.enum(['edit', 'skip', 'refuse']),
  z.strictObject({
    wrap: z.enum(['mixed', 'message']).meta({
      description: 'mixed: signed parts keep their octets. message: the whole mail does, DKIM signatures and all.',
    }),
  }),
]);

const rule = z
  .strictObject({
    name: z
      .string()
      .optional()
      .meta({ description: 'What the log and the trace call it. Left out: its number.', examples: ['mark strangers'] }),
    match: match
      .optional()
      .meta({ description: 'Which mails and which of their parts are meant. Left out: every mail.' }),
    do: actions.meta({ description: 'What is done, in this order.', examples: [{ remove: 'X-Spam-*' }] }),
    signed: signed.default('edit').meta({
      description:
        'Where a signature would break: edit all the same, skip the rule, refuse the mail, or wrap the mail first.',
      examples: ['skip', { wrap: 'mixed' }],
    }),
  })
  .transform((written, context) => {
    const needing = written.do.find(({ kind }) => NEED_PARTS.has(kind));
    if (needing !== undefined && (written.match?.parts ?? null) === null) {
      context.issues.push({
        code: 'custom',
        path: ['do'],
        message: `${needing.kind} needs to know which parts: say so in match, by type, name, disposition, size or the like`,
        input: written.do,
      });
    }
    return written;
  });

export const OPTIONS = z.strictObject({
  rules: z
    .array(rule)
    .min(1)
    .meta({
      description: 'The rules. Each sees what those above it have done.',
      examples: [[{ match: { name: '*.exe' }, do: { drop: {} } }]],
    })
    .transform(rules =>
      rules.map(
        ({ name, match, do: actions, signed }, index): Rule => ({
          name: name ?? `rule ${index + 1}`,
          mail: match?.mail ?? { fields: [], facts: [] },
          parts: match?.parts ?? null,
          actions,
          signed: typeof signed === 'string' ? signed : `wrap-${signed.wrap}`,
        }),
      ),
    ),
  largestEdit: size({ min: 1024, max: 256 * MIB })
    .default(4 * MIB)
    .meta({
      description:
        'A part that is changed inside is held in memory up to this size; a larger one is left, and the log says so.',
      examples: ['4 MiB'],
    }),
  tooComplex: z.enum(['reject', 'hold', 'pass']).default('reject').meta({
    description: 'What becomes of a mail with too many parts, or nested too deep, that a rule would look into.',
  }),
  limits: z
    .strictObject({
      parts: z.int().min(1).max(TREE_LIMITS.parts).default(TREE_LIMITS.parts).meta({ description: 'Parts of a mail.' }),
      depth: z.int().min(1).max(TREE_LIMITS.depth).default(TREE_LIMITS.depth).meta({ description: 'Parts in parts.' }),
    })
    .prefault({})
    .meta({ description: 'Beyond these a mail is too complex.', examples: [{ parts: 1000, depth: 20 }] }),
});
