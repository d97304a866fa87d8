/** Writes what arrives into a journal, one line of JSON for each recipient. */
import { CLOCK, definePlugin, deliveredTo, FILES, formatMailbox, formatPath, path, reportAll, z } from 'mailframe';

export default definePlugin({
  name: 'my-plugin',
  summary: 'Delivers into a journal.',
  // A transport: routes name it. `to-hosts` would be one that needs hosts.
  delivers: 'here',
  // What `options:` may hold. `mailframe check` complains about all else, and editors show the descriptions.
  options: z.strictObject({
    file: path().describe('The journal. Made where it is missing.'),
  }),
  // The clock and the disk come as services, so that a test can put others in their place.
  needs: { clock: CLOCK, files: FILES },
  // Called once for each entry of `plugins:`. It must not act: that is what `start` is for.
  create({ options: { file }, clock, files }) {
    return {
      // One attempt for some recipients. Resolve when their mail is safe: the gateway forgets it then. Whoever is left out of
      // the report, and all of them where this throws, are tried again later.
      async deliver({ mail, recipients }) {
        const lines = recipients.map(({ forwardPath }) =>
          JSON.stringify({
            at: clock.now().toISOString(),
            id: mail.id,
            from: formatPath(mail.envelope.reversePath),
            to: formatMailbox(forwardPath),
            size: mail.content.size,
          }),
        );
        await files.append(file, Buffer.from(`${lines.join('\n')}\n`));
        return reportAll(recipients, deliveredTo(`journal ${file}`));
      },
    };
  },
});
