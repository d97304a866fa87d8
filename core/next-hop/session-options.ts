/** Options of every plugin that talks to next hops: how sessions with them are opened, kept and given up. */
import { z } from 'zod';
import { domainName, duration, path, secret } from '../plugin/option-types.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Files } from '../plugin/ports.ts';

const HOUR = 3_600_000;
const limit = (standard: string) => duration({ min: 1, max: HOUR }).prefault(standard);

/** To be spread into a `z.strictObject`. */
export const sessionOptions = {
  hostname: domainName()
    .optional()
    .describe('Our name in the greeting. The hostname of the configuration where it is missing.'),
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
  chunking: z
    .enum(['never', 'offered'])
    .default('never')
    .describe('offered: content goes by BDAT, in chunks, where the next hop offers CHUNKING.'),
  authorities: path()
    .optional()
    .describe('A PEM file of the certification authorities to trust, for tls: verified.')
    .meta({ examples: ['./tls/our-ca.pem'] }),
  auth: z
    .strictObject({
      user: z
        .string()
        .min(1)
        .describe('The name of the gateway there.')
        .meta({ examples: ['gateway'] }),
      password: secret(),
    })
    .optional()
    .describe('How to log in at the next hop.'),
  timeouts: z
    .strictObject({
      connect: limit('30 s').describe('For the connection.'),
      greeting: limit('5 min').describe('Until the session is ready: greeting, EHLO or LHLO, STARTTLS.'),
      reply: limit('5 min').describe('For the reply to a command.'),
      content: limit('3 min').describe('For each piece of content.'),
      end: limit('10 min').describe('For the reply to the final dot.'),
    })
    .prefault({})
    .describe('How long to wait for a next hop (RFC 5321 section 4.5.3.2).'),
};

/** How far TLS is insisted on, whatever else demands it. */
export const tlsOption = z
  .enum(['off', 'opportunistic', 'required', 'verified'])
  .describe(
    'off: never; opportunistic: where it works; required: or no delivery; verified: with a valid certificate too.',
  );

/** What the options say, once they were read. */
export type SessionOptions = z.output<z.ZodObject<typeof sessionOptions>>;

/** Whether a password may leave in the clear without anybody having said so. */
export function exposesPassword({ auth, tls }: { readonly auth?: unknown; readonly tls: string }): boolean {
  return auth !== undefined && tls === 'opportunistic';
}

/** What is wrong with options that expose a password, and what to do. */
export const EXPOSED_PASSWORD = {
  path: ['tls'],
  message: 'with auth, say tls: verified or required; opportunistic TLS may send the password in the clear',
};

/** Looks for the files that the options name. */
export async function checkSessionOptions(
  { authorities }: Pick<SessionOptions, 'authorities'>,
  files: Files,
): Promise<readonly OptionComplaint[]> {
  if (authorities === undefined || (await files.facts(authorities)) !== null) return [];
  return [{ path: ['authorities'], message: `${files.resolve(authorities)} does not exist` }];
}
