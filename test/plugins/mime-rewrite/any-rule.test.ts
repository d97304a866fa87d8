/** Any mail under any rule: what the rule does not name stays as it is, to the octet. */

import { expect, test } from 'vitest';
import { parseHeader } from '../../../core/index.ts';
import { harness } from '../../../core/testing.ts';
import mimeRewrite from '../../../plugins/mime-rewrite/index.ts';
import * as fc from '../../support/fast-check.ts';

const name = fc.constantFrom('From', 'subject', 'X-A', 'X-B', 'Content-Type', 'x-b');
const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom('', ' a ', '=?utf-8?q?=C3=BC?=', 'x'.repeat(1200)),
);
const clean = value.map(text => text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, '')).filter(text => text.isWellFormed());
const action = fc.oneof(
  fc.record({ add: fc.record({ field: name, value: clean, at: fc.constantFrom('top', 'bottom') }) }),
  fc.record({ replace: fc.record({ field: name, value: clean }) }),
  fc.record({ remove: fc.oneof(name, fc.constant('X-*')) }),
  fc.record({ rename: fc.record({ from: name, to: name }) }),
  fc.record({ subjectTag: clean.filter(text => text.length <= 40).map(text => `[${text}]`) }),
);
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\n');
const field = fc.tuple(name, clean, lineEnd).map(([name, value, end]) => `${name}: ${value}${end}`);
const mail = fc
  .record({
    fields: fc.array(field, { maxLength: 6 }),
    between: fc.constantFrom('\r\n', '\n', 'no field\r\n'),
    body: fc.string({ maxLength: 40 }),
  })
  .map(({ fields, between, body }) => Buffer.from(`${fields.join('')}${between}${body}`));

test('header injection: a rule changes the fields that it names, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(mail, action, async (octets, action) => {
      const { data } = await harness(mimeRewrite, { rules: [{ do: action }] });
      const answer = await data(octets);
      if (answer === undefined) return;
      const changed = answer.kind === 'rewrite' ? await answer.content.bytes() : Buffer.alloc(0);
      expect(answer).toMatchObject({ content: { size: changed.length } });
      const [before, after] = [parseHeader(octets), parseHeader(changed)];
      const body = octets.subarray(before.bodyStart);
      expect(changed.subarray(changed.length - body.length).equals(body)).toBe(true);
      expect(changed.length - body.length).toBe(after.bodyStart);
      const named = new Set(
        JSON.stringify(action)
          .toLowerCase()
          .match(/from|subject|x-[ab*]|content-type/g),
      );
      const untouched = (header: typeof before) =>
        header.fields
          .filter(({ name }) => !named.has(name.toLowerCase()) && !(named.has('x-*') && /^x-/i.test(name)))
          .map(({ raw }) => raw.toString('latin1'));
      expect(untouched(after)).toEqual(untouched(before));
    }),
    { numRuns: 1000 },
  );
});
