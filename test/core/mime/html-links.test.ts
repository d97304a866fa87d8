/** Links in HTML, and what takes their place. */

import { describe, expect, test } from 'vitest';
import { rewriteHtmlLinks } from '../../../core/mime/html-links.ts';
import { readLeafText, writeLeafText } from '../../../core/mime/leaf-text.ts';
import { defangLinks, type LinkReplacement, linkTemplate } from '../../../core/mime/links.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

function rewritten(html: string, replace: LinkReplacement): string {
  const { edits } = rewriteHtmlLinks(html, replace);
  const leaf = readLeafText(Buffer.from(html), 'utf-8');
  return writeLeafText(leaf, edits, 'reference').octets.toString();
}

/** Each link as `place url`. */
function found(html: string): readonly string[] {
  return rewriteHtmlLinks(html, () => null).links.map(({ link }) => `${link.place} ${link.url}`);
}

describe('links are found', () => {
  test.each([
    { html: '<a href="http://a.test/?b&amp;c">', want: ['anchor http://a.test/?b&c'] },
    { html: `<A HREF='http://a.test/"'>`, want: ['anchor http://a.test/"'] },
    { html: '<a title=">" href=http://a.test/b>', want: ['anchor http://a.test/b'] },
    {
      html: '<area href=x><link href=s><image href=i><v:rect href=v>',
      want: ['anchor x', 'style s', 'image i', 'anchor v'],
    },
    { html: '<img src=a><iframe src=b></iframe><script src=c></script>', want: ['image a', 'frame b', 'other c'] },
    { html: '<form action=a><button formaction=b>', want: ['form a', 'form b'] },
    { html: '<table background=a><td background=b>', want: ['image a', 'image b'] },
    { html: '<object data=a><p data=b>', want: ['frame a'] },
    { html: '<img srcset="a, b 2x,c 1w , d,">', want: ['image a', 'image b', 'image c', 'image d'] },
    { html: '<meta http-equiv=Refresh content="0; URL=\'http://a.test\'">', want: ['refresh http://a.test'] },
    { html: '<meta http-equiv="&#114;efresh" content="5;http://a.test">', want: ['refresh http://a.test'] },
    { html: '<meta http-equiv=Content-Type content="text/html; charset=x">', want: [] },
    { html: '<p style="background:url(\'a\') url(b)">', want: ['style a', 'style b'] },
    { html: '<p style="background:url(&quot;a&quot;)">', want: ['style a'] },
    { html: '<style>@import "a"; p{b:URL( "c" )} <a href=x></style>', want: ['style a', 'style c'] },
    {
      html: '<a href=a>http://b.test</a> http://c.test',
      want: ['anchor a', 'label http://b.test', 'text http://c.test'],
    },
    { html: '<a href="a" href="b">', want: ['anchor a', 'anchor b'] },
    { html: '<!--[if mso]><v:a href="a"><![endif]--><!-- <a href=b> -->', want: ['anchor a'] },
    { html: '<![if !mso]><a href="a"><![endif]>', want: ['anchor a'] },
    { html: '<a href="#top"><a href=""><a href><base href="http://a.test">', want: [] },
    { html: '<textarea><a href=a></textarea><script>"http://b.test"</script>', want: [] },
  ])('$html', ({ html, want }) => {
    expect(found(html)).toEqual(want);
  });
});

describe('a hidden link is found', () => {
  test.each([
    { name: 'behind references', html: '<a href="&#104;ttp&colon;&sol;/a.test">', want: 'http://a.test/' },
    { name: 'behind blanks and line ends', html: '<a href=" \n ht\ntp://a.\ttest">', want: 'http://a.test/' },
    { name: 'as javascript', html: '<a href="JaVa&Tab;Script&colon;alert(1)">', want: 'javascript:alert(1)' },
    { name: 'as data', html: '<a href="data:text/html,x">', want: 'data:text/html,x' },
    {
      name: 'relative to a base below it',
      html: '<a href="/b"><base href="http://a.test/x/">',
      want: 'http://a.test/b',
    },
    { name: 'without slashes', html: '<a href="https:a.test">', want: 'https://a.test/' },
    { name: 'with backslashes', html: '<a href="http:\\\\a.test">', want: 'http://a.test/' },
    { name: 'with a host of other letters', html: '<a href="http://ａ。ｔｅｓｔ/">', want: 'http://a.test/' },
    { name: 'in text, behind references', html: 'see http&#58;//a.test/&lt;', want: 'http://a.test/' },
    {
      name: 'in a style sheet, behind escapes',
      html: '<p style="b:\\75 r\\6c(http\\3a //a.test)">',
      want: 'http://a.test/',
    },
  ])('$name', ({ html, want }) => {
    expect(rewriteHtmlLinks(html, () => null).links.map(({ link }) => link.target?.href)).toEqual([want]);
  });
});

