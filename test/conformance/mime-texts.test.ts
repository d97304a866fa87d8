/** Every text of the corpus, edited in its charset: footers, links, other forms; and nothing else of it changes. */
import { readdirSync } from 'node:fs';
import { describe, test } from 'vitest';
import { applyEditsTo } from '../../core/mime/edit.ts';
import { foldField } from '../../core/mime/field-folding.ts';
import { parseHeader } from '../../core/mime/header.ts';
import { insertHtml } from '../../core/mime/html-insertion.ts';
import { rewriteHtmlLinks } from '../../core/mime/html-links.ts';
import { htmlToText } from '../../core/mime/html-to-text.ts';
import { type LeafText, readLeafText, type TextEdit, writeLeafText } from '../../core/mime/leaf-text.ts';
import { defangLinks, type LinkReplacement } from '../../core/mime/links.ts';
import { parameter } from '../../core/mime/media-type.ts';
import { type Part, walkParts } from '../../core/mime/part.ts';
import { textFormat } from '../../core/mime/text-format.ts';
import { insertText } from '../../core/mime/text-insertion.ts';
import { rewriteTextLinks } from '../../core/mime/text-links.ts';
import { textToHtml } from '../../core/mime/text-to-html.ts';
import { partContent } from '../../core/mime/transfer-encoding.ts';
import { parseTree } from '../../core/mime/tree.ts';
import { corpus, corpusPresent, describeWithCorpus } from '../support/corpus.ts';
import { mailFiles } from '../support/mail-files.ts';
import { tally, type Verdict } from '../support/tally.ts';

const foldersOf = (topic: string) =>
  corpusPresent
    ? readdirSync(corpus(topic), { withFileTypes: true })
        .filter(entry => entry.isDirectory())
        .map(({ name }) => [topic, name])
    : [];

const sources = [...foldersOf('mime'), ...foldersOf('dsn'), ['corpora', 'spamassassin']];

/** A letter that not every charset has. */
const FOOTER = 'Fuß';

function footer(part: Part, text: string): TextEdit | null {
  return part.type.subtype === 'html'
    ? insertHtml(text, { html: `<p>${FOOTER}</p>`, at: 'bottom' })
    : insertText(text, { text: FOOTER, at: 'bottom', format: textFormat(part.type), signature: 'above' });
}

function links(part: Part, text: string, replace: LinkReplacement) {
  return part.type.subtype === 'html'
    ? rewriteHtmlLinks(text, replace)
    : rewriteTextLinks(text, textFormat(part.type), replace);
}

/** The text with its edits, read again. */
function again(leaf: LeafText, edits: readonly TextEdit[], part: Part): string {
  const { octets, charset } = writeLeafText(leaf, edits, part.type.subtype === 'html' ? 'reference' : 'utf-8');
  return readLeafText(octets, charset).text;
}

/** What goes wrong with a text, or `null`. */
function trouble(part: Part): string | null {
  const octets = partContent(part);
  const leaf = readLeafText(octets, parameter(part.type, 'charset'));
  if (!writeLeafText(leaf, [], 'utf-8').octets.equals(octets)) return 'it changes without an edit';
  const edit = footer(part, leaf.text);
  if (edit !== null && footer(part, again(leaf, [edit], part)) !== null) return 'a footer goes in twice';
  const untouched = links(part, leaf.text, ({ url }) => url).edits;
  if (part.type.subtype === 'html' && untouched.length > 0) return 'a link that stays is written';
  const defanged = again(leaf, links(part, leaf.text, defangLinks).edits, part);
  if (links(part, defanged, defangLinks).edits.length > 0) return 'a link is left';
  const text =
    part.type.subtype === 'html'
      ? htmlToText(leaf.text, { width: 78, links: 'references', longest: 1_000_000 }).text
      : textToHtml(leaf.text, textFormat(part.type));
  return /^(?:[^\r\n]*\r\n)*$/.test(text) ? null : 'another form of it has lines that do not end';
}

/** Whether the fields of a part say the same, folded to short lines. */
function foldedTrouble({ header }: Part): string | null {
  for (const field of header.fields) {
    const edit = foldField(field, 40);
    if (edit === null) continue;
    const folded = parseHeader(applyEditsTo(field.raw, [{ ...edit, start: 0, end: field.raw.length }])).fields;
    if (folded.length !== 1 || folded[0]?.value !== field.value)
      return `the field ${field.name} says something else folded`;
  }
  return null;
}

function* verdicts(name: string, octets: Buffer): Generator<Verdict> {
  const read = parseTree(octets);
  if (read.kind !== 'tree') return;
  for (const part of walkParts(read.root)) {
    const isText = part.type.type === 'text' && part.children.length === 0;
    yield { id: `${name} ${part.path}`.trim(), deviation: foldedTrouble(part) ?? (isText ? trouble(part) : null) };
  }
}

describeWithCorpus('the texts of the corpus', () => {
  describe.each(sources)('%s/%s', (topic, source) => {
    test('are edited where they stand', () => {
      const all = mailFiles(topic, source).flatMap(({ name, octets }) => [...verdicts(name, octets())]);
      tally(`texts of ${topic}/${source}`, all);
    });
  });
});
