/** HTML as tokens with their places. */

import { describe, expect, test } from 'vitest';
import { htmlTokens } from '../../../core/mime/html-tokens.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

/** Each token as `kind:text`, start tags with their attributes. */
function tokens(html: string): readonly string[] {
  return [...htmlTokens(html)].map(token => {
    if (token.kind !== 'start') return `${token.kind}:${html.slice(token.start, token.end)}`;
    const attributes = token.attributes.map(({ name, start, end }) => ` ${name}(${html.slice(start, end)})`);
    return `<${token.name}${attributes.join('')}>`;
  });
}

describe('tags', () => {
  test.each([
    { html: `<A HREF="a>b" b='"' c=d/e f>`, want: ['<a href(a>b) b(") c(d/e) f()>'] },
    { html: '<a\nhref = "x"/title="y">', want: ['<a href(x) title(y)>'] },
    { html: '<a/href=x//b=>', want: ['<a href(x//b=)>'] },
    { html: '<a b= >', want: ['<a b()>'] },
    { html: '<a =b=c>', want: ['<a =b(c)>'] },
    { html: '<a b="1"c="2">', want: ['<a b(1) c(2)>'] },
    { html: '</P class="x">', want: ['end:</P class="x">'] },
    { html: '</>a</ b>', want: ['comment:</>', 'text:a', 'comment:</ b>'] },
    { html: '1<2<3 <', want: ['text:1<2<3 <'] },
    { html: 'a<b c="d>e', want: ['text:a', 'unfinished:<b c="d>e'] },
  ])('$html', ({ html, want }) => {
    expect(tokens(html)).toEqual(want);
  });
});

describe('what is no markup', () => {
  test.each([
    { html: '<!-- <a> -- > --><b>', want: ['comment:<!-- <a> -- > -->', '<b>'] },
    { html: '<!--><b><!---><i>', want: ['comment:<!-->', '<b>', 'comment:<!--->', '<i>'] },
    { html: '<!-- --!><b>', want: ['comment:<!-- --!>', '<b>'] },
    {
      html: '<!DOCTYPE html><?php a?><![CDATA[x]]>',
      want: ['comment:<!DOCTYPE html>', 'comment:<?php a?>', 'comment:<![CDATA[x]]>'],
    },
    { html: '<!--[if mso]><a><![endif]-->', want: ['comment:<!--[if mso]><a><![endif]-->'] },
    { html: '<![if !mso]><a><![endif]>', want: ['comment:<![if !mso]>', '<a>', 'comment:<![endif]>'] },
    { html: 'a<!-- b', want: ['text:a', 'unfinished:<!-- b'] },
    { html: '<style><a></styles></STYLE >x', want: ['<style>', 'raw:<a></styles>', 'end:</STYLE >', 'text:x'] },
    { html: '<textarea></body></textarea>', want: ['<textarea>', 'raw:</body>', 'end:</textarea>'] },
    { html: '<script></script>a', want: ['<script>', 'end:</script>', 'text:a'] },
    {
      html: '<script><!--<script></script>a--></script>b',
      want: ['<script>', 'raw:<!--<script></script>a-->', 'end:</script>', 'text:b'],
    },
    { html: '<script><!--></script>a', want: ['<script>', 'raw:<!-->', 'end:</script>', 'text:a'] },
    { html: '<plaintext></plaintext>', want: ['<plaintext>', 'raw:</plaintext>'] },
  ])('$html', ({ html, want }) => {
    expect(tokens(html)).toEqual(want);
  });
});

const PIECES = ['<', '>', '/', '!--', '-->', '"', "'", '=', ' ', 'a', 'script', 'style', '</', '&lt;', '![CDATA['];

test('the tokens are all characters of the text, each once', () => {
  fc.assert(
    fc.property(anyText(...PIECES), html => {
      let at = 0;
      for (const token of htmlTokens(html)) {
        expect(token.start).toBe(at);
        expect(token.end).toBeGreaterThan(at);
        at = token.end;
      }
      expect(at).toBe(html.length);
    }),
  );
});

test.each([
  '<',
  '<a ',
  '<a b="',
  '<!--',
  '</',
  '<script>',
  '<script><!--',
  '<title>',
  '<a =',
  '<!',
  '<script',
  "<a b='>",
])('a megabyte of %s costs no quadratic time', piece => {
  const html = piece.repeat(Math.ceil(1_000_000 / piece.length));
  let end = 0;
  for (const token of htmlTokens(html)) end = token.end;
  expect(end).toBe(html.length);
});
