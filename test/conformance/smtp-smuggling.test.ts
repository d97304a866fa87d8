/** The smuggling sequences of other people's scanners against a listener: none of them becomes a mail of its own. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gateway } from '../core/smtp/gateway.ts';
import { mounted } from '../core/smtp/plugins.ts';
import { corpus, corpusPresent, describeWithCorpus } from '../support/corpus.ts';

interface Sequences {
  readonly template: { readonly preamble: readonly string[]; readonly data: string };
  readonly sequences: readonly { readonly name: string; readonly hex: string; readonly control?: boolean }[];
}

const { template, sequences }: Sequences = corpusPresent
  ? (JSON.parse(readFileSync(corpus('smtp', 'smuggling', 'sequences.json'), 'utf8')) as Sequences)
  : { template: { preamble: [], data: '' }, sequences: [] };

/** Ways to cut content of which the sequence is the middle. */
const CUTS = {
  'in one piece': (octets: Buffer) => [octets],
  'octet by octet': (octets: Buffer) => [...octets].map(octet => Buffer.of(octet)),
  'in the middle of the sequence': (octets: Buffer, middle: number) => [
    octets.subarray(0, middle),
    octets.subarray(middle),
  ],
};

describeWithCorpus('smuggling sequences of scanners', () => {
  const cases = sequences.flatMap(one =>
    Object.entries(CUTS).flatMap(([how, cut]) =>
      (['reject', 'normalize'] as const).map(bareNewline => ({ ...one, how, cut, bareNewline })),
    ),
  );

  test.for(cases)('$name, $how, $bareNewline', async ({ hex, control, cut, bareNewline }) => {
    const sequence = Buffer.from(hex, 'hex');
    const [before = '', after = ''] = template.data.split('{SEQ}');
    const octets = Buffer.concat([Buffer.from(before), sequence, Buffer.from(after)]);
    const ours = (text: string) => text.replaceAll('mailframe.test', 'example.test');
    const its = await gateway({ options: { bareNewline }, links: mounted('our-domains') });
    const client = await its.greeted();
    for (const line of template.preamble) await client.command(ours(line));
    const content = Buffer.from(ours(octets.toString('latin1')), 'latin1');
    await client.sendSlowly(cut(content, before.length + Math.ceil(sequence.length / 2)));
    client.finish();
    await client.rest();
    const senders = its.committed.flat().map(({ mail }) => mail.envelope.reversePath?.localPart);
    if (control === true) expect(senders).toEqual(['outer', 'admin']);
    else expect(senders).toEqual(bareNewline === 'reject' ? [] : ['outer']);
  });
});
