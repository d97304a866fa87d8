/** The options of pgp-encrypt. */
import { domainName, duration, LONGEST_TIMER, path, secret, size, z } from '../../core/index.ts';

const FIELDS = ['Subject', 'From', 'To', 'Cc', 'Date', 'Message-ID'];
const FINGERPRINT = z
  .string()
  .regex(/^[0-9A-Fa-f]{40}(?:[0-9A-Fa-f]{24})?$/, 'a fingerprint of 40 or 64 hexadecimal digits is expected');

/** What the configuration may say. */
export const OPTIONS = z.strictObject({
  keyring: path()
    .describe(
      'A folder whose files *.asc, *.gpg, *.pgp and *.kbx are public keys, or one such file. Read again when it changes.',
    )
    .meta({ examples: ['./keys'] }),
  wkd: z
    .strictObject({
      domains: z
        .array(domainName())
        .optional()
        .describe('Only these domains are asked. Without it, that of every recipient.')
        .meta({ examples: [['partner.example']] }),
      timeout: duration({ min: 100, max: 20_000 }).default(5000).describe('How long one address may take.'),
      remember: duration({ min: 60_000, max: LONGEST_TIMER })
        .default(24 * 60 * 60 * 1000)
        .describe('How long an answer holds. That there is no key holds for an hour at most.'),
    })
    .optional()
    .describe('Asks the domain of a recipient for the key (Web Key Directory). `{}` for every domain.'),
  missing: z
    .enum(['pass', 'reject', 'defer'])
    .default('pass')
    .describe('What becomes of mail that cannot be encrypted for all of its recipients.'),
  also: z
    .array(FINGERPRINT)
    .default([])
    .describe('Keys of the keyring for which all mail is encrypted too: an archive.'),
  sign: z
    .strictObject({
      keys: path()
        .describe('A folder whose files are private keys, or one such file. Read at the start.')
        .meta({ examples: ['./private'] }),
      passphrase: secret().optional().describe('Unlocks all of them.'),
    })
    .optional()
    .describe('Signs inside with the key of the address in From, where there is one.'),
  subject: z
    .enum(['hide', 'show'])
    .default('hide')
    .describe('hide: outside stands "..."; the subject itself is inside, where clients find it.'),
  protect: z
    .array(z.string().regex(/^[\x21-\x39\x3b-\x7e]+$/, 'is no name of a field'))
    .default(FIELDS)
    .describe('Fields of the header that are copied inside.')
    .meta({ examples: [FIELDS] }),
  maxSize: size()
    .default(50 * 1024 * 1024)
    .describe('Larger mail is not encrypted.'),
});

export type Options = z.output<typeof OPTIONS>;
