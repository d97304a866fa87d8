/**
 * Rules over mails of other projects: what no rule touches stays what it is, to the octet, in whatever pieces a mail comes.
 *
 * Every file is fed as it is stored: some are no mails, some have LF alone, some are damaged. All may arrive.
 */
import { readdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, test } from 'vitest';
import { lostSignatures, type Part, parseHeader, parseTree, signaturesOf, walkParts } from '../../core/index.ts';
import { type Harness, harness } from '../../core/testing.ts';
import mimeRewrite from '../../plugins/mime-rewrite/index.ts';
import { corpus, corpusPresent, describeWithCorpus } from '../support/corpus.ts';
import { inPieces } from '../support/in-pieces.ts';
import { type MailFile, mailFiles } from '../support/mail-files.ts';
import { tally, type Verdict } from '../support/tally.ts';

const sourcesOf = (topic: string) =>
  corpusPresent
    ? readdirSync(corpus(topic), { withFileTypes: true })
        .filter(entry => entry.isDirectory())
        .map(({ name }) => [topic, name] as const)
    : [];

const sources = sourcesOf('mime');
/** What is edited in many passes is fed octet by octet up to here. */
const SHORT = 20_000;

/** What the rules make of a mail; `null`: they leave it as it is. */
async function edited({ data }: Harness, octets: Buffer, pieces: number): Promise<Buffer | null> {
  const answer = await data(inPieces(octets, pieces));
  if (answer?.kind !== 'rewrite') return null;
  const streamed = Buffer.concat(await Array.fromAsync(answer.content.stream()));
  if (streamed.length !== answer.content.size) throw new Error('the content is not as long as it says');
  return streamed;
}

const same = (one: Buffer | null, other: Buffer | null) =>
  one === null ? other === null : other?.equals(one) === true;

/** The fault of a mail, or `null`, for every mail of a source. */
async function verdictsOf(
  folder: readonly string[],
  faultOf: (octets: Buffer) => Promise<string | null>,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { name, octets } of mailFiles(...folder)) {
    const deviation = await faultOf(octets()).catch((error: unknown) => `threw ${String(error)}`);
    verdicts.push({ id: name, deviation });
  }
  return verdicts;
}

function partsOf(octets: Buffer): readonly Part[] {
  const read = parseTree(octets);
  return read.kind === 'tree' ? [...walkParts(read.root)] : [];
}

const leavesOf = (octets: Buffer) => partsOf(octets).filter(({ children }) => children.length === 0);
const textOf = ({ octets }: { readonly octets: Buffer }) => octets.toString('latin1');

