/** Refuses what its `when:` lets through to it. */
import { definePlugin, reject, z } from 'mailframe';

export default definePlugin({
  name: 'refuse',
  options: z.strictObject({ text: z.string() }),
  create: ({ options }) => ({ data: () => reject(550, '5.7.1', options.text) }),
});
