/** The options of sender-rewriting. */
import { domainName, duration, secret, tableSetting, z } from '../../core/index.ts';

const DAY = 24 * 60 * 60 * 1000;

const srs = z
  .strictObject({
    domain: domainName().meta({
      description: 'The domain of rewritten senders. Its mail comes here.',
      examples: ['example.test'],
    }),
    secrets: z
      .array(secret())
      .min(1)
      .meta({
        description: 'Secrets, each as !secret FILE. The first one signs; the others are believed still.',
        examples: [['!secret ./srs.key']],
      }),
    localDomains: z
      .array(domainName())
      .default([])
      .meta({ description: 'More domains whose senders are ours and stay as they are.', examples: [['example.org']] }),
    separator: z
      .enum(['=', '+', '-'])
      .default('=')
      .meta({ description: 'What follows SRS0 and SRS1.', examples: ['+'] }),
    hashLength: z
      .int()
      .min(4)
      .max(27)
      .default(4)
      .meta({ description: 'The length of the hash, in characters of 6 bits.', examples: [8] }),
    maxAge: duration({ min: DAY, max: 365 * DAY })
      .default(21 * DAY)
      .meta({ description: 'How long bounces are led back.', examples: ['21 days'] }),
  })
  .meta({ description: 'Rewrites the senders of forwarded mail (Sender Rewriting Scheme).' });

export const OPTIONS = z
  .strictObject({
    canonical: tableSetting()
      .optional()
      .meta({
        description: 'Which address stands for which: in the reverse-path, and in the header fields.',
        examples: [{ map: { 'ann@host.internal': 'ann.smith@example.test' } }],
      }),
    masquerade: z
      .strictObject({
        domains: z
          .array(domainName())
          .min(1)
          .meta({ description: 'Hosts below these domains become the domain.', examples: [['example.test']] }),
        except: z
          .array(z.string().min(1))
          .default([])
          .meta({ description: 'Names that keep their host.', examples: [['root']] }),
      })
      .optional()
      .meta({ description: 'Hides the hosts of a domain: ann@host.example.test is ann@example.test.' }),
    headers: z
      .array(z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'the name of a header field is expected'))
      .default(['From', 'Sender', 'Reply-To'])
      .meta({ description: 'The header fields in which addresses are rewritten.', examples: [['From', 'Sender']] }),
    signed: z
      .enum(['rewrite', 'leave'])
      .default('leave')
      .meta({ description: 'What is done with a header whose signature that would break.', examples: ['rewrite'] }),
    srs: srs.optional(),
  })
  .refine(
    ({ canonical, masquerade, srs: forwards }) =>
      canonical !== undefined || masquerade !== undefined || forwards !== undefined,
    {
      error: 'nothing is rewritten: say what under "canonical", "masquerade" or "srs"',
    },
  );

export type Options = z.output<typeof OPTIONS>;
