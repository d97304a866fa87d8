/** `when:` as people write it, and the condition that it means. Several keys in one mapping must all hold. */
import { z } from 'zod';
import type { Condition, TextPattern } from '../mail/condition.ts';
import { addressPattern, cidr, size } from '../plugin/option-types.ts';

/** One value, or a list of them. */
function some<S extends z.ZodType>(one: S) {
  return z.union([one, z.array(one).min(1)]).transform(written => (Array.isArray(written) ? written : [written]));
}

const textPattern = z
  .union([z.string(), z.strictObject({ contains: z.string().min(1) }), z.strictObject({ equals: z.string() })])
  .meta({ description: 'present, { contains: text }, or the exact value.' })
  .transform((written): TextPattern => {
    if (written === 'present') return { kind: 'present' };
    if (typeof written === 'string') return { kind: 'equals', text: written };
    return 'contains' in written
      ? { kind: 'contains', text: written.contains }
      : { kind: 'equals', text: written.equals };
  });

/** RFC 5322 section 3.6.8. */
const fieldName = z.string().regex(/^[!-9;-~]+$/, 'is no name of a header field');

const bounds = z
  .strictObject({ over: size().optional(), under: size().optional() })
  .refine(({ over, under }) => over !== undefined || under !== undefined, 'over, under or both are expected');

const factValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** The schema of `when:`. */
export const conditionSchema: z.ZodType<Condition> = z
  .lazy(() => keys.transform(conditionOf))
  .meta({
    id: 'condition',
    description: 'Where it applies. Several keys must all hold; a list holds where one of its entries does.',
  });

const keys = z.strictObject({
  listener: some(z.string()).optional().meta({ description: 'Ids of listeners.' }),
  client: some(cidr()).optional().meta({ description: 'IP addresses and ranges of the client.' }),
  tls: z.boolean().optional().meta({ description: 'Whether the session is encrypted.' }),
  authenticated: z.boolean().optional().meta({ description: 'Whether the client has authenticated.' }),
  sender: some(addressPattern()).optional().meta({ description: 'The reverse-path; <> is the null one.' }),
  recipient: some(addressPattern()).optional().meta({ description: 'The forward-path, after aliases.' }),
  header: z.record(fieldName, some(textPattern)).optional().meta({ description: 'Header fields, by their name.' }),
  size: bounds.optional().meta({ description: 'The size of the content.' }),
  facts: z.record(z.string(), some(factValue)).optional().meta({ description: 'What plugins above have noted.' }),
  all: z.array(conditionSchema).min(1).optional().meta({ description: 'All of these hold.' }),
  any: z.array(conditionSchema).min(1).optional().meta({ description: 'At least one of these holds.' }),
  not: conditionSchema.optional(),
});

type Keys = z.output<typeof keys>;

function conditionOf(written: Keys, context: z.core.$RefinementCtx): Condition {
  const conditions = conditionsIn(written);
  const [first] = conditions;
  if (first !== undefined) return conditions.length === 1 ? first : { kind: 'all', of: conditions };
  // An unknown key has been complained about already, and was most likely meant to be a condition.
  if (context.issues.length > 0) return z.NEVER;
  context.issues.push({ code: 'custom', message: 'says nothing: leave it out, or name a condition', input: written });
  return z.NEVER;
}

function conditionsIn(written: Keys): readonly Condition[] {
  const { listener, client, tls, authenticated, sender, recipient, header, size, facts, all, any, not } = written;
  const conditions: Condition[] = [];
  if (listener !== undefined) conditions.push({ kind: 'listener', ids: listener });
  if (client !== undefined) conditions.push({ kind: 'client', ranges: client });
  if (tls !== undefined) conditions.push({ kind: 'tls', is: tls });
  if (authenticated !== undefined) conditions.push({ kind: 'authenticated', is: authenticated });
  if (sender !== undefined) conditions.push({ kind: 'sender', patterns: sender });
  if (recipient !== undefined) conditions.push({ kind: 'recipient', patterns: recipient });
  for (const [field, patterns] of Object.entries(header ?? {})) conditions.push({ kind: 'header', field, patterns });
  if (size !== undefined) conditions.push(sizeCondition(size));
  for (const [name, values] of Object.entries(facts ?? {})) conditions.push({ kind: 'fact', name, values });
  if (all !== undefined) conditions.push({ kind: 'all', of: all });
  if (any !== undefined) conditions.push({ kind: 'any', of: any });
  if (not !== undefined) conditions.push({ kind: 'not', of: not });
  return conditions;
}

/** "Over" and "under" leave the named size out; the condition has both ends in. */
function sizeCondition({ over, under }: z.output<typeof bounds>): Condition {
  return {
    kind: 'size',
    atLeast: over === undefined ? 0 : over + 1,
    atMost: under === undefined ? Number.MAX_SAFE_INTEGER : under - 1,
  };
}
