/** The end of content and its dots, against a model that looks at all octets at once. */

import { expect, test } from 'vitest';
import { DottedContent } from '../../../core/smtp/dotted-content.ts';
import * as fc from '../../support/fast-check.ts';

/** What RFC 5321 says, written for clarity: latin1 text, no pieces. */
function model(wire: string): { readonly content: string; readonly end: number | null } {
  const whole = `\r\n${wire}`;
  const at = whole.indexOf('\r\n.\r\n');
  const stuffed = at === -1 ? whole : whole.slice(0, at + 2);
  return {
    content: stuffed.replaceAll(/\n\.(?=[^\r\n])/g, '\n').slice(2),
    end: at === -1 ? null : at + 3,
  };
}

function read(pieces: readonly Buffer[]) {
  const dots = new DottedContent();
  const out: Buffer[] = [];
  let before = 0;
  for (const piece of pieces) {
    const { octets, end } = dots.feed(piece);
    out.push(octets);
    if (end !== null) return { content: Buffer.concat(out).toString('latin1'), end: before + end };
    before += piece.length;
  }
  return { content: Buffer.concat(out).toString('latin1'), end: null };
}

function cut(octets: Buffer, at: readonly number[]): readonly Buffer[] {
  const places = [...new Set([0, ...at.map(one => one % (octets.length + 1)), octets.length])].toSorted(
    (a, b) => a - b,
  );
  return places.slice(1).map((place, index) => octets.subarray(places[index], place));
}

const wire = fc
  .array(fc.constantFrom('\r', '\n', '.', '\r\n', '\r\n.', '\r\n.\r\n', 'x', 'text', '\0', 'é'), { maxLength: 30 })
  .map(parts => parts.join(''));

test('wherever it is cut, it is read as RFC 5321 says', () => {
  fc.assert(
    fc.property(wire, fc.array(fc.nat(), { maxLength: 12 }), (text, places) => {
      // A dot at the very end may still become the end of content: what follows it decides.
      const octets = Buffer.from(`${text}x\r\n`, 'latin1');
      expect(read(cut(octets, places))).toEqual(model(octets.toString('latin1')));
    }),
    { numRuns: 5000 },
  );
});

test('octet by octet it is the same', () => {
  fc.assert(
    fc.property(wire, text => {
      const octets = Buffer.from(`${text}x\r\n`, 'latin1');
      expect(read([...octets].map(octet => Buffer.of(octet)))).toEqual(model(octets.toString('latin1')));
    }),
  );
});

test('what is stuffed comes out as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('.', '..', '.x', '', 'x.'), { minLength: 1 }), lines => {
      const content = lines.map(line => `${line}\r\n`).join('');
      const stuffed = `${content.replaceAll(/^\./gm, '..')}.\r\nQUIT\r\n`;
      expect(read([Buffer.from(stuffed)])).toEqual({ content, end: stuffed.length - 'QUIT\r\n'.length });
    }),
  );
});
