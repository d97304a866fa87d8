import { describe, expect, test } from 'vitest';
import { LineEnds } from '../../../core/mime/line-ends.ts';
import * as fc from '../../support/fast-check.ts';

function run(policy: 'reject' | 'normalize', pieces: readonly string[]) {
  const lineEnds = new LineEnds(policy);
  const out = [...pieces.map(piece => lineEnds.feed(Buffer.from(piece, 'latin1'))), lineEnds.end()];
  return { octets: Buffer.concat(out).toString('latin1'), stray: lineEnds.stray };
}

/** Octets of the kind that matters, cut anywhere. */
const content = fc.string({ unit: fc.constantFrom('\r', '\n', '\0', '.', 'a', '\r\n'), maxLength: 60 });
const cut = fc.tuple(content, fc.array(fc.nat(60), { maxLength: 5 })).map(([text, cuts]) => {
  const at = [0, ...cuts.map(one => Math.min(one, text.length)).sort((a, b) => a - b), text.length];
  return { text, pieces: at.slice(1).map((end, index) => text.slice(at[index], end)) };
});

describe('strays are found', () => {
  test.for([
    { text: 'a\r\nb\r\n', want: null },
    { text: '', want: null },
    { text: 'a\nb\r\n', want: 'bare LF' },
    { text: 'a\rb\r\n', want: 'bare CR' },
    { text: 'a\r\r\n', want: 'bare CR' },
    { text: '\n\r', want: 'bare LF' },
    { text: 'a\r', want: 'bare CR' },
    { text: 'a\0\n', want: 'NUL' },
  ])('$text', ({ text, want }) => {
    expect(run('reject', [text]).stray).toBe(want);
    expect(run('normalize', [text]).stray).toBe(want);
  });
});

test('where the pieces were cut makes no difference', () => {
  fc.assert(
    fc.property(cut, fc.constantFrom('reject' as const, 'normalize' as const), ({ text, pieces }, policy) => {
      expect(run(policy, pieces)).toEqual(run(policy, [text]));
    }),
  );
});

test('what is in order stays as it is, to the octet', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('.', 'a', ' ') })), lines => {
      const text = lines.map(line => `${line}\r\n`).join('');
      expect(run('normalize', [text])).toEqual({ octets: text, stray: null });
    }),
  );
});

test('what was made whole has nothing stray in it, and only line ends and NULs differ', () => {
  fc.assert(
    fc.property(cut, ({ text, pieces }) => {
      const { octets } = run('normalize', pieces);
      expect(run('reject', [octets]).stray).toBeNull();
      expect(octets.replaceAll('\r\n', '')).toBe(text.replaceAll(/[\r\n\0]/g, ''));
      expect(octets).toBe(
        text
          .replaceAll('\0', '\u0001')
          .replaceAll(/\r\n|\r|\n/g, '\r\n')
          .replaceAll('\u0001', ''),
      );
    }),
  );
});

test('denial of service: octets that are all stray are handled in one pass', () => {
  const { octets } = run('normalize', ['\n'.repeat(1_000_000)]);
  expect(octets.length).toBe(2_000_000);
});
