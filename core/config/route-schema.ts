/** The schema of one route: which mail it is for, and where that goes. */
import { z } from 'zod';
import { formatAddressPattern } from '../mail/address-pattern.ts';
import { parseDomain } from '../mail/domain.ts';
import type { Host } from '../mail/route.ts';
import { TLS_LEVELS } from '../mail/tls-demand.ts';
import { addressPattern, domainName, hostPort } from '../plugin/option-types.ts';
import { described } from './described.ts';
import { routeRetry } from './queue-schema.ts';
import { conditionSchema } from './when.ts';

const oneHost = z.union([
  hostPort(),
  z
    .strictObject({
      host: described(hostPort(), 'The host.'),
      weight: described(z.int().min(1).max(1000).default(1), 'Its share of the load.'),
    })
    .transform(({ host, weight }): Host => ({ ...host, weight })),
]);

/** What stands in one inner list shares the load, and has the same preference. */
const hosts = z
  .array(z.union([oneHost, z.array(oneHost).min(1)]))
  .min(1)
  .transform(written =>
    written.flatMap((level, preference) => [level].flat().map((host): Host => ({ ...host, preference }))),
  );

const certificateName = z
  .string()
  .refine(name => parseDomain(name.replace(/^\./, '')) === name.replace(/^\./, ''), {
    error: 'a domain name is expected, such as "mail.example.test", or ".example.test" for its subdomains',
  })
  .meta({ examples: ['.example.test'] });

const tls = z.union([
  z.enum(TLS_LEVELS).transform(level => ({ level, names: [] as readonly string[] })),
  z.strictObject({
    level: described(z.enum(['verify']), 'How far TLS is insisted on.'),
    names: described(z.array(certificateName).min(1), 'The certificate must be for one of them.'),
  }),
]);

/** Where mail goes. */
const destination = {
  hosts: described(
    hosts.optional(),
    'Where to, in the order to try; an inner list shares the load. Default: a plugin finds out.',
  ),
  exchangersOf: described(domainName().optional(), "The domain whose hosts take it. Default: the recipient's."),
  tls: described(tls.optional(), 'What TLS its hosts must speak. Default: as DANE, MTA-STS and the transport have it.'),
};

const contradiction = {
  path: ['exchangersOf'],
  error: 'hosts are named already: leave one of both out',
};

const entry = z.union([
  oneHost.transform(host => ({ hosts: [host] as readonly Host[] })),
  hosts.transform(list => ({ hosts: list as readonly Host[] })),
  z
    .strictObject({ deliver: described(z.string().min(1).optional(), 'Another transport.'), ...destination })
    .refine(({ hosts, exchangersOf }) => hosts === undefined || exchangersOf === undefined, contradiction),
]);

/** Address patterns in their canonical form. */
const mapKey = addressPattern().transform(formatAddressPattern);

export const routeSchema = z
  .strictObject({
    when: conditionSchema.optional(),
    map: described(
      z.record(mapKey, entry).optional(),
      'Hosts by address: a mailbox, "@domain", "@.domain" for its subdomains, or "*". The most specific one holds.',
    ),
    by: described(z.enum(['recipient', 'sender']).default('recipient'), 'Whose address the map is asked for.'),
    deliver: described(z.string().min(1), 'The name of the plugin that delivers.'),
    ...destination,
    retry: described(routeRetry.optional(), 'When this mail is tried again, as far as it differs from queue.retry.'),
  })
  .refine(({ hosts, exchangersOf }) => hosts === undefined || exchangersOf === undefined, contradiction);
