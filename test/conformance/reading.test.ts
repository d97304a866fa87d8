/** Mails that others collected, each read and shown: nothing fails, and nothing of them leaves its place on the page. */
import { expect, test } from 'vitest';
import { pageInLines } from '../../core/cli/show/page.ts';
import { widthOf } from '../../core/cli/show/text-width.ts';
import { contentOf } from '../../core/mail/content.ts';
import { walkParts } from '../../core/mime/part.ts';
import { parseTree } from '../../core/mime/tree.ts';
import { readMessage } from '../../core/reading/read-message.ts';
import { describeWithCorpus } from '../support/corpus.ts';
import { mailFiles } from '../support/mail-files.ts';

describeWithCorpus('every mail of the corpus', () => {
  test('is read and shown, with all of its parts', async () => {
    const files = mailFiles('mime');
    expect(files.length).toBeGreaterThan(400);
    for (const { name, octets } of files) {
      const mail = octets();
      const message = await readMessage(contentOf(mail));
      const tree = parseTree(mail);
      if (tree.kind === 'tree') {
        expect(
          [...walkParts(message.root)].map(({ path }) => path),
          name,
        ).toEqual([...walkParts(tree.root)].map(({ path }) => path));
      }
      const views = new Map();
      const page = pageInLines({ message, verdicts: [], allHeaders: true, views }, { width: 80, colour: false });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
      expect(
        page.find(line => /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(line)),
        name,
      ).toBeUndefined();
      expect(
        page.find(line => widthOf(line) > 80),
        name,
      ).toBeUndefined();
    }
  });
});
