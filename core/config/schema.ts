/**
 * The schema of the configuration file: every key, its default, and the sentence that editors show for it.
 *
 * The defaults stand here and nowhere else.
 */
import { z } from 'zod';
import { parseIpAddress } from '../mail/ip-address.ts';
import { MECHANISMS } from '../mail/mechanism.ts';
import { cidr, domainName, duration, ipAddress, LONGEST_TIMER, path, size } from '../plugin/option-types.ts';
import { described } from './described.ts';
import { limitsSchema } from './limits-schema.ts';
import { queueSchema } from './queue-schema.ts';
import { routeSchema } from './route-schema.ts';
import { conditionSchema } from './when.ts';

const id = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a name is expected: letters, digits, dots, hyphens and underscores');

const cert = () => described(path(), 'PEM file: the certificate, then those that lead to a root.');
const key = () => described(path(), 'PEM file: the private key.');

const tls = z.strictObject({
  mode: described(
    z.enum(['starttls', 'implicit']).default('starttls'),
    'starttls: the client asks for TLS. implicit: TLS from the first octet.',
  ),
  cert: cert(),
  key: key(),
  minVersion: described(z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'), 'The oldest version of TLS that is spoken.'),
  more: described(
    z.array(z.strictObject({ cert: cert(), key: key() })).default([]),
    'Certificates for other names. A client is shown the first one for the name that it asks for, or else the first.',
  ),
  clients: described(
    z
      .strictObject({
        authorities: described(path(), 'PEM file: the certificates that those of clients must lead to.'),
        certificate: described(
          z.enum(['optional', 'required']).default('optional'),
          'required: without a certificate that leads there no mail is taken.',
        ),
      })
      .optional(),
    'Ask clients for a certificate. Default: nobody is asked.',
  ),
});

const trust = z.strictObject({
  proxy: described(z.array(cidr()).default([]), 'These must begin with a PROXY header, version 1 or 2.'),
  xclient: described(z.array(cidr()).default([]), 'These may say XCLIENT: who the client is that they speak for.'),
  xforward: described(z.array(cidr()).default([]), 'These may say XFORWARD: for the log and for plugins.'),
});

export const listenerSchema = z.strictObject({
  id: described(id(), 'The name for conditions and the log.'),
  protocol: described(
    z.enum(['smtp', 'lmtp']).default('smtp'),
    'lmtp: LHLO in place of EHLO, and one reply a recipient.',
  ),
  address: described(ipAddress().prefault('127.0.0.1'), 'The IP address to listen on. 0.0.0.0 or "::": all.'),
  port: described(z.int().min(0).max(65535), 'The port to listen on. 0: any free one.'),
  role: described(
    z.enum(['inbound', 'submission']).optional(),
    'submission: for our own users. Default: submission where auth is required, else inbound.',
  ),
  maxSize: described(size({ min: 1 }).prefault('25 MiB'), 'The largest content that is taken.'),
  bareNewline: described(
    z.enum(['reject', 'normalize']).default('reject'),
    'CR or LF alone, and NUL: refuse the mail, or normalize it.',
  ),
  binaryMime: described(
    z.enum(['off', 'encode']).default('off'),
    'Binary content by BDAT: refuse it, or take it and put its binary parts into base64.',
  ),
  tls: described(tls.optional(), 'The certificate. Without one there is no TLS.'),
  auth: described(z.enum(['off', 'optional', 'required']).default('off'), 'Whether clients may or must authenticate.'),
  mechanisms: described(
    z.array(z.enum(MECHANISMS)).min(1).default(['PLAIN', 'LOGIN']),
    'The mechanisms of AUTH that are offered.',
  ),
  allowPlaintextAuth: described(z.boolean().default(false), 'Allow passwords to cross the network unencrypted.'),
  lookups: described(z.array(cidr()).default([]), 'Clients who may ask VRFY and EXPN. Default: nobody.'),
  trust: described(trust.prefault({}), 'Machines in front of this one whose word about the client is taken.'),
  raisePriority: described(
    z.enum(['nobody', 'users', 'all']).default('users'),
    'Who may ask for more than the usual priority (MT-PRIORITY).',
  ),
  mixed: described(
    z.enum(['auto', 'one-group', 'notify']).default('auto'),
    'Recipients that meet different plugins at data: one group a transaction, or all at once with notifications.',
  ),
  limits: described(limitsSchema.prefault({}), 'What clients may have and do.'),
});

const DNS_SERVER = 'a DNS server is expected, such as "127.0.0.1", "127.0.0.1:5353" or "[::1]:53"';

/** Servers, an IPv6 address in brackets, each with its port. */
const dnsServer = z
  .string({ error: DNS_SERVER })
  .meta({ examples: ['127.0.0.1:5353'] })
  .transform((text, context): string => {
    const [, six, four, port = '53'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
    const address = parseIpAddress(six ?? four ?? text);
    if (address !== null && Number(port) >= 1 && Number(port) <= 65535) {
      return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    }
    context.issues.push({ code: 'custom', message: DNS_SERVER, input: text });
    return z.NEVER;
  });

export const pluginSchema = z.strictObject({
  use: described(
    z.string().min(1),
    'A built-in plugin, the name of an npm package (mailframe-plugin-NAME), or a file: ./filters/mine.ts.',
  ),
  as: described(id().optional(), 'The name for routes, the log and the trace. Default: the name in use.'),
  options: described(z.unknown().optional(), 'What the plugin itself knows.'),
  when: conditionSchema.optional(),
  mode: described(
    z.enum(['enforce', 'shadow']).default('enforce'),
    'shadow: it is asked, its answer is recorded, and nothing comes of it.',
  ),
  onError: described(
    z.enum(['defer', 'reject', 'ignore']).default('defer'),
    'What becomes of a call that fails or is late.',
  ),
  deadline: described(duration({ min: 1, max: LONGEST_TIMER }).optional(), 'How long each call of it may take.'),
});

/** The whole file. */
export const fileSchema = z
  .strictObject({
    hostname: described(
      domainName(),
      'The full name of this machine: in the greeting, in Received and in notifications.',
    ),
    listeners: described(z.array(listenerSchema).min(1), 'Where clients may come.'),
    queue: described(queueSchema, 'The mail that is accepted and not yet delivered.'),
    resolver: described(
      z
        .strictObject({
          servers: described(z.array(dnsServer).default([]), 'Default: those of the system.'),
          dnssec: described(
            z.enum(['ignored', 'trusted']).default('ignored'),
            'trusted: the servers validate DNSSEC, and nobody can change what they say on its way. DANE needs that.',
          ),
        })
        .prefault({}),
      'DNS.',
    ),
    tlsReports: described(
      z
        .union([
          z.literal('off'),
          z.strictObject({
            directory: described(path().prefault('./var/tlsrpt'), 'Where the counts lie, a file for each day.'),
            keep: described(duration({ min: 86_400_000 }).prefault('30 days'), 'How long they are kept.'),
            organization: described(z.string().min(1).optional(), 'Who reports. Default: the hostname.'),
            contact: described(z.string().min(1).optional(), 'How to reach them. Default: postmaster@hostname.'),
          }),
        ])
        .prefault({}),
      'What became of TLS with domains that have a policy, counted for reports to them (RFC 8460).',
    ),
    deadline: described(
      duration({ min: 1, max: LONGEST_TIMER }).prefault('30 s'),
      'How long one call of a plugin may take.',
    ),
    deliveryDeadline: described(
      duration({ min: 1, max: LONGEST_TIMER }).prefault('10 min'),
      'How long one delivery attempt may take.',
    ),
    log: described(
      z
        .strictObject({
          level: described(z.enum(['debug', 'info', 'warn', 'error']).default('info'), 'The least that is logged.'),
          format: described(
            z.enum(['auto', 'json', 'human']).default('auto'),
            'auto: for people on a terminal, JSON lines elsewhere.',
          ),
        })
        .prefault({}),
      'The log, on standard output.',
    ),
    reload: described(
      z.enum(['manual', 'watch']).default('manual'),
      'When a running gateway reads this file again: when somebody says so, or by itself when its files have changed.',
    ),
    plugins: described(z.array(pluginSchema).min(1), 'The order of this list is the order of every chain.'),
    routes: described(
      z.array(routeSchema).default([]),
      'Asked for each recipient on every attempt. The first that matches decides.',
    ),
  })
  .meta({ description: 'The configuration of a mail gateway.' });
