/** Relays mail to other hosts by SMTP: to the mail exchangers of a domain, or to a smarthost. */
import {
  CLOCK,
  definePlugin,
  domainName,
  duration,
  FILES,
  IDENTITY,
  NETWORK,
  path,
  RESOLVER,
  report,
  secret,
  TLS_REPORTS,
  z,
} from '../../core/index.ts';
import type { Policy } from './dial.ts';
import { Pool } from './pool.ts';
import { relay } from './relay.ts';

const HOUR = 3_600_000;
const limit = (standard: string) => duration({ min: 1, max: HOUR }).prefault(standard);

const options = z
  .strictObject({
    hostname: domainName()
      .optional()
      .describe('Our name for EHLO. The hostname of the configuration where it is missing.'),
    tls: z
      .enum(['off', 'opportunistic', 'required', 'verified'])
      .default('opportunistic')
      .describe(
        'off: never; opportunistic: where it works; required: or no delivery; verified: with a valid certificate too.',
      ),
    tlsRequiredNo: z
      .enum(['honour', 'ignore'])
      .default('honour')
      .describe('Mail with the field "TLS-Required: No": honour: as tls: opportunistic; ignore: as tls says.'),
    chunking: z
      .enum(['never', 'offered'])
      .default('never')
      .describe('offered: content goes by BDAT, in chunks, where the next hop offers CHUNKING.'),
    protocol: z
      .enum(['smtp', 'lmtp'])
      .default('smtp')
      .describe('lmtp: to a mailbox store that speaks it; a reply for each recipient.'),
    recipients: z
      .int()
      .min(1)
      .max(10_000)
      .default(100)
      .describe('In one transaction, at most; more follow in the next one (RFC 5321 section 4.5.3.1.8).'),
    connections: z.int().min(1).max(10_000).default(20).describe('To one address at the same time, at most.'),
    reuse: z
      .union([
        z.literal('off'),
        z.strictObject({
          idle: limit('5 s').describe('How long a session is kept without work.'),
          transactions: z.int().min(1).max(1_000_000).default(100).describe('So many at most in one session.'),
          age: limit('5 min').describe('No mail is begun in a session that was opened so long ago.'),
        }),
      ])
      .prefault({})
      .describe('Sessions are kept for the next mail; off: a session for each mail.'),
    authorities: path().optional().describe('A PEM file of the certification authorities to trust, for tls: verified.'),
    auth: z
      .strictObject({ user: z.string().min(1), password: secret() })
      .optional()
      .describe('How to log in at a smarthost.'),
    timeouts: z
      .strictObject({
        connect: limit('30 s').describe('For the connection.'),
        greeting: limit('5 min').describe('Until the session is ready: greeting, EHLO, STARTTLS.'),
        reply: limit('5 min').describe('For the reply to a command.'),
        content: limit('3 min').describe('For each piece of content.'),
        end: limit('10 min').describe('For the reply to the final dot.'),
      })
      .prefault({})
      .describe('How long to wait for a next hop (RFC 5321 section 4.5.3.2).'),
  })
  .refine(({ auth, tls }) => auth === undefined || tls !== 'opportunistic', {
    path: ['tls'],
    message: 'with auth, say tls: verified or required; opportunistic TLS may send the password in the clear',
  })
  .prefault({});

export default definePlugin({
  name: 'smtp-relay',
  summary: 'Relays mail to other hosts by SMTP',
  options,
  delivers: 'to-hosts',
  needs: {
    network: NETWORK,
    resolver: RESOLVER,
    clock: CLOCK,
    files: FILES,
    identity: IDENTITY,
    reports: TLS_REPORTS,
  },
  async check({ options: { authorities }, files }) {
    if (authorities === undefined || (await files.facts(authorities)) !== null) return [];
    return [{ path: ['authorities'], message: `${files.resolve(authorities)} does not exist` }];
  },
  create({ options, network, resolver, clock, files, identity, reports }) {
    const { connect, ...limits } = options.timeouts;
    const pool = new Pool({ connections: options.connections, reuse: options.reuse }, clock);
    let authorities: string | null = null;
    const policy = (): Policy => ({
      hello: options.hostname ?? identity.hostname,
      tls: options.tls,
      demands: 'kept',
      tlsRequiredNo: options.tlsRequiredNo,
      protocol: options.protocol,
      chunking: options.chunking,
      recipients: options.recipients,
      authorities,
      auth: options.auth ?? null,
      connectTimeout: connect,
      limits,
    });
    return {
      async start() {
        if (options.authorities !== undefined) authorities = (await files.read(options.authorities)).toString();
      },
      async deliver(delivery, { signal, log }) {
        return report(await relay(delivery, policy(), { network, resolver, clock, pool, log, reports }, signal));
      },
      close: () => pool.close(),
    };
  },
});
