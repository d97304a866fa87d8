/** HTML as plain text. */

import { describe, expect, test } from 'vitest';
import { type HtmlToTextOptions, htmlToText } from '../../../core/mime/html-to-text.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

const OPTIONS: HtmlToTextOptions = { width: null, links: 'references', longest: 1_000_000 };

function lines(html: string, options: Partial<HtmlToTextOptions> = {}): readonly string[] {
  return htmlToText(html, { ...OPTIONS, ...options })
    .text.split('\r\n')
    .slice(0, -1);
}

describe('blocks', () => {
  test.each([
    {
      name: 'paragraphs stand apart',
      html: '<p>a\n  b<p>c</p>\n<div>d</div><div>e</div>',
      want: ['a b', '', 'c', '', 'd', 'e'],
    },
    { name: 'line ends are kept, two make a gap', html: 'a<br>b<br><br><br>c', want: ['a', 'b', '', 'c'] },
    {
      name: 'headings are underlined',
      html: '<h1>One <i>two</i></h1>a<h2>b</h2><h3>c</h3>',
      want: ['One two', '=======', '', 'a', '', 'b', '-', '', 'c'],
    },
    { name: 'lists', html: '<ul><li>a<li>b<br>c</ul>', want: ['* a', '* b', '  c'] },
    { name: 'numbered lists', html: '<ol start=9><li>a<li>b<p>c</ol>d', want: ['9. a', '10. b', '', '    c', '', 'd'] },
    { name: 'lists in lists', html: '<ul><li>a<ul><li>b</ul><li>c</ul>', want: ['* a', '  * b', '* c'] },
    { name: 'quotations', html: 'a<blockquote>b<p>c</blockquote>d', want: ['a', '', '> b', '>', '> c', '', 'd'] },
    {
      name: 'tables',
      html: '<table><tr><td>a<td><b>b</b> c<tr><th>d</th><th></th><th>e</th></tr></table>f',
      want: ['a | b c', 'd | e', '', 'f'],
    },
    {
      name: 'tables for layout',
      html: '<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>',
      want: ['a', '', 'b'],
    },
    { name: 'preformatted text', html: '<pre>\n a\n\n  b</pre>c', want: [' a', '', '  b', '', 'c'] },
    { name: 'definitions', html: '<dl><dt>a<dd>b<dt>c</dl>', want: ['a', '    b', 'c'] },
    { name: 'rules', html: 'a<hr>b', want: ['a', '', '--------------------', '', 'b'] },
    { name: 'references', html: 'a&nbsp;&lt;b&gt; &eacute;&#8364;', want: ['a <b> é€'] },
    { name: 'nothing', html: '<p>&nbsp;</p><div> &zwnj;&shy;</div>', want: [] },
    { name: 'tags that do not match', html: '<b>a</i><div>b</b></div></p>c', want: ['a', 'b', '', 'c'] },
  ])('$name', ({ html, want }) => {
    expect(lines(html)).toEqual(want);
  });

  test('are folded to a width, behind their marks', () => {
    expect(lines('<ul><li>aaa bbb ccc&nbsp;d eeeeeeeeeeee</ul>', { width: 10 })).toEqual([
      '* aaa bbb',
      '  ccc d',
      '  eeeeeeeeeeee',
    ]);
  });
});

describe('links and images', () => {
  const html =
    '<a href="http://a.test/?a&amp;b">one</a>, <a href=http://a.test/?a&b>two</a> <a href="http://b.test">B.TEST</a>';

  test.each([
    { links: 'references', want: ['one [1], two [1] B.TEST', '', '[1] http://a.test/?a&b'] },
    { links: 'inline', want: ['one <http://a.test/?a&b>, two <http://a.test/?a&b> B.TEST'] },
    { links: 'none', want: ['one, two B.TEST'] },
  ] as const)('as $links', ({ links, want }) => {
    expect(lines(html, { links })).toEqual(want);
  });

  test.each([
    {
      name: 'around blocks',
      html: '<a href=http://a.test><div>Button</div></a>x',
      want: ['Button [1]', 'x', '', '[1] http://a.test'],
    },
    {
      name: 'with an image',
      html: '<a href=http://a.test><img src=x alt="A &amp; B"></a>',
      want: ['[A & B] [1]', '', '[1] http://a.test'],
    },
    { name: 'without text', html: 'a<a href=http://a.test><img src=x></a>', want: ['a'] },
    {
      name: 'to an address',
      html: '<a href="mailto:a@a.test">a@a.test</a> <a href="mailto:a@a.test">Ann</a>',
      want: ['a@a.test Ann [1]', '', '[1] mailto:a@a.test'],
    },
    {
      name: 'to nowhere',
      html: '<a href="#x">a</a> <a href="javascript:x">b</a> <a href="y">c</a> <a name=z>d</a>',
      want: ['a b c d'],
    },
  ])('$name', ({ html, want }) => {
    expect(lines(html)).toEqual(want);
  });
});

