/** The options of relay-policy, and what a schema cannot see in them. */
import { cidr, domainName, type OptionComplaint, path, z } from '../../core/index.ts';
import { areEverybody, isEverybody } from './client-ranges.ts';
import { parseMailboxName } from './mailbox-list.ts';

/** An entry of a list of mailboxes. */
const mailboxName = z.string().transform((text, context) => {
  const name = parseMailboxName(text);
  if (name !== null) return name;
  context.issues.push({
    code: 'custom',
    message: 'a local part or an address is expected, such as "ann" or "ann@example.test"',
    input: text,
  });
  return z.NEVER;
});

export const OPTIONS = z.strictObject({
  localDomains: z
    .array(domainName())
    .default([])
    .meta({ description: 'Domains whose mailboxes are here.', examples: [['example.test']] }),
  relayDomains: z
    .array(domainName())
    .default([])
    .meta({
      description: 'Domains whose mail we take and pass on, as a backup MX does.',
      examples: [['partner.example']],
    }),
  relayFor: z
    .array(cidr())
    .default([])
    .meta({ description: 'Clients that may send to any domain.', examples: [['192.0.2.0/24', '2001:db8::/32']] }),
  authenticated: z
    .enum(['relay', 'none'])
    .default('relay')
    .meta({
      description: 'Whether a client that authenticated may send to any domain, or has no privilege.',
      examples: ['relay'],
    }),
  mailboxes: z
    .union([path(), z.array(mailboxName)])
    .optional()
    .meta({
      description: 'The mailboxes of the local domains: a list, or a file with one a line. Left out: any local part.',
      examples: ['./mailboxes', ['ann', 'bob@example.test']],
    }),
  recipientDelimiter: z
    .enum(['+', '-', '=', '_', '#', '~'])
    .optional()
    .meta({
      description: 'What separates user and extension, so that ann+lists is in the list as ann.',
      examples: ['+'],
    }),
});

export type Options = z.output<typeof OPTIONS>;

/** Options that contradict each other or open the gate to everybody. */
export function contradictions(options: Options): readonly OptionComplaint[] {
  const { localDomains, relayDomains, relayFor, mailboxes } = options;
  const complaints: OptionComplaint[] = [];
  for (const [index, domain] of relayDomains.entries()) {
    if (!localDomains.includes(domain)) continue;
    complaints.push({
      path: ['relayDomains', index],
      message: `${domain} is a local domain already: its mail stays here or is passed on, not both`,
    });
  }
  for (const [index, range] of relayFor.entries()) {
    if (!isEverybody(range)) continue;
    complaints.push({
      path: ['relayFor', index],
      message: `${range} is everybody: this would be an open relay; name the networks of your own clients`,
    });
  }
  if (!relayFor.some(isEverybody) && areEverybody(relayFor)) {
    complaints.push({
      path: ['relayFor'],
      message: 'these are everybody together: this would be an open relay; name the networks of your own clients',
    });
  }
  for (const [index, { domain }] of (typeof mailboxes === 'object' ? mailboxes : []).entries()) {
    if (domain === null || localDomains.includes(domain)) continue;
    complaints.push({ path: ['mailboxes', index], message: `${domain} is not among the localDomains` });
  }
  return complaints;
}
