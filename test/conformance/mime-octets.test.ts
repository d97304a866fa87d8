/** Every mail of the corpus, octet for octet: read, taken apart, edited, and nothing lost. */
import { readdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, test } from 'vitest';
import { type Content, contentOf } from '../../core/mail/content.ts';
import { authors } from '../../core/mime/addresses.ts';
import { applyEditsTo } from '../../core/mime/edit.ts';
import { type HeaderBlock, parseHeader, readHeader } from '../../core/mime/header.ts';
import { appendField, prependField } from '../../core/mime/header-edit.ts';
import { parseMail } from '../../core/mime/parsed.ts';
import { spansOf, walkParts } from '../../core/mime/part.ts';
import { brokenSignatures, signaturesOf } from '../../core/mime/signatures.ts';
import { partText } from '../../core/mime/transfer-encoding.ts';
import { parseTree } from '../../core/mime/tree.ts';
import { corpus, corpusPresent, describeWithCorpus } from '../support/corpus.ts';
import { type MailFile, mailFiles } from '../support/mail-files.ts';
import { compared, tally, type Verdict } from '../support/tally.ts';

function inPieces(octets: Buffer, size: number): Content {
  return {
    ...contentOf(octets),
    async *stream() {
      for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
    },
  };
}

const sourcesOf = (topic: string) =>
  corpusPresent
    ? readdirSync(corpus(topic), { withFileTypes: true })
        .filter(entry => entry.isDirectory())
        .map(entry => [topic, entry.name])
    : [];

const sources = [
  ...sourcesOf('mime'),
  ...sourcesOf('pgp'),
  ...sourcesOf('dsn'),
  ...sourcesOf('dkim'),
  ['corpora', 'spamassassin'],
  ['address', 'rspamd-from'],
];

function withCrlf(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');
}

function partsOf(octets: Buffer): readonly string[] {
  const read = parseTree(octets);
  const parts = read.kind === 'tree' ? [...walkParts(read.root)] : [];
  return parts.map(({ path, type, header }) => `${path} ${type.type}/${type.subtype} ${header.fields.length}`);
}

/** The spans of header and tree, joined, are the octets; the header is the same in whatever pieces it comes. */
async function identity({ name, octets }: MailFile): Promise<Verdict> {
  const mail = octets();
  const read = parseTree(mail);
  if (read.kind !== 'tree') return { id: name, deviation: `too complex: ${read.what}` };
  const joined = Buffer.concat([...spansOf(read.root)].map(({ start, end }) => mail.subarray(start, end)));
  const block = parseHeader(mail);
  const fields = Buffer.concat([
    mail.subarray(0, block.fieldsStart),
    ...block.fields.map(field => field.raw),
    mail.subarray(block.fieldsEnd),
  ]);
  const pieces = await Promise.all([1, 7, 65536].map(size => readHeader(inPieces(mail, size))));
  const sameHeader = pieces.every(found => found.kind === 'header' && found.block.octets.equals(block.octets));
  // Most of the corpus is stored with LF alone; what SMTP brings has CRLF, and is the same mail.
  const same = isDeepStrictEqual(partsOf(mail), partsOf(withCrlf(mail)));
  return compared(name, [joined.equals(mail), fields.equals(mail), sameHeader, same], [true, true, true, true]);
}

/** A field above and a field below leave every other field, the body to the octet, and all signatures. */
async function editing({ name, octets }: MailFile): Promise<Verdict> {
  const mail = octets();
  const above = applyEditsTo(mail, [prependField(parseHeader(mail), 'X-Above', 'one')]);
  const edited = applyEditsTo(above, [appendField(parseHeader(above), 'X-Below', 'two')]);
  const [before, after] = [parseHeader(mail), parseHeader(edited)];
  const values = ({ fields }: HeaderBlock) => fields.map(field => [field.name, field.value]);
  const want = [['X-Above', 'one'], ...values(before), ['X-Below', 'two']];
  const sameBody = edited.subarray(after.bodyStart).equals(mail.subarray(before.bodyStart));
  const broken = await brokenSignatures(contentOf(mail), contentOf(edited));
  return compared(name, [isDeepStrictEqual(values(after), want), sameBody, broken], [true, true, []]);
}

/** Whatever is in a mail, reading it ends in a value. */
async function survival({ name, octets }: MailFile): Promise<Verdict> {
  const mail = octets();
  const read = parseTree(mail);
  const leaves = read.kind === 'tree' ? [...walkParts(read.root)].filter(part => part.children.length === 0) : [];
  const texts = leaves.map(partText).filter(text => typeof text === 'string');
  const named = authors(parseHeader(mail)).every(({ address }) => !/[\r\n\0]/.test(address));
  const { attachments } = await parseMail(contentOf(mail));
  return compared(
    name,
    [leaves.length > 0, texts.length, named, attachments.every(({ size }) => size >= 0)],
    [true, leaves.length, true, true],
  );
}

describeWithCorpus('every mail of the corpus', () => {
  test.each(sources)('%s/%s: its parts are its octets', async (...folder) => {
    tally(`${folder.join('/')} identity`, await Promise.all(mailFiles(...folder).map(identity)));
  });

  test.each(sources)('%s/%s: an edit of the header touches nothing else', async (...folder) => {
    tally(`${folder.join('/')} editing`, await Promise.all(mailFiles(...folder).map(editing)));
  });

  test.each(sourcesOf('mime'))('%s/%s: everything in it can be read', async (...folder) => {
    tally(`${folder.join('/')} survival`, await Promise.all(mailFiles(...folder).map(survival)));
  });
});

describeWithCorpus('every signed mail of the corpus', () => {
  describe.each(sourcesOf('pgp'))('%s/%s', (...folder) => {
    test('loses its signatures with its body, and not with its header', async () => {
      const signed = mailFiles(...folder).filter(({ octets }) => signaturesOf(octets()).parts.length > 0);
      const verdicts = signed.map(async ({ name, octets }): Promise<Verdict> => {
        const mail = octets();
        const { bodyStart } = parseHeader(mail);
        const bare = Buffer.concat([mail.subarray(0, bodyStart), Buffer.from('gone\r\n')]);
        const { dkim, parts } = signaturesOf(mail);
        const broken = await brokenSignatures(contentOf(mail), contentOf(bare));
        return compared(name, broken.length, dkim.length + parts.length);
      });
      if (verdicts.length > 0) tally(`${folder.join('/')} signatures`, await Promise.all(verdicts));
    });
  });
});
