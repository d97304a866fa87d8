/** Content as SMTP carries it: put right where nobody has looked at it, and not looked at again where somebody has. */
import { expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { asKnownAs, knownLines } from '../../../core/mail/known-lines.ts';
import { lineSafe, lineSafeOctets } from '../../../core/next-hop/line-safe.ts';

const STRAY = 'one\ntwo\r\0three\r\n';
const SAFE = 'one\r\ntwo\r\nthree\r\n';

async function passed(content = contentOf(STRAY)): Promise<readonly string[]> {
  const pieces = await Array.fromAsync(lineSafe(content, 'lasting'));
  return [Buffer.concat(pieces).toString(), (await lineSafeOctets(content)).toString()];
}

test('what a plugin has made is put right', async () => {
  expect(await passed()).toEqual([SAFE, SAFE]);
});

test('what is known to be lines passes as it is', async () => {
  const known = knownLines(contentOf(STRAY));
  expect(await passed(known)).toEqual([STRAY, STRAY]);
  expect(await passed(asKnownAs(known, contentOf(STRAY)))).toEqual([STRAY, STRAY]);
});

test('of a copy, and of what is like content that nobody knows, nothing is known', async () => {
  expect(await passed({ ...knownLines(contentOf(STRAY)) })).toEqual([SAFE, SAFE]);
  expect(await passed(asKnownAs(contentOf(STRAY), contentOf(STRAY)))).toEqual([SAFE, SAFE]);
});
