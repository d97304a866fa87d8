/** The options: where the store is, and how it is talked to. */
import { hostPort, path, z } from '../../core/index.ts';
import { EXPOSED_PASSWORD, exposesPassword, sessionOptions, tlsOption } from '../../core/next-hop/index.ts';

/** RFC 2033 section 5: LMTP is not spoken on the port of SMTP. */
const PORT_OF_SMTP = 25;

const host = hostPort().refine(
  ({ port }) => port !== PORT_OF_SMTP,
  'say the port of LMTP, as in mail.example.test:24; on port 25 SMTP is spoken (RFC 2033 section 5)',
);

const EXAMPLE_SOCKET = '/run/dovecot/lmtp';

export const options = z
  .strictObject({
    socket: path()
      .optional()
      .describe('The Unix socket of a store on this machine.')
      .meta({ examples: [EXAMPLE_SOCKET] }),
    hosts: z
      .array(host)
      .min(1)
      .optional()
      .describe(
        'The store over TCP. The first one that can be reached gets the mail: all of them must lead to the same mailboxes.',
      )
      .meta({ examples: [['[192.0.2.20]:24']] }),
    fields: z
      .enum(['none', 'delivery'])
      .default('none')
      .describe(
        'none: the mail as it is, for a store that writes Return-Path itself; delivery: Return-Path, Delivered-To and the like on top, one transaction a recipient, and mail that loops is refused.',
      ),
    tls: tlsOption.optional(),
    ...sessionOptions,
  })
  .superRefine(({ socket, hosts, tls, auth }, context) => {
    const complain = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (socket === undefined && hosts === undefined) {
      complain('socket', `is missing, and hosts too: say where the store is, such as ${EXAMPLE_SOCKET}`);
    }
    if (socket !== undefined && hosts !== undefined) complain('hosts', 'the socket says where the store is already');
    if (socket !== undefined && tls !== undefined) complain('tls', 'there is no TLS on a socket: leave it out');
    if (hosts !== undefined && exposesPassword({ auth, tls: tls ?? 'opportunistic' })) {
      context.addIssue({ code: 'custom', ...EXPOSED_PASSWORD });
    }
  });
