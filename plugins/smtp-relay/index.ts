/** Relays mail to other hosts by SMTP: to the mail exchangers of a domain, or to a smarthost. */
import { definePlugin, report, z } from '../../core/index.ts';
import {
  checkSessionOptions,
  EXPOSED_PASSWORD,
  exposesPassword,
  NEXT_HOP_NEEDS,
  NextHops,
  sessionOptions,
  tlsOption,
} from '../../core/next-hop/index.ts';

const options = z
  .strictObject({
    ...sessionOptions,
    tls: tlsOption.default('opportunistic'),
    tlsRequiredNo: z
      .enum(['honour', 'ignore'])
      .default('honour')
      .describe('Mail with the field "TLS-Required: No": honour: as tls: opportunistic; ignore: as tls says.'),
    protocol: z
      .enum(['smtp', 'lmtp'])
      .default('smtp')
      .describe('lmtp: to a mailbox store that speaks it; a reply for each recipient.'),
  })
  .refine(written => !exposesPassword(written), EXPOSED_PASSWORD)
  .prefault({});

export default definePlugin({
  name: 'smtp-relay',
  summary: 'Relays mail to other hosts by SMTP',
  options,
  delivers: 'to-hosts',
  needs: NEXT_HOP_NEEDS,
  check: ({ options: written, files }) => checkSessionOptions(written, files),
  create({ options: written, ...services }) {
    const nextHops = new NextHops(written, services);
    return {
      start: () => nextHops.start(),
      deliver: ({ mail, recipients, hosts }, context) =>
        nextHops.relay({ mail, recipients, hops: hosts }, context).then(report),
      preview: ({ mail, recipients, hosts }) => nextHops.preview({ mail, recipients, hops: hosts }),
      close: () => nextHops.close(),
    };
  },
});
