/** Postfix's conversion of 8-bit content: the same octets for next hops that take 7-bit content only. */
import { isAscii } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseHeader } from '../../core/mime/header.ts';
import { inSevenBits } from '../../core/mime/seven-bits.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { mailFiles } from '../support/mail-files.ts';
import { compared, tally, type Verdict } from '../support/tally.ts';

const FOLDER = ['mime', 'postfix-mime'] as const;
const read = (name: string) => readFileSync(corpus(...FOLDER, name), 'latin1');

/** Stored with LF; one character an octet. */
function converted(name: string) {
  const result = inSevenBits(Buffer.from(read(name).replaceAll('\n', '\r\n'), 'latin1'));
  return result.kind === 'encoded' ? { ...result, octets: result.octets } : result;
}

/** What their parser gave out: the lines after the `|` of its events, and the warnings between them. */
function reference(name: string) {
  const lines = read(name).split('\n');
  const after = (event: RegExp) => lines.filter(line => event.test(line)).map(line => line.replace(event, ''));
  return {
    fields: after(/^MAIN \d+\t\|/),
    body: after(/^BODY N \d+\t\|/).map(line => `${line}\r\n`),
    warnings: after(/^mime_state: warning: (?=improper use of 8-bit data in message (?:header|body):)/),
  };
}

/** Names of fields ignore case. */
function fieldsOf(octets: Buffer): readonly string[] {
  return parseHeader(octets).fields.map(({ name, value }) => `${name.toLowerCase()}: ${value}`);
}

function converts(input: string, output: string): readonly Verdict[] {
  const ours = converted(input);
  const theirs = reference(output);
  if (ours.kind === 'impossible') return [{ id: input, deviation: ours.because }];
  const body = ours.octets.toString('latin1', parseHeader(ours.octets).bodyStart);
  return [
    // The empty line above the body is one of its lines for them.
    compared(`${input} body`, `\r\n${body}`, theirs.body.join('')),
    compared(
      `${input} header`,
      fieldsOf(ours.octets),
      theirs.fields.map(field => field.replace(/^[^:]+/, name => name.toLowerCase())),
    ),
  ];
}

describeWithCorpus('8-bit content for 7-bit next hops', () => {
  test('mime_cvt, in2 and in3: the same octets', () => {
    const suffixes = ['', '2', '3'];
    tally(
      'mime/postfix-mime mime_cvt',
      suffixes.flatMap(suffix => converts(`mime_cvt.in${suffix}`, `mime_cvt.ref${suffix}`)),
    );
  });

  test('mime_8bit: 8 bits in a header, which has no encoding, are found by both', () => {
    const ours = converted('mime_8bit.in');
    const [theirs = ''] = reference('mime_8bit.ref').warnings;
    const found = ours.kind === 'impossible' ? ours.because : 'nothing';
    tally('mime/postfix-mime mime_8bit', [
      compared('mime_8bit.in', found.includes('header'), theirs.includes('in message header')),
    ]);
  });

  test('mime_global: what is only called 8-bit is called so no more, in the mail inside too', () => {
    const ours = converted('mime_global.in');
    if (ours.kind === 'impossible') throw new Error(ours.because);
    expect(ours.octets.toString('latin1')).not.toMatch(/encoding: 8bit/i);
    expect(ours.changes).toHaveLength(1);
  });

  test('every mail of the topic: ASCII comes out, or a reason', () => {
    const files = mailFiles('mime').map(({ name, octets }): Verdict => {
      const result = inSevenBits(octets());
      return compared(name, result.kind === 'impossible' ? result.because !== '' : isAscii(result.octets), true);
    });
    tally('mime in seven bits', files);
  });
});
