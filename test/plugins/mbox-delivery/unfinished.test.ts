/** Undoing what a crash has cut off, wherever that was, and nothing else. */
import { describe, expect, test } from 'vitest';
import { memoryFiles } from '../../../core/testing.ts';
import { formatUnfinished, parseUnfinished, undo } from '../../../plugins/mbox-delivery/unfinished.ts';

const OLD = 'From x@y Mon Nov 23 09:00:00 2026\nSubject: old\n\nold\n\n';
const LINES = [
  'From a@b Mon Nov 23 09:05:00 2026',
  'From a@b Mon Nov 23 09:05:00 2026',
  'From c@d Mon Nov 23 09:06:00 2026',
];
const ENTRIES = LINES.map((line, index) => `${line}\nSubject: ${index}\n\n>From inside\nFrom\n\n`);
const FOREIGN = 'From z@y Mon Nov 23 09:07:00 2026\nSubject: foreign\n\nforeign\n\n';

/** What is appended to a mailbox that ends as `separator` says, and how it stands in the lock file. */
function appended(separator: string) {
  const marks = LINES.map((fromLine, index) => ({
    at: separator.length + ENTRIES.slice(0, index).join('').length,
    fromLine,
  }));
  return { octets: separator + ENTRIES.join(''), marks };
}

async function undone(old: string, written: string, marks: ReturnType<typeof appended>['marks']) {
  const files = memoryFiles({ bob: old + written });
  const { identity = '' } = (await files.facts('bob')) ?? {};
  const begun = parseUnfinished(formatUnfinished({ identity, size: old.length, marks }));
  if (begun === null) throw new Error('it cannot be read back');
  const what = await undo('/config/bob', begun, files);
  return { what, left: files.text('bob') };
}

describe.each(['', '\n', '\n\n'])('an append behind %j', separator => {
  const { octets, marks } = appended(separator);
  const old = OLD.slice(0, OLD.length - separator.length);

  test('is undone wherever it was cut off', async () => {
    for (let length = 1; length <= octets.length; length += 1) {
      expect(await undone(old, octets.slice(0, length), marks)).toEqual({ what: 'undone', left: old });
    }
  });

  test('is left where another mail stands behind it, wherever it was cut off', async () => {
    for (let length = 0; length <= octets.length; length += 1) {
      const written = octets.slice(0, length);
      // Where the line before has no end, a program that takes care ends it first.
      const foreign = (`${old}${written}`.endsWith('\n') ? '' : '\n') + FOREIGN;
      const left = old + written + foreign;
      expect(await undone(old, written + foreign, marks)).toEqual({ what: 'left', left });
    }
  });
});

test('From_ lines at the borders of what is read at once are seen', async () => {
  for (let length = 65_400; length < 65_600; length += 1) {
    const [line = ''] = LINES;
    const written = `${line}\n${'x'.repeat(length)}\n\n`;
    const marks = [{ at: 0, fromLine: line }];
    expect(await undone('', written + FOREIGN, marks)).toMatchObject({ what: 'left' });
  }
});

test.each([
  '',
  '{',
  '{}',
  '[]',
  'null',
  '{"identity":"1:2","size":-1,"marks":[]}',
  '{"identity":"1:2","size":1,"marks":[]}',
])('%s is no append', line => {
  expect(parseUnfinished(line)).toBeNull();
});
