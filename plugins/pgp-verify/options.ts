/** The options of pgp-verify. */
import { domainName, duration, LONGEST_TIMER, path, secret, size, z } from '../../core/index.ts';
import { USUAL_RULES } from '../../core/openpgp/index.ts';

/** Every field of that name which a mail brings is removed, so it must be none that mail needs. */
const FIELD_NAME = /^X-[A-Za-z0-9-]{1,70}$/i;

/** What the configuration may say. */
export const OPTIONS = z.strictObject({
  keyring: path()
    .describe(
      'A folder whose files *.asc, *.gpg, *.pgp and *.kbx are public keys or revocations of keys, or one such file. Read again when it changes.',
    )
    .meta({ examples: ['./keys'] }),
  trust: z
    .strictObject({
      file: path()
        .describe('What `gpg --export-ownertrust` writes. Read again when it changes.')
        .meta({ examples: ['./ownertrust.txt'] }),
      completes: z
        .int()
        .min(1)
        .default(USUAL_RULES.completes)
        .describe('How many full introducers make a key believed.'),
      marginals: z.int().min(1).default(USUAL_RULES.marginals).describe('How many marginal introducers do.'),
      depth: z.int().min(1).max(20).default(USUAL_RULES.depth).describe('How many certifications a path may be long.'),
    })
    .optional()
    .describe(
      'Whose certifications count, as in the web of trust of GnuPG. Without it every key of the keyring is believed.',
    ),
  wkd: z
    .strictObject({
      domains: z
        .array(domainName())
        .optional()
        .describe('Only these domains are asked. Without it, the domain of every author whose key is not known.')
        .meta({ examples: [['partner.example']] }),
      timeout: duration({ min: 100, max: 20_000 }).default(5000).describe('How long one address may take.'),
      remember: duration({ min: 60_000, max: LONGEST_TIMER })
        .default(24 * 60 * 60 * 1000)
        .describe('How long an answer holds. That there is no key holds for an hour at most.'),
      authorities: path()
        .optional()
        .describe('Certification authorities (PEM) to believe beside those that Node knows.')
        .meta({ examples: ['./tls/our-ca.pem'] }),
    })
    .optional()
    .describe('Asks the domain of the author for his key (Web Key Directory). `{}` for every domain.'),
  autocrypt: z
    .strictObject({
      directory: path()
        .describe('Where the keys are kept that mail brings along.')
        .meta({ examples: ['./var/autocrypt'] }),
      believe: z
        .boolean()
        .default(false)
        .describe('Whether a signature by such a key can be good. Anybody can send one in the name of another.'),
      most: z.int().min(1).default(10_000).describe('How many addresses are kept.'),
    })
    .optional()
    .describe('Collects the keys of Autocrypt header fields.'),
  decrypt: z
    .strictObject({
      keys: path()
        .describe('A folder whose files *.asc, *.gpg and *.pgp are private keys, or one such file. Read at the start.')
        .meta({ examples: ['./private'] }),
      passphrase: secret().optional().describe('Unlocks all of them.'),
    })
    .optional()
    .describe('Opens what is encrypted, to check what is signed inside. The mail itself stays encrypted.'),
  header: z
    .union([
      z.boolean(),
      z.string().regex(FIELD_NAME, 'true, false or a name that starts with "X-" is expected, such as "X-PGP-Verdict"'),
    ])
    .default(true)
    .describe(
      'The header field that tells the verdict: true for Authentication-Results, a name that starts with X-, or false for none.',
    ),
  maxSize: size()
    .default(50 * 1024 * 1024)
    .describe('Larger mails are not looked into: their verdict is "unchecked".'),
});

export type Options = z.output<typeof OPTIONS>;
