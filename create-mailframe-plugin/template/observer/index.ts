/** Counts what becomes of mail, domain by domain, and says it in the log when the gateway ends. */
import { definePlugin, LOG, z } from 'mailframe';

type Count = Record<'delivered' | 'deferred' | 'bounced', number>;

export default definePlugin({
  name: 'my-plugin',
  summary: 'Counts what becomes of mail.',
  // What `options:` may hold. `mailframe check` complains about all else, and editors show the descriptions.
  options: z.strictObject({
    most: z.int().min(1).default(1000).describe('So many domains are counted. Strangers choose their names.'),
  }),
  needs: { log: LOG },
  // Called once for each entry of `plugins:`. It must not act: that is what `start` is for.
  create({ options: { most }, log }) {
    const counts = new Map<string, Count>();
    const count = (domain: string, what: keyof Count) => {
      const one = counts.get(domain) ?? { delivered: 0, deferred: 0, bounced: 0 };
      one[what]++;
      if (counts.has(domain) || counts.size < most) counts.set(domain, one);
    };
    return {
      // An observer is told what happened, and cannot change it. What it throws is logged and does no harm.
      observe: {
        delivered: ({ recipient }) => count(recipient.forwardPath.domain, 'delivered'),
        deferred: ({ recipient }) => count(recipient.forwardPath.domain, 'deferred'),
        bounced: ({ recipient }) => count(recipient.forwardPath.domain, 'bounced'),
      },
      close() {
        for (const [domain, numbers] of counts) log.info('counted', { domain, ...numbers });
      },
    };
  },
});
