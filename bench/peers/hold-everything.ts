/** A plugin that leaves every mail in the queue: what acceptance costs by itself. */
import { definePlugin, hold, z } from '../../core/index.ts';

export default definePlugin({
  name: 'hold-everything',
  summary: 'Leaves every mail in the queue',
  options: z.strictObject({}).prefault({}),
  create: () => ({ queue: () => hold('acceptance is measured') }),
});
