/** The log of a gateway that runs, followed over its control socket. */
import { expect, onTestFinished, test } from 'vitest';
import { askGateway } from '../../core/control/control-client.ts';
import { ControlServer } from '../../core/control/control-server.ts';
import { type Followed, followedLog } from '../../core/followed-log.ts';
import { systemClock } from '../../core/system/clock.ts';
import { createLog } from '../../core/system/log.ts';
import { LogTap } from '../../core/system/log-tap.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

const eventOf = (item: unknown) => {
  const { line, missed } = item as { line?: string; missed?: number };
  return line === undefined ? missed : (JSON.parse(line) as { event: string }).event;
};

test('a follower hears what was said a moment ago where it asks for it, and each line from now on, in JSON whatever the format', async () => {
  const directory = await tempFolder();
  const tap = new LogTap();
  const log = createLog({
    level: 'info',
    format: 'human',
    destination: { write: () => true },
    clock: systemClock,
    tap,
  });
  const verbs = new Map([['logs', followedLog(tap)]]);
  const control = await ControlServer.open({ directory, verbs, clock: systemClock, log: recordingLog() });
  onTestFinished(() => control.close());
  log.info('accepted', { queueId: 'A\n\u001b' });
  const heard: unknown[] = [];
  const gone = new AbortController();
  const asked = await askGateway({
    directory,
    verb: 'logs',
    with: { recent: true },
    signal: gone.signal,
    heard(item) {
      heard.push(eventOf(item));
      if (eventOf(item) === 0) log.warn('deferred');
      if (eventOf(item) === 'deferred') gone.abort();
    },
  });
  expect(asked).toEqual({ kind: 'broken-off' });
  expect(heard).toEqual(['accepted', 0, 'deferred']);
});

test('who does not follow hears what is remembered, and no more', async () => {
  const tap = new LogTap();
  tap.write('{"event":"accepted"}\n');
  const heard: unknown[] = [];
  const say = async (item: unknown) => void heard.push(item);
  const { signal } = new AbortController();
  expect(await followedLog(tap)({ recent: true, follow: false }, { say, signal })).toBeNull();
  expect(heard).toEqual([{ line: '{"event":"accepted"}' }, { missed: 0 }]);
});

test('threat: a follower that does not read: it misses lines, is told how many, and the gateway waits for nobody', async () => {
  const tap = new LogTap();
  const heard: Followed[] = [];
  const gone = new AbortController();
  let read = () => {};
  const say = async (item: unknown) => {
    heard.push(item as Followed);
    await new Promise<void>(resolve => {
      read = resolve;
    });
  };
  const followed = followedLog(tap)({}, { say, signal: gone.signal });
  for (let n = 0; n < 10_500; n += 1) tap.write('{}\n');
  while (heard.length < 10_002) {
    read();
    await Promise.resolve();
  }
  expect(heard.at(-1)).toEqual({ missed: 500 });
  gone.abort();
  read();
  await followed;
});

test('so many lines are remembered, the oldest first', () => {
  const tap = new LogTap();
  for (let n = 0; n < 2500; n += 1) tap.write(`${n}\n`);
  expect([tap.recent()[0], tap.recent().at(-1), tap.recent().length]).toEqual(['500', '2499', 2000]);
});
