/** Refuses local parts that can be pronounced. */
import { definePlugin, domainName, reject, z } from 'mailframe';

export default definePlugin({
  name: 'no-vowels',
  options: z.strictObject({ domain: domainName() }),
  create: ({ options }) => ({
    rcpt({ recipient: { forwardPath } }) {
      if (forwardPath.domain !== options.domain) return;
      if (/[aeiou]/i.test(forwardPath.localPart)) return reject(550, '5.1.1', 'No such mailbox: too easy to say');
    },
  }),
});