describe('another URL takes the place of a link', () => {
  const replace: LinkReplacement = () => 'https://x.test/?a=1&b="\'<ü>';

  test.each([
    { html: '<a href="y" b>', want: '<a href="https://x.test/?a=1&amp;b=&#34;\'<ü>" b>' },
    { html: "<a href='y'>", want: "<a href='https://x.test/?a=1&amp;b=\"&#39;<ü>'>" },
    { html: '<a href=y>', want: '<a href=https://x.test/?a&#61;1&amp;b&#61;&#34;&#39;&#60;ü&#62;>' },
    {
      html: 'http://y.test',
      want: 'https://x.test/?a=1&amp;b="\'&lt;ü&gt;'.replaceAll(/&[lg]t;/g, m => (m === '&lt;' ? '&#60;' : '&#62;')),
    },
    {
      html: '<p style="a:url( y )">',
      want: '<p style="a:url( https://x.test/?a=1&amp;b=\\22 \\27 \\3c \\fc \\3e  )">',
    },
    {
      html: '<style>a{b:url("y")}</style>',
      want: '<style>a{b:url("https://x.test/?a=1&b=\\22 \\27 \\3c \\fc \\3e ")}</style>',
    },
    { html: '<a href=" y ">', want: '<a href=" https://x.test/?a=1&amp;b=&#34;\'<ü> ">' },
  ])('$html', ({ html, want }) => {
    expect(rewritten(html, replace)).toBe(want);
    const { links } = rewriteHtmlLinks(want, () => null);
    expect(links[0]?.link.url).toBe('https://x.test/?a=1&b="\'<ü>'.slice(0, html === 'http://y.test' ? 22 : undefined));
  });

  test('an empty one does not make a value of the next attribute', () => {
    expect(rewritten('<a href=y class=x>', () => '')).toBe('<a href="" class=x>');
  });

  test('in several places of one attribute', () => {
    expect(rewritten('<img srcset="a 1x, b&amp;c 2x">', ({ url }) => `/${url}`)).toBe(
      '<img srcset="/a 1x, /b&amp;c 2x">',
    );
  });

  test('through a template where a click leads there, and not in images and labels', () => {
    const html = '<a href="http://a.test/"><img src="http://a.test/i.png">http://a.test/</a> http://b.test &amp; c';
    expect(rewritten(html, linkTemplate('https://check.test/?u={url}'))).toBe(
      '<a href="https://check.test/?u=http%3A%2F%2Fa.test%2F"><img src="http://a.test/i.png">http://a.test/</a> ' +
        'https://check.test/?u=http%3A%2F%2Fb.test &amp; c',
    );
  });
});

describe('defanging', () => {
  test('leaves what is in the mail, and nothing that leads out of it', () => {
    const html =
      '<base href="http://a.test/"><a href="b.html"><a href="javascript:x"><a href="data:text/html,x">' +
      '<img src="cid:1"><img src="data:image/png;base64,AA=="><a href="mailto:a@a.test"><a href="//c.test">';
    expect(rewritten(html, defangLinks)).toBe(
      '<base href="http://a.test/"><a href="hxxp://a[.]test/b.html"><a href="javascript[:]x"><a href="data[:]text/html,x">' +
        '<img src="cid:1"><img src="data:image/png;base64,AA=="><a href="mailto:a@a.test"><a href="hxxp://c[.]test/">',
    );
  });

  test('once is enough, under a base as well', () => {
    for (const base of ['', '<base href="http://a.test/">', '<base href="file:///a/">']) {
      const html = `${base}<a href="b.html"><a href="https://c.test/"><a href="javascript:x"><a href="//d.test">https://e.test`;
      const once = rewritten(html, defangLinks);
      expect(rewritten(once, defangLinks)).toBe(once);
    }
  });

  test('leaves relative URLs that lead nowhere', () => {
    expect(rewritten('<img src="logo.png"><body background="red">', defangLinks)).toBe(
      '<img src="logo.png"><body background="red">',
    );
  });
});

const PIECES = ['<a href=', '"', "'", '>', 'http://a.test', '&amp;', '&#58;', '<style>', '</style>', 'url(', ')', ' '];

test('what is left alone stays, whatever the text is', () => {
  fc.assert(
    fc.property(anyText(...PIECES, '<!--[if mso]>', '-->', '<img srcset=', ',', '\\', 'style="'), html => {
      const { edits } = rewriteHtmlLinks(html, ({ url }) => `${url}!`);
      let at = 0;
      for (const { start, end, text } of edits) {
        expect(start).toBeGreaterThanOrEqual(at);
        expect(end).toBeLessThanOrEqual(html.length);
        expect(text).not.toBe('');
        at = end;
      }
    }),
  );
});

test.each([
  '<a href="x">',
  '<a href=" ',
  '<p style="url(',
  '<style>url(',
  '<style>url("',
  '@import ',
  '&amp',
  '&#58;//',
  'http&#58;//a',
  '<img srcset="a,',
  '<img srcset=",,,,',
  '<!--[if a]>',
  '<base ',
  '<meta http-equiv=refresh content="0;',
])('a megabyte of %s costs no quadratic time', piece => {
  const html = piece.repeat(Math.ceil(1_000_000 / piece.length));
  rewriteHtmlLinks(html, () => null);
  rewriteHtmlLinks(`${html}">`, () => null);
});
