/** A guest lands what a killed gateway has left, and does not wait for one that works. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { JOURNAL_FILE } from '../../../core/queue/journal-file.ts';
import { landLeftOver } from '../../../core/queue/left-over.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { after, newMail } from './queued-mail.ts';

const patience = vi.hoisted((): number[] => []);

vi.mock('node:sqlite', async original => {
  const actual = await original<typeof import('node:sqlite')>();
  class Noted extends actual.DatabaseSync {
    constructor(...args: ConstructorParameters<typeof actual.DatabaseSync>) {
      super(...args);
      if (String(args[0]).endsWith('owner.lock')) patience.push(args[1]?.timeout ?? Number.NaN);
    }
  }
  return { ...actual, DatabaseSync: Noted };
});

test('beside a gateway that works it lands nothing, and asks for the lock once, without waiting', async () => {
  const directory = await tempFolder();
  const store = await openSqliteStore({ directory, role: 'owner', log: recordingLog() });
  onTestFinished(() => store.close());
  await store.commit([newMail('A')], { owner: 'one', until: after(60_000) });
  expect(statSync(join(directory, JOURNAL_FILE)).size).toBeGreaterThan(0);
  expect(landLeftOver(directory, { pid: 2, host: 'here' })).toBeNull();
  expect(patience).toEqual([0]);
  expect(statSync(join(directory, JOURNAL_FILE)).size).toBeGreaterThan(0);
});
