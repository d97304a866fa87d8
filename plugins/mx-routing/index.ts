/** Routes a recipient to the hosts that DNS names for its domain: MX records, or the domain itself (RFC 5321 section 5). */
import { definePlugin, IDENTITY, ipAddress, RANDOM, RESOLVER, routeTo, z } from '../../core/index.ts';
import { exchangerOfLiteral, exchangersOf } from './exchangers.ts';
import { familyChoice } from './families.ts';
import { hostsOf, type Policy } from './hosts.ts';
import { ourselves } from './ourselves.ts';

const options = z
  .strictObject({
    transport: z
      .string()
      .min(1)
      .optional()
      .describe('The id of the transport to serve: recipients with another one are left alone, those without get it.')
      .meta({ examples: ['internet'] }),
    port: z.int().min(1).max(65535).default(25).describe('The port of every host found.'),
    addresses: familyChoice.default('any').describe('Which IP versions to use, and which of them first.'),
    privateAddresses: z
      .enum(['refuse', 'allow'])
      .default('refuse')
      .describe('Whether mail may go to private, local and reserved addresses. Allow it only where DNS is your own.'),
    limit: z.int().min(1).max(100).default(5).describe('How many addresses to try at most, over all hosts.'),
    ourAddresses: z
      .array(ipAddress())
      .prefault([])
      .describe('The IP addresses under which others reach this gateway, so that mail never loops back to it.')
      .meta({ examples: [['198.51.100.7', '2001:db8::7']] }),
  })
  .prefault({});

export default definePlugin({
  name: 'mx-routing',
  summary: 'Finds the hosts of a domain by its MX records',
  options,
  needs: { resolver: RESOLVER, random: RANDOM, identity: IDENTITY },
  create({ options, resolver, random, identity }) {
    const policy: Policy = {
      port: options.port,
      families: options.addresses,
      privateAddresses: options.privateAddresses,
      limit: options.limit,
      ourselves: ourselves([identity.hostname], options.ourAddresses),
    };
    return {
      async route({ recipient, transport: given }) {
        const transport = given ?? options.transport;
        if (transport === undefined || transport !== (options.transport ?? transport)) return;
        const { domain } = recipient.forwardPath;
        const exchangers = exchangerOfLiteral(domain) ?? (await exchangersOf(domain, resolver));
        if (exchangers.kind !== 'exchangers') return exchangers;
        const found = await hostsOf(exchangers, policy, { resolver, random });
        return found.kind === 'hosts' ? routeTo({ transport, hosts: found.hosts }) : found;
      },
    };
  },
});
