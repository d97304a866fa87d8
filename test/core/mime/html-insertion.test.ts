/** Notices and footers in HTML. */

import { describe, expect, test } from 'vitest';
import { escapeHtml, insertHtml } from '../../../core/mime/html-insertion.ts';
import { readLeafText, writeLeafText } from '../../../core/mime/leaf-text.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

const NOTE = '<p>Note</p>';

function inserted(html: string, at: 'top' | 'bottom', note = NOTE): string {
  const edit = insertHtml(html, { html: note, at });
  return edit === null ? html : html.slice(0, edit.start) + edit.text + html.slice(edit.end);
}

describe('a footer', () => {
  test.each([
    { name: 'stands before the end of the body', html: '<html><body>a|</body></html>' },
    { name: 'whatever its case and blanks', html: '<HTML><BODY>a|</BODY\n></HTML >' },
    { name: 'before the end of the document', html: '<html>a|</html>' },
    { name: 'at the end of HTML without either', html: '<p>a</p>\n|' },
    { name: 'before the last of several ends', html: '<body>a</body><body>b|</body>' },
    { name: 'not in a comment', html: '<body>a|</body><!-- </body> -->' },
    { name: 'not in a conditional comment', html: '<body>a|</body><!--[if mso]></body><![endif]-->' },
    { name: 'not in a script', html: '<body>a|</body><script>"</body>"</script>' },
    { name: 'not in the text of a form', html: '<p>a<textarea></body></textarea>|' },
    { name: 'not in an attribute', html: '<p title="</body>">a|' },
    { name: 'before a comment that does not end', html: 'a|<!-- b' },
    { name: 'before a tag that does not end', html: 'a|<img alt="b' },
    { name: 'before a style sheet that does not end', html: 'a|<style>b' },
    { name: 'before a title that does not end', html: '|<title></body></html>' },
    { name: 'before a form text that does not even start', html: 'a|<textarea>' },
    { name: 'alone where there is nothing', html: '|' },
  ])('$name', ({ html }) => {
    const before = html.replace('|', '');
    const want = html.replace('|', NOTE);
    expect(inserted(before, 'bottom')).toBe(want);
    expect(inserted(want, 'bottom')).toBe(want);
  });
});

describe('a notice', () => {
  test.each([
    {
      name: 'stands behind the start of the body',
      html: '<html><head><title>t</title></head><body bgcolor="a>b">|a</body>',
    },
    { name: 'at the start of HTML without tags', html: '|a' },
    { name: 'behind a byte order mark', html: '\ufeff|a' },
    { name: 'behind document type and head', html: '<!DOCTYPE html>\n<html><head><style>p{}</style></head>|<p>a' },
    { name: 'above what stands above the body', html: '<html>|a<body>b</body>' },
    { name: 'above an element that is nowhere in a head', html: '<meta><link>|<div>a' },
    { name: 'above a style sheet that does not end', html: '<head>|<style>p{}' },
    { name: 'above a tag that does not end', html: '|<a href="' },
  ])('$name', ({ html }) => {
    const before = html.replace('|', '');
    const want = html.replace('|', NOTE);
    expect(inserted(before, 'top')).toBe(want);
    expect(inserted(want, 'top')).toBe(want);
  });
});

test('what the charset lacks becomes references, which are known again', () => {
  const leaf = readLeafText(Buffer.from('<p>\xfc</p>', 'latin1'), 'iso-8859-1');
  const insertion = { html: '<p>ü – 日</p>', at: 'bottom' } as const;
  const edit = insertHtml(leaf.text, insertion);
  const { octets, charset } = writeLeafText(leaf, edit === null ? [] : [edit], 'reference');
  expect(octets.toString('latin1')).toBe('<p>\xfc</p><p>\xfc &#8211; &#26085;</p>');
  expect(insertHtml(readLeafText(octets, charset).text, insertion)).toBeNull();
});

test('escaped text is text, in an attribute too', () => {
  expect(escapeHtml(`<a href="x">'&amp;`)).toBe('&#60;a href=&#34;x&#34;&#62;&#39;&#38;amp;');
});

test('it goes into whatever text, once, and nothing else changes', () => {
  const pieces = ['<body>', '</body>', '</html>', '<!--', '-->', '<p>', 'a', '<style>', '</style>', '"', ' ', NOTE];
  fc.assert(
    fc.property(anyText(...pieces), fc.constantFrom('top', 'bottom'), (html, at) => {
      const once = inserted(html, at);
      if (!html.includes(NOTE)) expect(once.split(NOTE).join('')).toBe(html);
      else expect([html.length, html.length + NOTE.length]).toContain(once.length);
      expect(inserted(once, at)).toBe(once);
    }),
  );
});
