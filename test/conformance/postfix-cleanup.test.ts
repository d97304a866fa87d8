/** Header edits that a milter asks of Postfix, and the mail that must come of them. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { appendField, applyEditsTo, type Edit, parseHeader, replaceField } from '../../core/index.ts';
import { harness } from '../../core/testing.ts';
import mimeRewrite from '../../plugins/mime-rewrite/index.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { compared, tally } from '../support/tally.ts';

/** One edit: `upd_header 1 Subject hey!` (which of that name, and its new value), or `add_header foo foobar`. */
type Asked =
  | { readonly kind: 'update'; readonly which: number; readonly field: string; readonly value: string }
  | { readonly kind: 'add'; readonly field: string; readonly value: string };

const textOf = (file: string) => readFileSync(corpus('smtp', 'postfix-cleanup', file), 'utf8');
const withCrlf = (text: string) => Buffer.from(text.replaceAll(/\r?\n/g, '\r\n'));

/** The script. `open` and `close` are about Postfix's own queue file. */
function script(): readonly Asked[] {
  const lines = textOf('bug2.in').split('\n');
  return lines.flatMap((line): readonly Asked[] => {
    const [command = '', ...words] = line.split(' ');
    if (command === '' || command.startsWith('#') || command === 'open' || command === 'close') return [];
    if (command === 'add_header') {
      const [field = '', ...value] = words;
      return [{ kind: 'add', field, value: value.join(' ') }];
    }
    const [which = '', field = '', ...value] = words;
    if (command !== 'upd_header') throw new Error(`nobody knows the edit ${line}`);
    return [{ kind: 'update', which: Number(which), field, value: value.join(' ') }];
  });
}

/** The mail that Postfix has in the end. */
function wanted(): Buffer {
  const [, content = ''] =
    /^\*\*\* MESSAGE CONTENTS .* \*\*\*\n([^]*?)^\*\*\* HEADER/m.exec(textOf('bug2.text.ref')) ?? [];
  return withCrlf(content);
}

/** The mail as it came: its subject had seven characters, as the records of the queue file tell. */
function original(): Buffer {
  return Buffer.from(wanted().toString().replace('Subject: hey!', 'Subject: a short').replace('foo: foobar\r\n', ''));
}

/** By our own hands, each edit on the header as the one before has left it. */
function byHand(mail: Buffer): Buffer {
  return script().reduce((octets, asked) => applyEditsTo(octets, [editFor(asked, octets)]), mail);
}

function editFor(asked: Asked, octets: Buffer): Edit {
  const header = parseHeader(octets);
  if (asked.kind === 'add') return appendField(header, asked.field, asked.value);
  const field = header.named(asked.field)[asked.which - 1];
  if (field === undefined) throw new Error(`there is no field ${asked.field}`);
  return replaceField(field, asked.value);
}

/** By mime-rewrite, whose rules say the same. */
async function byRules(mail: Buffer): Promise<Buffer> {
  const actions = script().map(asked =>
    asked.kind === 'add'
      ? { add: { field: asked.field, value: asked.value, at: 'bottom' } }
      : { replace: { field: asked.field, value: asked.value } },
  );
  const { data } = await harness(mimeRewrite, { rules: [{ do: actions }] });
  const answer = await data(mail);
  return answer?.kind === 'rewrite' ? answer.content.bytes() : mail;
}

describeWithCorpus('header edits of a milter of Postfix', () => {
  test('give the same mail, and leave the body of any mail alone', async () => {
    const lorem = withCrlf(textOf('loremipsum2'));
    const before = original();
    const after = wanted();
    const body = (octets: Buffer) => octets.subarray(parseHeader(octets).bodyStart);
    const withBody = (octets: Buffer) => Buffer.concat([octets.subarray(0, parseHeader(octets).bodyStart), lorem]);
    expect(body(after).toString()).toBe('text\r\n');
    expect(script()).toHaveLength(2);
    tally('smtp/postfix-cleanup', [
      compared('bug2 by hand', byHand(before).toString(), after.toString()),
      compared('bug2 by mime-rewrite', (await byRules(before)).toString(), after.toString()),
      compared('bug2 with loremipsum2, by hand', byHand(withBody(before)).toString(), withBody(after).toString()),
      compared(
        'bug2 with loremipsum2, by mime-rewrite',
        (await byRules(withBody(before))).toString(),
        withBody(after).toString(),
      ),
    ]);
  });
});
