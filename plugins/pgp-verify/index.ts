/**
 * pgp-verify: says of every mail whether OpenPGP vouches for it, and for whom.
 *
 * It decides nothing: the verdict is the fact `pgp`, on which `when:` lets other plugins act, and a header field for readers.
 * The mail itself stays as it is, to the octet, so what was signed still verifies after it.
 */
import {
  applyEdits,
  type Change,
  CLOCK,
  type Content,
  definePlugin,
  describeError,
  FILES,
  type HeaderBlock,
  IDENTITY,
  LOG,
  note,
  type OptionComplaint,
  path,
  prependField,
  readHeader,
  rewrite,
  signaturesBrokenBy,
  size,
  sliceContent,
  z,
} from '../../core/index.ts';
import { Keyring, keyringSource, parseOwnerTrusts, readKeyring, USUAL_RULES } from '../../core/openpgp/index.ts';
import { AUTHENTICATION_RESULTS, forgedFields, resultsValue } from './authentication-results.ts';
import { examine } from './examine.ts';
import { factsOf, PGP_FACTS } from './facts.ts';
import type { Judgement } from './judgement.ts';

/** Every field of that name which a mail brings is removed, so it must be none that mail needs. */
const FIELD_NAME = /^X-[A-Za-z0-9-]{1,70}$/i;

const options = z.strictObject({
  keyring: path().describe(
    'A folder whose files *.asc, *.gpg and *.pgp are public keys or revocations of keys, or one such file. Read again when it changes.',
  ),
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

export default definePlugin({
  name: 'pgp-verify',
  summary: 'Says whether OpenPGP signatures hold, and who made them.',
  options,
  needs: { clock: CLOCK, files: FILES, identity: IDENTITY, log: LOG },
  facts: PGP_FACTS,

  async check({ options, files }) {
    const complaints: OptionComplaint[] = [];
    try {
      const { unusable } = await readKeyring(files, options.keyring);
      complaints.push(
        ...unusable.map(({ path: file, why }) => ({ path: ['keyring'], message: `${file} is of no use: ${why}` })),
      );
    } catch (error) {
      const message = `no keys can be read at ${files.resolve(options.keyring)}: ${describeError(error)}`;
      complaints.push({ path: ['keyring'], message });
    }
    try {
      if (options.trust !== undefined) parseOwnerTrusts((await files.read(options.trust.file)).toString('latin1'));
    } catch (error) {
      const message = `no trust can be read at ${files.resolve(options.trust?.file ?? '')}: ${describeError(error)}`;
      complaints.push({ path: ['trust', 'file'], message });
    }
    return complaints;
  },

  create({ options, clock, files, identity, log }) {
    const keyring = new Keyring({ files, clock, log, path: options.keyring, trust: options.trust ?? null });
    const field = options.header === true ? AUTHENTICATION_RESULTS : options.header;
    return {
      start: () => keyring.load(),

      async data({ mail: { content } }) {
        const standards = { keys: keyringSource(await keyring.keys()), now: clock.now(), maxSize: options.maxSize };
        const judgement = await examine(content, standards);
        const header = await readHeader(content);
        if (field === false || header.kind === 'too-large') return note(factsOf(judgement));
        const { marked, changes } = await mark(content, header.block, {
          field,
          hostname: identity.hostname,
          judgement,
        });
        return rewrite(marked, changes, factsOf(judgement));
      },
    };
  },
});

interface Marking {
  readonly field: string;
  readonly hostname: string;
  readonly judgement: Judgement;
}

/** The content with the verdict on top, and without fields that only pretend to be it. */
async function mark(content: Content, header: HeaderBlock, { field, hostname, judgement }: Marking) {
  const forged = forgedFields(header, field, hostname);
  const removals = forged.map(({ start, end }) => ({ start, end, replacement: Buffer.alloc(0) }));
  const addition = prependField(header, field, resultsValue(hostname, judgement));
  // Only the header is edited, so what breaks can be told from the header, however large the mail is.
  const before = sliceContent(content, 0, header.bodyStart);
  const changes: Change[] = [
    { what: `added header field ${field}`, breaks: await signaturesBrokenBy(before, [addition]) },
  ];
  if (forged.length > 0) {
    const names = [...new Set(forged.map(({ name }) => name))].join(', ');
    changes.push({ what: `removed forged header fields ${names}`, breaks: await signaturesBrokenBy(before, removals) });
  }
  return { marked: applyEdits(content, [addition, ...removals]), changes };
}
