/** The options of pgp-decrypt. */
import { path, secret, size, z } from '../../core/index.ts';

/** What the configuration may say. */
export const OPTIONS = z.strictObject({
  keys: path()
    .describe('A folder whose files *.asc, *.gpg and *.pgp are private keys, or one such file. Read at the start.')
    .meta({ examples: ['./private'] }),
  passphrase: secret().optional().describe('Unlocks all of them.'),
  closed: z
    .enum(['pass', 'reject'])
    .default('pass')
    .describe('What becomes of mail that is encrypted, and cannot be opened.'),
  maxSize: size()
    .default(50 * 1024 * 1024)
    .describe('Larger mail stays closed, and so does what would be larger once it is unpacked.'),
});
