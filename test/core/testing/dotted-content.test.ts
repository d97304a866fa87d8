import { describe, expect, test } from 'vitest';
import { DottedContent, dotted } from '../../../core/testing/dotted-content.ts';
import * as fc from '../../support/fast-check.ts';

describe('content over the wire', () => {
  test.each([
    { content: '', want: '.\r\n' },
    { content: 'a', want: 'a\r\n.\r\n' },
    { content: '.\n.a\n', want: '..\r\n..a\r\n.\r\n' },
    { content: Buffer.from('bare\n.lf\r\n'), want: 'bare\n.lf\r\n.\r\n' },
  ])('of $content is $want', ({ content, want }) => {
    expect(dotted(content).toString()).toBe(want);
  });

  test('is the same when it has arrived, in whatever pieces', () => {
    const line = fc.stringMatching(/^[.a\r\n]{0,6}$/);
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lines, sizes) => {
        const content = lines.map(one => `${one.replace(/\r\n/g, '')}\r\n`).join('');
        const wire = `${dotted(Buffer.from(content)).toString('latin1')}QUIT\r\n`;
        const reader = new DottedContent();
        let found: ReturnType<DottedContent['feed']> = null;
        let at = 0;
        for (let turn = 0; found === null; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          found = reader.feed(wire.slice(at, at + size));
          at += size;
        }
        expect(found.content.toString()).toBe(content);
        expect(found.rest + wire.slice(at)).toBe('QUIT\r\n');
      }),
    );
  });
});
