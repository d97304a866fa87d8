/** Header edits over mails of other projects: bodies and all other fields stay what they are, to the octet. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { contentOf, parseHeader } from '../../core/index.ts';
import { type Harness, harness } from '../../core/testing.ts';
import mimeRewrite from '../../plugins/mime-rewrite/index.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';

/** What lies beside the mails: licences, and what other parsers make of them. */
const NO_MAIL = /LICENSE|SOURCE|COPYING|README|\.(?:json|ref|out|xml)$/;

/** The mails of one project, by their path. */
function mailsOf(project: string): readonly string[] {
  return readdirSync(corpus('mime', project), { recursive: true, encoding: 'utf8' })
    .filter(path => !NO_MAIL.test(path) && statSync(corpus('mime', project, path)).isFile())
    .map(path => corpus('mime', project, path));
}

/** The content in pieces of a size. */
function inPieces(octets: Buffer, size: number) {
  return {
    ...contentOf(octets),
    async *stream() {
      for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
    },
  };
}

const RULES = [
  { do: [{ add: { field: 'X-Top', value: 'one' } }, { add: { field: 'X-Bottom', value: 'two', at: 'bottom' } }] },
  { do: [{ subjectTag: '[ext]' }, { rename: { from: 'To', to: 'X-Original-To' } }, { remove: 'Received' }] },
];
const TOUCHED = new Set(['x-top', 'x-bottom', 'subject', 'to', 'x-original-to', 'received']);

/** All other fields. A header that ends without a line end gets one when a field is added below. */
function untouched(octets: Buffer): readonly string[] {
  const header = parseHeader(octets);
  const raw = header.fields
    .filter(({ name }) => !TOUCHED.has(name.toLowerCase()))
    .map(one => one.raw.toString('latin1'));
  return header.bodyStart === octets.length ? raw.map(text => text.replace(/\r?\n$/, '')) : raw;
}

/** What the rules make of a mail. `pieces`: how large those are in which it is fed to them. */
async function edited({ data }: Harness, octets: Buffer, pieces: number): Promise<Buffer> {
  const answer = await data(inPieces(octets, pieces));
  if (answer?.kind !== 'rewrite') throw new Error(`not rewritten, but ${answer?.kind ?? 'silence'}`);
  const streamed = Buffer.concat(await Array.fromAsync(answer.content.stream()));
  if (streamed.length !== answer.content.size) throw new Error('the content is not as long as it says');
  return streamed;
}

/** What went wrong with a mail, or `null`. */
async function faultOf(plugin: Harness, octets: Buffer): Promise<string | null> {
  const body = octets.subarray(parseHeader(octets).bodyStart);
  const whole = await edited(plugin, octets, 65_536);
  const header = parseHeader(whole);
  if (!whole.subarray(whole.length - body.length).equals(body)) return 'another body';
  if (header.bodyStart !== whole.length - body.length) return 'the header ends elsewhere';
  if (!isDeepStrictEqual(untouched(whole), untouched(octets))) return 'other fields';
  if (header.values('x-top').join() !== 'one' || header.values('x-bottom').join() !== 'two') return 'not edited';
  const inOctets = octets.length < 20_000 ? [1, 7] : [];
  for (const pieces of inOctets) {
    if (!(await edited(plugin, octets, pieces)).equals(whole)) return `another mail in pieces of ${pieces}`;
  }
  return null;
}

describeWithCorpus('mime-rewrite over other people’s mail', () => {
  const tally: string[] = [];

  afterAll(() => {
    console.info(tally.join('\n'));
  });

  test.each(corpusProjects())('%s', async project => {
    const plugin = await harness(mimeRewrite, { rules: RULES });
    const mails = mailsOf(project);
    const failed: string[] = [];
    for (const path of mails) {
      const fault = await faultOf(plugin, readFileSync(path));
      if (fault !== null) failed.push(`${path}: ${fault}`);
    }
    tally.push(`mime/${project}: ${mails.length - failed.length} passed, ${failed.length} failed`);
    expect(failed).toEqual([]);
    expect(mails.length).toBeGreaterThan(0);
  });
});

function corpusProjects(): readonly string[] {
  try {
    return readdirSync(corpus('mime'));
  } catch {
    return [];
  }
}
