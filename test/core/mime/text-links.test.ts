/** Links in plain text, and what takes their place. */

import { describe, expect, test } from 'vitest';
import { readLeafText, writeLeafText } from '../../../core/mime/leaf-text.ts';
import { defang, defangLinks, type LinkReplacement, linkTemplate } from '../../../core/mime/links.ts';
import type { TextFormat } from '../../../core/mime/text-format.ts';
import { rewriteTextLinks } from '../../../core/mime/text-links.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

const FIXED: TextFormat = { kind: 'fixed' };

function rewritten(text: string, replace: LinkReplacement, format = FIXED): string {
  const { edits } = rewriteTextLinks(text, format, replace);
  const leaf = readLeafText(Buffer.from(text), 'utf-8');
  return writeLeafText(leaf, edits, 'utf-8').octets.toString();
}

/** The text with its links in brackets. */
const marked = (text: string) => rewritten(text, ({ url }) => `{${url}}`);

describe('a link in text', () => {
  test.each([
    'See {http://a.test}.',
    '{https://a.test/b?c=d&e#f}, and ({http://a.test/x(y)}) or ({HTTP://A.TEST/})!',
    '<{http://a.test/}> <URL:{ftp://a.test/b}> "{http://a.test}" “{http://a.test/}”',
    '[{http://a.test/a[1]}] and {http://a.test/a_(b)_c}',
    '{www.a.test}, {www2.a.test/b:c} but not wwww.a.test, x.www.a.test or me@www.a.test',
    'Write to {mailto:a@a.test?subject=b}.',
    '日本{http://日本.test/ü%20}。次 {http://a.test/b}，',
    'x{http://a.test} {file://host/share} {custom+1://a}',
    'http:// :// http://... www. mailto: http:/a http',
    "it's '{http://a.test/it's}' *{http://a.test}* _{http://a.test/}_",
    'hxxp://a[.]test and fxp://a',
    'a {http://a.test/?u=http://b.test} {http://[::1]:80/}',
    '> quoted {http://a.test}\r\n> {www.a.test}\r\n',
  ])('%s', text => {
    expect(marked(text.replaceAll(/[{}]/g, ''))).toBe(text);
  });

  test('that soft breaks cut is whole again under DelSp, and cut without', () => {
    const text = '>> see http://a.test/long \r\n>> er/path \r\n>> more\r\n';
    const { links } = rewriteTextLinks(text, { kind: 'flowed', delSp: true }, () => null);
    expect(links.map(({ link }) => link.url)).toEqual(['http://a.test/longer/pathmore']);
    const want = '>> see X\r\n';
    expect(rewritten(text, () => 'X', { kind: 'flowed', delSp: true })).toBe(want);
    expect(rewritten(text, () => 'X', { kind: 'flowed', delSp: false })).toBe(
      '>> see X \r\n>> er/path \r\n>> more\r\n',
    );
  });

  test('that is left alone stays, and so does all around it', () => {
    fc.assert(
      fc.property(anyText('http://', 'www.', 'a.test', ')', '(', '.', ' \r\n', '> ', ' ', '/', ':'), text => {
        for (const format of [FIXED, { kind: 'flowed', delSp: true } as const]) {
          const { edits, links } = rewriteTextLinks(text, format, ({ url }) => url.toUpperCase());
          expect(edits).toHaveLength(links.length);
          let at = 0;
          for (const { start, end } of edits) {
            expect(start).toBeGreaterThanOrEqual(at);
            expect(end).toBeGreaterThan(start);
            at = end;
          }
          expect(at).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });

  test.each([
    '://',
    'a://',
    'www.a',
    'http://a(',
    'http://a)',
    'http://',
    'http://a ',
    'mailto:',
    'http://a!',
    ' \r\n>',
  ])('costs no quadratic time in a megabyte of %s', piece => {
    const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
    rewriteTextLinks(text, { kind: 'flowed', delSp: true }, () => null);
  });
});

describe('defanging', () => {
  test.each([
    ['http://a.test/b.html?c=d.e', 'hxxp://a[.]test/b.html?c=d.e'],
    ['HTTPS://user.name@a.test:80', 'hxxpS://user[.]name@a[.]test:80'],
    ['http://a.test/?u=http://b.test', 'hxxp://a[.]test/?u=http[:]//b.test'],
    ['www.a.test:80/www.b', 'www[.]a[.]test:80/www[.]b'],
    ['ftp://a.test/', 'ftp[:]//a[.]test/'],
    ['javascript:alert(1.5)', 'javascript[:]alert(1.5)'],
    ['java\nscript:x', 'javascript[:]x'],
    ['mailto:a.b@a.test?c', 'mailto[:]a[.]b@a[.]test?c'],
    ['//a.test/b.c', '//a[.]test/b.c'],
    ['\\\\a.test\\b', '\\\\a[.]test\\b'],
    ['http:\\\\a.test', 'hxxp:\\\\a[.]test'],
    ['http://日本.test/', 'hxxp://日本[.]test/'],
  ])('%s', (url, want) => {
    expect(defang(url)).toBe(want);
  });

  test('leaves no link, whatever the text is', () => {
    const pieces = ['http://', 'www.', 'a.test', ')', '.', ' ', '/', ':', 'javascript:', '@', '?', 'ftp://', 'x'];
    fc.assert(
      fc.property(anyText(...pieces), text => {
        const once = rewritten(text.toWellFormed(), defangLinks);
        const left = rewriteTextLinks(once, FIXED, () => null).links.map(({ link }) => link);
        expect(left.filter(({ url }) => !/^mailto:/i.test(url))).toEqual([]);
      }),
    );
  });

  test('leaves addresses alone', () => {
    expect(rewritten('mailto:a@a.test http://a.test', defangLinks)).toBe('mailto:a@a.test hxxp://a[.]test');
  });
});

describe('a template', () => {
  const check = linkTemplate('https://check.test/?u={url}&h={host}');

  test('gets the URL as it was written, and once', () => {
    const text = 'http://Ä.test/%7ea?b=c&d www.b.test';
    const want =
      'https://check.test/?u=http%3A%2F%2F%C3%84.test%2F%257ea%3Fb%3Dc%26d&h=xn--4ca.test ' +
      'https://check.test/?u=http%3A%2F%2Fwww.b.test%2F&h=www.b.test';
    expect(rewritten(text, check)).toBe(want);
    expect(rewritten(want, check)).toBe(want);
  });

  test('in base64url', () => {
    expect(rewritten('http://a.test/', linkTemplate('https://check.test/{base64url}'))).toBe(
      'https://check.test/aHR0cDovL2EudGVzdC8',
    );
  });

  test('leaves alone what is not of the web, or is no URL', () => {
    const text = 'mailto:a@a.test file://a/b http://[/ custom://a';
    expect(rewritten(text, check)).toBe(text);
  });

  test('is not fooled by a host that starts like its own', () => {
    const risky = linkTemplate('https://check.{host}/{url}');
    expect(rewritten('https://check.evil.test/', risky)).toContain('https%3A%2F%2Fcheck.evil.test');
    expect(rewritten('https://check.test@evil.test/?u=', check)).toContain('evil.test%2F');
  });

  test.each(['https://check.test/', 'https://check.test/{url}{x}', '{url}x', 'javascript:{url}'])(
    '%s is refused',
    template => {
      expect(() => linkTemplate(template)).toThrow(TypeError);
    },
  );
});
