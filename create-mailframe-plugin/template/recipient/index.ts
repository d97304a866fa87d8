/** Refuses mail for mailboxes that are closed, with a sentence for the sender. */
import { definePlugin, formatMailbox, mailbox, reject, z } from 'mailframe';

export default definePlugin({
  name: 'my-plugin',
  summary: 'Refuses mail for mailboxes that are closed.',
  // What `options:` may hold. `mailframe check` complains about all else, and editors show the descriptions.
  options: z.strictObject({
    closed: z.array(mailbox()).min(1).describe('Mailboxes that take no mail any more.'),
    text: z.string().min(1).default('This mailbox is closed').describe('What the sender is told.'),
  }),
  // Called once for each entry of `plugins:`. It must not act: that is what `start` is for.
  create({ options }) {
    const closed = new Set(options.closed.map(formatMailbox));
    return {
      // Asked for each RCPT. To return nothing is to have no opinion: then other plugins decide.
      rcpt({ recipient: { forwardPath } }) {
        if (closed.has(formatMailbox(forwardPath))) return reject(550, '5.2.1', options.text);
      },
    };
  },
});