describeWithCorpus('mime-rewrite over other people’s mail', () => {
  test.each(sources)('%s/%s: rules that look at every part, and find none, leave every octet', async (...folder) => {
    const plugin = await harness(mimeRewrite, { rules: [{ match: { type: 'x-none/*', name: '*.none' }, do: 'drop' }] });
    const faultOf = async (octets: Buffer) => {
      for (const size of [octets.length + 1, 7, 1]) {
        if ((await edited(plugin, octets, size)) !== null) return `edited in pieces of ${size}`;
      }
      return null;
    };
    tally(`${folder.join('/')} no edit`, await verdictsOf(folder, faultOf));
  });

  test.each(sources)('%s/%s: an edit of one field leaves every other octet', async (...folder) => {
    const plugin = await harness(mimeRewrite, { rules: [{ do: { add: { field: 'X-Top', value: 'one' } } }] });
    const field = Buffer.from('X-Top: one\r\n');
    const faultOf = async (octets: Buffer) => {
      const header = parseHeader(octets);
      // A mail that is all body gets the empty line that parts the field from it; one that is all header, a line end.
      const isBare = header.fields.length === 0 && header.end !== 'empty-line';
      const whole = await edited(plugin, octets, octets.length + 1);
      const at = header.fieldsStart;
      const want = Buffer.concat([octets.subarray(0, at), field, octets.subarray(at)]);
      if (!isBare && !same(whole, want)) return 'another octet has changed';
      if (isBare && whole?.subarray(-(octets.length - at)).equals(octets.subarray(at)) === false) return 'another body';
      for (const size of [7, 1])
        if (!same(whole, await edited(plugin, octets, size))) return `otherwise in pieces of ${size}`;
      return null;
    };
    tally(`${folder.join('/')} one field`, await verdictsOf(folder, faultOf));
  });

  test.each(sources)(
    '%s/%s: an edit of every field and part that can be named leaves the others',
    async (...folder) => {
      const rule = {
        match: { partHeader: { 'Content-Type': 'present' } },
        do: { inPart: { add: { field: 'X-Probe', value: '1' } } },
      };
      const plugin = await harness(mimeRewrite, { rules: [rule] });
      const faultOf = async (octets: Buffer) => {
        const whole = await edited(plugin, octets, octets.length + 1);
        const bare = whole?.toString('latin1').replaceAll('X-Probe: 1\r\n', '') ?? octets.toString('latin1');
        if (bare !== octets.toString('latin1')) return 'another octet has changed';
        const named = leavesOf(octets).filter(({ header }) => header.first('content-type') !== null).length;
        if (whole !== null && whole.length - octets.length !== named * 12) return 'not every part was met';
        for (const size of octets.length < SHORT ? [7, 1] : [7]) {
          if (!same(whole, await edited(plugin, octets, size))) return `otherwise in pieces of ${size}`;
        }
        return null;
      };
      tally(`${folder.join('/')} part headers`, await verdictsOf(folder, faultOf));
    },
  );

  test.each(sources)('%s/%s: parts that stay are the same parts when others are dropped', async (...folder) => {
    const rule = { match: { not: { type: 'text/*' }, depth: { over: 0 } }, do: 'drop' };
    const plugin = await harness(mimeRewrite, { rules: [rule] });
    const isKept = ({ type, path }: Part) => type.type === 'text' || path === '';
    const faultOf = async (octets: Buffer) => {
      const whole = await edited(plugin, octets, octets.length + 1);
      const want = leavesOf(octets).filter(isKept).map(textOf);
      const got = leavesOf(whole ?? octets);
      // Where nothing is left, an empty text takes its place.
      if (want.length === 0) return got.every(({ body }) => body.length === 0) ? null : 'something is left';
      if (!isDeepStrictEqual(got.map(textOf), want)) return 'other parts';
      return octets.length < SHORT && !same(whole, await edited(plugin, octets, 7)) ? 'otherwise in pieces of 7' : null;
    };
    tally(`${folder.join('/')} dropped parts`, await verdictsOf(folder, faultOf));
  });

  test.each(sources)('%s/%s: no file name is overlooked', async (...folder) => {
    const plugin = await harness(mimeRewrite, { rules: [{ match: { name: true }, do: 'drop' }] });
    const names = ({ disposition, type }: Part) =>
      [...(disposition?.parameters ?? []), ...type.parameters].filter(({ name }) => /^(?:file)?name$/.test(name));
    const faultOf = async (octets: Buffer) => {
      const left = leavesOf((await edited(plugin, octets, 65_536)) ?? octets).flatMap(names);
      return left.length === 0 ? null : `still there: ${left.map(({ value }) => value).join()}`;
    };
    tally(`${folder.join('/')} file names`, await verdictsOf(folder, faultOf));
  });

  test.each(sources)('%s/%s: a footer changes the text that people read, and nothing else', async (...folder) => {
    const plugin = await harness(mimeRewrite, { rules: [{ do: { footer: { text: 'Footer of ours' } } }] });
    const faultOf = async (octets: Buffer) => {
      const whole = await edited(plugin, octets, octets.length + 1);
      if (whole === null) return null;
      const [before, after] = [partsOf(octets), partsOf(whole)];
      if (before.length !== after.length) return 'another tree';
      const differ = after.filter(
        (part, index) => part.children.length === 0 && textOf(part) !== textOf(before[index] ?? part),
      );
      if (differ.length === 0) return 'no part has changed';
      if (differ.some(({ type }) => type.type !== 'text')) return 'another part has changed';
      if (lostSignatures(octets, whole).some(words => !words.startsWith('DKIM'))) return 'a signed part has changed';
      const rest = (parts: readonly Part[]) =>
        parts.filter((part, index) => part.children.length === 0 && textOf(part) === textOf(before[index] ?? part))
          .length;
      if (rest(after) + differ.length !== leavesOf(whole).length) return 'parts are missing';
      return octets.length < SHORT && !same(whole, await edited(plugin, octets, 7)) ? 'otherwise in pieces of 7' : null;
    };
    tally(`${folder.join('/')} footer`, await verdictsOf(folder, faultOf));
  });
});

describeWithCorpus('mime-rewrite over other people’s signed mail', () => {
  const signed = (file: MailFile) => signaturesOf(file.octets()).parts.length > 0;
  const withSignatures = sourcesOf('pgp').filter(folder => mailFiles(...folder).some(signed));

  describe.each([
    { signed: { wrap: 'mixed' }, kept: (words: string) => words.startsWith('DKIM') },
    { signed: { wrap: 'message' }, kept: () => false },
    { signed: 'skip', kept: () => false },
  ])('a rule with signed: $signed', ({ signed: policy, kept }) => {
    test.each(withSignatures)('%s/%s keeps what it says', async (...folder) => {
      const footer = { footer: { text: 'Footer of ours' } };
      const plugin = await harness(mimeRewrite, {
        rules: [
          { do: [{ subjectTag: '[ext]' }, footer], signed: policy },
          { match: { type: '*/*' }, do: 'defang', signed: policy },
        ],
      });
      const faultOf = async (octets: Buffer) => {
        const whole = await edited(plugin, octets, 65_536);
        const lost = whole === null ? [] : lostSignatures(octets, whole).filter(words => !kept(words));
        return lost.length === 0 ? null : `broke ${lost.join()}`;
      };
      tally(`${folder.join('/')} signed: ${JSON.stringify(policy)}`, await verdictsOf(folder, faultOf));
    });
  });
});
