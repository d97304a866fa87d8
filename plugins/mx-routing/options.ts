/** What the configuration may say to mx-routing. */
import { duration, ipAddress, path, z } from '../../core/index.ts';
import { familyChoice } from './families.ts';

const MINUTE = 60_000;

const sts = z
  .union([
    z.literal('off'),
    z.strictObject({
      directory: path()
        .default('./var/mta-sts')
        .describe('Where policies are kept, a file for each domain.')
        .meta({ examples: ['./var/mta-sts'] }),
      timeout: duration({ min: 100, max: MINUTE }).prefault('10 s').describe('How long fetching one may take.'),
      authorities: path()
        .optional()
        .describe('A PEM file of certification authorities to trust beside those of Node.')
        .meta({ examples: ['./ca.pem'] }),
    }),
  ])
  .prefault({})
  .describe('MTA-STS: the policies of domains are fetched and kept to. off: they are not asked for.');

export const options = z
  .strictObject({
    transport: z
      .string()
      .optional()
      .describe('The transport to serve: recipients with another one are left alone, those without get it.')
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
    dane: z
      .enum(['on', 'off'])
      .default('on')
      .describe('DANE: what TLSA records demand is demanded, where resolver.dnssec says that answers can be trusted.'),
    sts,
  })
  .prefault({});

export type Options = z.output<typeof options>;
