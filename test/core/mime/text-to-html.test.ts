/** Plain text as HTML. */

import { describe, expect, test } from 'vitest';
import { htmlToText } from '../../../core/mime/html-to-text.ts';
import { htmlTokens } from '../../../core/mime/html-tokens.ts';
import type { TextFormat } from '../../../core/mime/text-format.ts';
import { textToHtml } from '../../../core/mime/text-to-html.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

const FIXED: TextFormat = { kind: 'fixed' };

/** What stands in the body, on one line. */
function body(text: string, format: TextFormat = FIXED): string {
  const html = textToHtml(text, format)
    .replaceAll('\r\n', '')
    .replaceAll(/<blockquote[^>]*>/g, '<blockquote>');
  return /<body>(.*)<\/body>/s.exec(html)?.[1] ?? '';
}

describe('plain text', () => {
  test.each([
    { name: 'is escaped', text: '<b>&amp;"\r\n', want: '<div>&#60;b&#62;&#38;amp;&#34;</div>' },
    {
      name: 'keeps its empty lines and blanks',
      text: ' a  b\r\n\r\n\tc',
      want: `<div>&#160;a&#160; b</div><div><br></div><div>${'&#160;'.repeat(7)} c</div>`,
    },
    {
      name: 'has quotations',
      text: 'a\r\n> b\r\n> > c\r\nd\r\n',
      want: '<div>a</div><blockquote><div>b</div><blockquote><div>c</div></blockquote></blockquote><div>d</div>',
    },
    {
      name: 'has links',
      text: 'See http://a.test/?a&b, www.b.test.',
      want: '<div>See <a href="http://a.test/?a&#38;b">http://a.test/?a&#38;b</a>, <a href="http://www.b.test/">www.b.test</a>.</div>',
    },
    { name: 'has no links that act', text: 'file://a/b x://a', want: '<div>file://a/b x://a</div>' },
    { name: 'of other letters stays', text: 'Grüße 日', want: '<div>Grüße 日</div>' },
  ])('$name', ({ text, want }) => {
    expect(body(text)).toBe(want);
  });

  test('that flows is joined', () => {
    expect(body('a \r\nb\r\n>> c \r\n>> d\r\n', { kind: 'flowed', delSp: false })).toBe(
      '<div>a b</div><blockquote><blockquote><div>c d</div></blockquote></blockquote>',
    );
  });

  test('makes no tag of its own, whatever it holds', () => {
    const pieces = [
      '<',
      '>',
      '&',
      '"',
      "'",
      'http://',
      'a.test',
      'javascript:',
      '<script>',
      '\r\n',
      '> ',
      '\0',
      '/',
      ' ',
    ];
    const known = new Set(['html', 'body', 'div', 'br', 'a', 'blockquote']);
    fc.assert(
      fc.property(anyText(...pieces), text => {
        const html = textToHtml(text, FIXED);
        let depth = 0;
        for (const token of htmlTokens(html)) {
          if (token.kind === 'start') {
            expect(known).toContain(token.name);
            for (const { name, start } of token.attributes) {
              if (name === 'href') expect(html.slice(start)).toMatch(/^(?:https?|ftp|mailto):/i);
              else expect(token.name).toBe('blockquote');
            }
          }
          if (token.kind === 'start' && token.name !== 'br') depth += 1;
          if (token.kind === 'end') depth -= 1;
          expect(['start', 'end', 'text', 'comment']).toContain(token.kind);
        }
        expect(depth).toBe(0);
      }),
    );
  });

  test('comes back as text', () => {
    const text = 'Hello <you>\r\n\r\n> quoted\r\n> text\r\n\r\n  end\r\n';
    const back = htmlToText(textToHtml(text, FIXED), { width: null, links: 'references', longest: 1000 });
    expect(back.text).toBe('Hello <you>\r\n\r\n> quoted\r\n> text\r\n\r\n  end\r\n');
  });

  test('of a megabyte of quotation marks costs no depth', () => {
    expect(textToHtml('>'.repeat(1_000_000), FIXED).match(/<blockquote/g)).toHaveLength(20);
  });
});
