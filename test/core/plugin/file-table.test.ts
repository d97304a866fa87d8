/** Tables kept in files: when a change takes effect, and what happens while the files are wrong. */
import { beforeEach, describe, expect, test } from 'vitest';
import { checkTable, FileTable, type FileTableSource, TableFaults } from '../../../core/index.ts';
import { ManualClock, memoryFiles, recordingLog } from '../../../core/testing.ts';

const words: FileTableSource<readonly string[]> = {
  paths: ['one', 'two'],
  parse(contents) {
    const texts = contents.map(String);
    if (texts.includes('wrong')) throw new TableFaults(['one:1: wrong', 'one:2: wrong again']);
    return texts;
  },
};

function world() {
  const clock = new ManualClock();
  const files = memoryFiles({ one: '1', two: '2' }, { clock });
  const log = recordingLog();
  return { clock, files, log, table: new FileTable(words, { clock, files, log }) };
}

describe('a table kept in files', () => {
  let { clock, files, log, table } = world();

  beforeEach(async () => {
    ({ clock, files, log, table } = world());
    await table.load();
  });

  test('is all files together, in their order', async () => {
    expect(await table.current()).toEqual(['1', '2']);
  });

  test('is the new one when a file has changed', async () => {
    await clock.advance(5000);
    files.put('two', 'later');
    await clock.advance(1000);
    expect(await table.current()).toEqual(['1', 'later']);
    expect(log.of('reloaded')).toHaveLength(1);
  });

  test('is looked at once a second at most', async () => {
    await clock.advance(5000);
    await table.current();
    files.put('two', 'later');
    await clock.advance(999);
    expect(await table.current()).toEqual(['1', '2']);
  });

  test('waits until a file that is being written has been still for a second', async () => {
    await clock.advance(5000);
    files.put('two', 'half');
    expect(await table.current()).toEqual(['1', '2']);
    await clock.advance(999);
    files.put('two', 'the whole');
    await clock.advance(1);
    expect(await table.current()).toEqual(['1', '2']);
    await clock.advance(1000);
    expect(await table.current()).toEqual(['1', 'the whole']);
  });

  test('believes a file from the future when two looks agree', async () => {
    await clock.advance(60_000);
    files.put('two', 'later');
    clock.set('2020-01-01T00:00:00Z');
    expect(await table.current()).toEqual(['1', '2']);
    await clock.advance(1000);
    expect(await table.current()).toEqual(['1', 'later']);
  });

  test('stays as it was while a file is wrong, and says so once', async () => {
    await clock.advance(5000);
    files.put('one', 'wrong');
    for (let second = 0; second < 5; second += 1) {
      await clock.advance(1000);
      expect(await table.current()).toEqual(['1', '2']);
    }
    expect(log.of('refused').map(line => line.fields['cause'])).toEqual(['one:1: wrong; one:2: wrong again']);
    files.put('one', 'right');
    await clock.advance(1000);
    expect(await table.current()).toEqual(['right', '2']);
  });

  test('stays as it was while a file is gone, and complains again when it is gone again', async () => {
    for (let time = 0; time < 2; time += 1) {
      await clock.advance(5000);
      await files.rename('one', 'elsewhere');
      await clock.advance(1000);
      expect(await table.current()).toEqual(['1', '2']);
      await files.rename('elsewhere', 'one');
      await clock.advance(2000);
      expect(await table.current()).toEqual(['1', '2']);
    }
    expect(log.of('refused')).toHaveLength(2);
    expect(log.of('reloaded')).toHaveLength(0);
  });

  test('is read once for all who ask at the same moment', async () => {
    await clock.advance(5000);
    files.put('two', 'later');
    await clock.advance(1000);
    const answers = await Promise.all([table.current(), table.current(), table.current()]);
    expect(answers).toEqual([
      ['1', 'later'],
      ['1', 'later'],
      ['1', 'later'],
    ]);
    expect(log.of('reloaded')).toHaveLength(1);
  });
});

describe('before anything was read', () => {
  test('a missing file rejects', async () => {
    const { files, table } = world();
    await files.remove('one');
    await expect(table.current()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('every fault is a complaint about the option', async () => {
    const { files } = world();
    files.put('one', 'wrong');
    expect(await checkTable(words, files, ['files'])).toEqual([
      { path: ['files'], message: 'one:1: wrong' },
      { path: ['files'], message: 'one:2: wrong again' },
    ]);
  });

  test('a missing file is a complaint about the option', async () => {
    const { files } = world();
    await files.remove('one');
    expect(await checkTable(words, files, ['files'])).toEqual([
      { path: ['files'], message: expect.stringMatching(/^cannot be read: .*ENOENT/) },
    ]);
  });
});
