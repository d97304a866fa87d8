/** The mbox writer's lines: quoted so that every reader finds the mails again, whatever they say. */

import { describe, expect, test } from 'vitest';
import { type MboxFormat, mboxLines, mboxLinesOf } from '../../../plugins/mbox-delivery/mbox-lines.ts';
import * as fc from '../../support/fast-check.ts';

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function linesOf(pieces: readonly string[], format: MboxFormat = 'mboxrd'): Promise<string> {
  const lines = await Array.fromAsync(mboxLines(each(pieces.map(piece => Buffer.from(piece, 'latin1'))), format));
  return Buffer.concat(lines).toString('latin1');
}

/** Lines as mail has them, with all that confuses mbox readers. */
const line = fc
  .array(fc.constantFrom('From ', 'From', '>', 'F', 'x', '\r', ' ', '\t', 'é', '\0', '.', 'From:'), { maxLength: 5 })
  .map(parts => parts.join(''));
/** Content as SMTP brings it: every line ended by CRLF. A CR at the end of a line would be another line end. */
const content = fc
  .array(line, { maxLength: 12 })
  .map(lines => lines.map(one => `${one.replace(/\r+$/, '')}\r\n`).join(''));

/** The same text in pieces. */
function cut(text: string, places: readonly number[]): readonly string[] {
  const at = [0, ...places.map(place => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

describe('mboxLines', () => {
  test.each([
    { format: 'mboxrd', text: 'From me\r\n', want: '>From me\n' },
    { format: 'mboxrd', text: '>From me\r\n', want: '>>From me\n' },
    { format: 'mboxrd', text: '>>>From me\r\n', want: '>>>>From me\n' },
    { format: 'mboxrd', text: ' From me\r\n', want: ' From me\n' },
    { format: 'mboxrd', text: 'From: me\r\n', want: 'From: me\n' },
    { format: 'mboxrd', text: 'x\r\nFrom \r\n', want: 'x\n>From \n' },
    { format: 'mboxrd', text: 'x\nFrom me\n', want: 'x\n>From me\n' },
    { format: 'mboxo', text: 'From me\r\n', want: '>From me\n' },
    { format: 'mboxo', text: '>From me\r\n', want: '>From me\n' },
    { format: 'mboxrd', text: 'no end', want: 'no end\n' },
    { format: 'mboxrd', text: 'From', want: 'From\n' },
    { format: 'mboxrd', text: 'cr at the end\r', want: 'cr at the end\r\n' },
    { format: 'mboxrd', text: 'a\rb\r\n', want: 'a\rb\n' },
    { format: 'mboxrd', text: '', want: '' },
  ] as const)('$format: $text', async ({ format, text, want }) => {
    expect(await linesOf([text], format)).toBe(want);
  });

  test('mboxrd can be undone exactly, whatever the content', async () => {
    await fc.assert(
      fc.asyncProperty(content, async text => {
        const quoted = await linesOf([text]);
        expect(quoted).not.toMatch(/(?<![^\n])From /);
        expect(quoted.replaceAll(/(?<![^\n])>(>*From )/g, '$1')).toBe(text.replaceAll('\r\n', '\n'));
      }),
      { numRuns: 500 },
    );
  });

  test('how the content was cut into pieces changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.array(fc.nat(), { maxLength: 20 }), async (text, places) => {
        for (const format of ['mboxrd', 'mboxo'] as const) {
          const whole = Buffer.concat(mboxLinesOf(Buffer.from(text, 'latin1'), format)).toString('latin1');
          expect(await linesOf(cut(text, places), format)).toBe(whole);
        }
      }),
      { numRuns: 500 },
    );
  });
});
