/** Following ends when the mail has left the queue, and what came of it too. */
import { expect, test } from 'vitest';
import { LogSieve } from '../../../../core/cli/logs/filter.ts';
import { readLine } from '../../../../core/cli/logs/line.ts';
import { mailHasLeft } from '../../../../core/cli/logs/until-gone.ts';
import { openSqliteStore } from '../../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../../core/testing/recording-log.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { until } from '../../../support/until.ts';
import { newMail, order } from '../../queue/queued-mail.ts';

test('not while a notification about the mail is on its way', async () => {
  const directory = await tempFolder();
  const store = await openSqliteStore({ directory, role: 'owner', log: recordingLog() });
  await store.commit([newMail('A'), newMail('N')]);
  const sieve = new LogSieve({ id: 'A', address: null, events: null, level: null });
  const ended = new AbortController();
  const look = () => mailHasLeft(sieve, { config: 'none', directory }, ended);
  sieve.take(readLine('{"level":"info","queueId":"A","notification":"N","event":"notified"}') ?? expect.fail());
  await store.remove('A', order());
  await look();
  expect(ended.signal.aborted).toBe(false);
  await store.remove('N', order());
  await until(async () => {
    await look();
    expect(ended.signal.aborted).toBe(true);
  });
  await store.close();
});
