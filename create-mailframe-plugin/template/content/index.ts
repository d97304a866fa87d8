/** Puts a field on top of the header of mail that does not have it. */
import { applyEdits, definePlugin, prependField, readHeader, rewrite, z } from 'mailframe';

export default definePlugin({
  name: 'my-plugin',
  summary: 'Adds a field to the header.',
  // What `options:` may hold. `mailframe check` complains about all else, and editors show the descriptions.
  options: z.strictObject({
    field: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'a name of a header field is expected, such as "X-Seen"')
      .default('X-Seen')
      .describe('The name of the field.'),
    value: z
      .string()
      .regex(/^[ -~]+$/, 'one line of ASCII is expected')
      .describe('What stands in it.'),
  }),
  // Called once for each entry of `plugins:`. It must not act: that is what `start` is for.
  create({ options: { field, value } }) {
    return {
      // Asked once the content is there. The plugins below see what this one makes of it.
      async data({ mail }) {
        const header = await readHeader(mail.content);
        if (header.kind === 'too-large') return;
        const isThere = header.block.fields.some(({ name }) => name.toLowerCase() === field.toLowerCase());
        if (isThere) return;
        // Every octet that no edit names stays as it is. `breaks` would name the signatures that no longer hold.
        const content = applyEdits(mail.content, [prependField(header.block, field, value)]);
        return rewrite(content, [{ what: `added ${field}`, breaks: [] }]);
      },
    };
  },
});
