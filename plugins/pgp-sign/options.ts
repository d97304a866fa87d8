/** The options of pgp-sign. */
import { path, secret, size, z } from '../../core/index.ts';

const FIELDS = ['Subject', 'From', 'To', 'Cc', 'Date', 'Message-ID'];

/** What the configuration may say. */
export const OPTIONS = z.strictObject({
  keys: path()
    .describe('A folder whose files *.asc, *.gpg and *.pgp are private keys, or one such file. Read at the start.')
    .meta({ examples: ['./private'] }),
  passphrase: secret().optional().describe('Unlocks all of them.'),
  signer: z
    .string()
    .regex(/^[0-9A-Fa-f]{40}(?:[0-9A-Fa-f]{24})?$/, 'a fingerprint of 40 or 64 hexadecimal digits is expected')
    .optional()
    .describe('The fingerprint of the key that signs all mail. Without it, the key of the address in From does.')
    .meta({ examples: ['0123456789ABCDEF0123456789ABCDEF01234567'] }),
  missing: z
    .enum(['pass', 'reject', 'defer'])
    .default('pass')
    .describe('What becomes of mail that cannot be signed, for want of a key above all.'),
  protect: z
    .array(z.string().regex(/^[\x21-\x39\x3b-\x7e]+$/, 'is no name of a field'))
    .default(FIELDS)
    .describe('Fields of the header that the signature covers too, by copies in the signed part.')
    .meta({ examples: [FIELDS] }),
  maxSize: size()
    .default(50 * 1024 * 1024)
    .describe('Larger mail is not signed.'),
});
