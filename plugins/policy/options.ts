/** The options of policy: what to do, and what to say about it. */
import { z } from '../../core/index.ts';

/** Fields of that name that a mail brings are removed, so it must be none that mail needs. */
const FIELD_NAME = /^X-[A-Za-z0-9-]{1,70}$/i;
const ONE_LINE = /^[\x20-\x7e]+$/;

const reason = z
  .string()
  .min(1)
  .describe('Why, for those who run the gateway: it stands in the log, the trace and the list of held mail.')
  .meta({ examples: ['signed by an unknown key'] });

const text = z
  .string()
  .regex(ONE_LINE, 'one line of printable ASCII is expected')
  .describe('What the client hears, and the sender reads.')
  .meta({ examples: ['This address takes only mail with a valid OpenPGP signature'] });

const tag = z.strictObject({
  do: z.literal('tag').describe('Adds a header field.'),
  field: z
    .string()
    .regex(FIELD_NAME, 'a name that starts with "X-" is expected, such as "X-Policy"')
    .describe('The name of the field. Fields of that name that a mail brings are removed.')
    .meta({ examples: ['X-Policy'] }),
  value: z
    .string()
    .regex(/^[^\r\n\0]+$/, 'one line of text is expected')
    .describe('What the field says.')
    .meta({ examples: ['bad signature'] }),
});

/** What the plugin is told to do. */
export const OPTIONS = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('hold').describe('Keeps the mail until somebody releases it.'), reason }),
  z.strictObject({ do: z.literal('reject').describe('Refuses it with 550 5.7.1.'), text, reason: reason.optional() }),
  z.strictObject({ do: z.literal('defer').describe('Refuses it with 451 4.7.1.'), text, reason: reason.optional() }),
  z.strictObject({ do: z.literal('discard').describe('Says 250 and throws it away.'), reason }),
  tag,
]);

export type Tag = z.output<typeof tag>;
