/** Says in the log which calls of the plugins below take long. */
import { CLOCK, definePlugin, duration, z } from 'mailframe';

export default definePlugin({
  name: 'my-plugin',
  summary: 'Logs calls that take long.',
  // What `options:` may hold. `mailframe check` complains about all else, and editors show the descriptions.
  options: z.strictObject({
    limit: duration().default(1000).describe('From when on a call is slow.'),
  }),
  // The clock comes as a service, so that a test can put another in its place.
  needs: { clock: CLOCK },
  // Called once for each entry of `plugins:`. It must not act: that is what `start` is for.
  create({ options: { limit }, clock }) {
    return {
      // Wraps the calls of all plugins listed below this one. `surrounds: ['deliver']` beside it would leave the others alone.
      async around(call, next) {
        const started = clock.monotonic();
        // Once at most. At `deliver`, and there alone, another delivery may be passed on.
        const answer = await next();
        const took = clock.monotonic() - started;
        if (took >= limit) call.context.log.warn('slow', { plugin: call.plugin, hook: call.hook, took });
        return answer;
      },
    };
  },
});