describe('what is hidden is left out', () => {
  test.each([
    '<style>p{x}</style>',
    '<script>x</script>',
    '<title>x</title>',
    '<!-- x --><!--[if mso]>x<![endif]-->',
    '<p style="color:red;display : NONE !important">x</p>',
    '<p style="display:&#110;one">x</p>',
    '<p style="display:/*y*/none">x</p>',
    '<div style="display:none">x<div>x</div>x</div>',
    '<span style="font-size:0px">x</span>',
    '<div style="max-height:0;overflow:hidden">x</div>',
    '<p style="visibility:hidden">x',
    '<p style="opacity:0.0">x',
    '<p hidden>x',
    '<select><option>x</select>',
    '<textarea>x</textarea>',
    '<img src=x alt=x style="display:none">',
    '<p style="display:none"><a href="http://x.test">x</a>',
  ])('%s', html => {
    expect(lines(`a<p>${html}<p>b`)).toEqual(['a', '', 'b']);
  });

  test('and what only looks so is not', () => {
    const html =
      '<p style="display:none;display:block">a</p><p style="font-size:10px">b</p><p style="max-height:0">c</p>';
    expect(lines(html)).toEqual(['a', '', 'b', '', 'c']);
  });
});

describe('a bomb', () => {
  test.each([
    '<div>',
    '<blockquote>',
    '<ul><li>',
    '<table><tr><td>',
    '<p>',
    '<b>',
    '<a href=http://a.test>',
    '<b></i>',
    '</p>',
    '<br>',
    '<p style="/*">',
    'a ',
    '<i><div><b></i>',
    '<pre>\n',
    '<h1>a',
    '&amp;',
    '<td>',
    '<dd>',
    '<span hidden>',
    '<a href=http://a>b</a>',
  ])('of %s costs no quadratic time, and no stack', piece => {
    const html = piece.repeat(Math.ceil(300_000 / piece.length));
    const { text } = htmlToText(`${html}x`, { width: 78, links: 'references', longest: 2_000_000 });
    expect(text.length).toBeLessThanOrEqual(2_000_000);
  });

  test('is cut where it is too long', () => {
    expect(htmlToText('<p>a'.repeat(1000), { ...OPTIONS, longest: 10 })).toEqual({
      text: 'a\r\n\r\na\r\n',
      truncated: true,
    });
    expect(htmlToText('abcdef', { ...OPTIONS, longest: 5 })).toEqual({ text: 'abc\r\n', truncated: true });
  });
});

test('any HTML becomes lines without blanks at their ends, and within the limit', () => {
  const pieces = [
    '<p>',
    '</p>',
    '<li>',
    '<ul>',
    '</ul>',
    '<a href=http://a.test>',
    '</a>',
    '<pre>',
    '</pre>',
    '<br>',
    'ab cd',
    ' ',
    '<td>',
    '<blockquote>',
    '</blockquote>',
    '<h1>',
    '<!--',
    '<b hidden>',
    '</b>',
  ];
  const options = fc.record({
    width: fc.constantFrom(null, 1, 10, 78),
    links: fc.constantFrom('references', 'inline', 'none'),
    longest: fc.constantFrom(20, 1000),
  });
  fc.assert(
    fc.property(anyText(...pieces), options, (html, options) => {
      const { text } = htmlToText(html, options);
      expect(text.length).toBeLessThanOrEqual(options.longest);
      expect(text).toMatch(/^(?:[^\r\n]*\r\n)*$/);
      expect(text).not.toMatch(/[ \t]\r\n/);
    }),
  );
});
