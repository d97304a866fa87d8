import { describe, expect, test } from 'vitest';
import * as replies from '../../../core/smtp/replies.ts';
import { formatSaid, type Said } from '../../../core/smtp/replies.ts';
import * as fc from '../../support/fast-check.ts';

test('an enhanced status stands once on each line, and never before a greeting or 354', () => {
  expect(formatSaid(replies.OK)).toBe('250 2.0.0 Ok\r\n');
  expect(formatSaid({ code: 250, status: '2.1.5', text: ['<a@b>', '<c@d>'] })).toBe(
    '250-2.1.5 <a@b>\r\n250 2.1.5 <c@d>\r\n',
  );
  expect(formatSaid(replies.GO_AHEAD)).toBe('354 End data with <CR><LF>.<CR><LF>\r\n');
  expect(formatSaid(replies.greeting('mx.example.test', 'smtp'))).toBe('220 mx.example.test ESMTP\r\n');
});

test('a status that contradicts the code gives way to the code', () => {
  expect(formatSaid({ code: 550, status: '4.1.1', text: 'No' })).toBe('550 5.0.0 No\r\n');
  expect(formatSaid({ code: 451, status: '4.7.1\r\n250 2.0.0', text: 'No' })).toBe('451 4.0.0 No\r\n');
});

test('reply splitting: whatever a text holds, it is one reply of lines that are short enough', () => {
  const text = fc.string({ unit: 'binary', maxLength: 1500 });
  fc.assert(
    fc.property(fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 4 })), said => {
      const wire = formatSaid({ code: 550, status: '5.7.1', text: said });
      const lines = wire.split('\r\n');
      expect(lines.pop()).toBe('');
      for (const [index, line] of lines.entries()) {
        expect(line).toMatch(index < lines.length - 1 ? /^550-5\.7\.1 [\x20-\x7e]*$/ : /^550 5\.7\.1 [\x20-\x7e]*$/);
        expect(line.length).toBeLessThanOrEqual(510);
      }
    }),
  );
});

test('UTF-8 goes over the wire only for a client that can read it, and no line is too long in octets', () => {
  const jürgen = { code: 250, status: '2.1.5', text: ['<jürgen@example.test>'] };
  expect(formatSaid(jürgen)).toBe('250 2.1.5 <j?rgen@example.test>\r\n');
  expect(formatSaid({ ...jürgen, charset: 'utf-8' })).toBe('250 2.1.5 <jürgen@example.test>\r\n');
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('ü', '😀', ' ', '\r\n', '\u0085', '\ud800', 'a'), maxLength: 600 }),
      text => {
        const lines = formatSaid({ code: 250, status: '2.1.5', text, charset: 'utf-8' }).split('\r\n');
        expect(lines.pop()).toBe('');
        for (const line of lines) {
          expect(line).toMatch(/^250[- ]2\.1\.5 [ a?ü😀]*$/u);
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(510);
        }
      },
    ),
  );
});

describe('the catalogue', () => {
  const all = Object.entries(replies).flatMap(([name, value]): readonly (readonly [string, Said])[] =>
    typeof value === 'object' && 'code' in value ? [[name, value]] : [],
  );

  test('holds replies', () => {
    expect(all.length).toBeGreaterThan(30);
  });

  test.for(all)('%s has a status of the class of its code', ([, { code, status }]) => {
    if (status !== null) expect(status[0]).toBe(String(code)[0]);
  });
});
