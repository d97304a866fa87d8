/** File names: every name that another parser finds in the mails of the corpus, the part tree knows too. */
import { readdirSync } from 'node:fs';
import { test } from 'vitest';
import { contentOf } from '../../core/mail/content.ts';
import { parseMail } from '../../core/mime/parsed.ts';
import { walkParts } from '../../core/mime/part.ts';
import { parseTree } from '../../core/mime/tree.ts';
import { corpus, corpusPresent, describeWithCorpus } from '../support/corpus.ts';
import { type MailFile, mailFiles } from '../support/mail-files.ts';
import { compared, tally, type Verdict } from '../support/tally.ts';

const sources = corpusPresent ? readdirSync(corpus('mime')) : [];

/** Every name under which some client may show a part, in whatever form it is there. */
function namesIn(octets: Buffer): ReadonlySet<string> {
  const read = parseTree(octets);
  const parts = read.kind === 'tree' ? [...walkParts(read.root)] : [];
  const parameters = parts.flatMap(({ disposition, type }) => [...(disposition?.parameters ?? []), ...type.parameters]);
  return new Set(parameters.filter(({ name }) => name === 'filename' || name === 'name').map(({ value }) => value));
}

async function overlooked({ name, octets }: MailFile): Promise<Verdict> {
  const known = namesIn(octets());
  const { attachments } = await parseMail(contentOf(octets()));
  return compared(
    name,
    attachments.map(({ filename }) => filename).filter(each => each !== null && !known.has(each)),
    [],
  );
}

const NO_FIELD =
  'its first line is no field, so all of it is body; `end` of the header says that the empty line is missing';
const JAMES = 'mime/james/mailbox/store/src/test/resources/eml';
const REASONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  james: {
    [`${JAMES}/oneAttachmentWithEmptyContentType.eml`]: NO_FIELD,
    [`${JAMES}/oneAttachmentWithSimpleContentType.eml`]: NO_FIELD,
    [`${JAMES}/oneAttachmentWithoutContentType.eml`]: NO_FIELD,
  },
};

describeWithCorpus('file names in the mails of other projects', () => {
  test.each(sources)('%s: none that mailparser finds is overlooked', async source => {
    tally(`mime/${source} names`, await Promise.all(mailFiles('mime', source).map(overlooked)), REASONS[source]);
  });
});
