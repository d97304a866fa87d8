/** Holds what its `when:` lets through to it. */
import { definePlugin, hold, z } from 'mailframe';

export default definePlugin({
  name: 'hold',
  options: z.strictObject({ reason: z.string() }),
  create: ({ options }) => ({ data: () => hold(options.reason) }),
});
