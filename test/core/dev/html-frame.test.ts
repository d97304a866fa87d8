/** HTML of a mail as a document that can do nothing. The browser's own part in that is tested in `page.test.ts`. */
import { describe, expect, test } from 'vitest';
import { htmlFrame } from '../../../core/dev/html-frame.ts';

const NONE = () => null;
const bodyOf = (html: string, picture: (id: string) => string | null = NONE) =>
  /<body>([^]*)<\/body>/.exec(htmlFrame(html, picture).document)?.[1] ?? '';

describe('what a browser would do without asking any policy is not in the document', () => {
  test.each([
    ['preconnection', '<link rel="preconnect" href="https://evil.example">'],
    ['look-up of a name', '<link rel="dns-prefetch" href="//evil.example">'],
    ['refresh', '<meta http-equiv="refresh" content="0;url=https://evil.example/">'],
    ['base', '<base href="https://evil.example/">'],
    ['script', '<script>top.location="https://evil.example"</script>'],
    ['frame in the frame', '<iframe src="https://evil.example/"><p>x</p></iframe>'],
    ['object', '<object data="https://evil.example/"><p>x</p></object>'],
    ['event handler', '<p onclick="fetch(\'https://evil.example\')" onmouseover=x>'],
    ['ping', '<a href="https://evil.example/" ping="https://evil.example/p" target="_top">'],
    ['form', '<form action="https://evil.example/"><input formaction="https://evil.example/">'],
    ['unfinished tag', '<p>x</p><img src="https://evil.example/'],
    ['link in SVG', '<svg><a xlink:href="https://evil.example/"><image href="https://evil.example/i"/></a></svg>'],
  ])('%s', (_, html) => {
    const rest = bodyOf(html).replaceAll(/title="[^"]*"/g, '');
    expect(rest).not.toMatch(
      /<(?:link|meta|base|script|iframe|object|form)\b|evil\.example|\son\w+=|formaction|target/i,
    );
  });
});

test('a preconnection that SVG would make of a style sheet is no tag any more', () => {
  expect(bodyOf('<svg><style><p><link rel="preconnect" href="https://evil.example"></style></svg>')).not.toMatch(
    /<(?:p|link)/,
  );
});

test('text, structure and style stay, and a link says where it would lead', () => {
  const html = '<h1 style="color:red">A &amp; B</h1><a href="https://a.example/?x=1&amp;y=2">here</a>';
  expect(bodyOf(html)).toMatch(
    /^<h1 style="color:red">A &amp; B<\/h1><a title="https:\/\/a\.example\/\?x=1&amp;y=2" style="[^"]+">here<\/a>$/,
  );
});

test('a picture of the mail is shown, and none of elsewhere', () => {
  const picture = (id: string) => (id === 'a@b' ? 'data:image/png;base64,AAAA' : null);
  expect(bodyOf('<img alt="x" src="cid:a%40b">', picture)).toBe('<img alt="x" src="data:image/png;base64,AAAA">');
  expect(bodyOf('<img src="https://evil.example/p.png">', picture)).not.toContain('src=');
  expect(bodyOf('<img src="data:text/html,x">', picture)).not.toContain('src=');
});

test('what is kept out is counted, and so are the links', () => {
  const { blocked, links } = htmlFrame(
    '<img src="https://a.example/1.png"><img src="https://a.example/1.png"><p style="background:url(//a.example/2.png)">' +
      '<a href="https://b.example/">x</a><img src="cid:own">',
    NONE,
  );
  expect(blocked).toEqual(['https://a.example/1.png', '//a.example/2.png']);
  expect(links).toEqual(['https://b.example/']);
});
