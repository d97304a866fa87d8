/** Killed under load, again and again: no acknowledged mail is lost, and none appears that was never offered. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { QueueStore } from '../../../core/plugin/queue-store.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url));
const ROUNDS = 5;
const LONGEST_LIFE = 250;

interface Said {
  readonly offered: Set<string>;
  readonly acknowledged: Set<string>;
  readonly settling: Set<string>;
}

/** Lets a child work for a random while, kills it, and notes what it said. */
async function live(directory: string, round: number, said: Said): Promise<void> {
  const child = spawn(process.execPath, [CHILD, directory, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (piece: string) => {
    text += piece;
  });
  await once(child.stdout, 'data');
  await wait(Math.random() * LONGEST_LIFE);
  child.kill('SIGKILL');
  await once(child, 'close');
  for (const line of text.split('\n').slice(0, -1)) {
    const [act = '', id] = line.split(' ');
    if (id !== undefined) said[act as keyof Said].add(id);
  }
}

async function everything(store: QueueStore): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (let after: string | null = null; ; ) {
    const page: readonly { readonly id: string }[] = await store.list({ after, limit: 500 });
    for (const { id } of page) ids.add(id);
    after = page.at(-1)?.id ?? null;
    if (after === null) return ids;
  }
}

test('a process that is killed at any instant loses nothing that it acknowledged', async () => {
  const directory = await tempFolder();
  const said: Said = { offered: new Set(), acknowledged: new Set(), settling: new Set() };
  for (let round = 0; round < ROUNDS; round++) {
    await live(directory, round, said);
    const store = await openSqliteStore({ directory, role: 'owner', log: recordingLog() });
    const there = await everything(store);
    const readable = await Promise.all([...there].map(async id => ((await store.find(id))?.mail ?? null) !== null));
    await store.close();
    const database = new DatabaseSync(join(directory, 'queue.db'), { readOnly: true });
    const verdict = database.prepare('PRAGMA integrity_check').all();
    database.close();

    expect([...said.acknowledged].filter(id => !said.settling.has(id) && !there.has(id))).toEqual([]);
    expect([...there].filter(id => !said.offered.has(id))).toEqual([]);
    expect(readable).not.toContain(false);
    expect(verdict).toEqual([{ integrity_check: 'ok' }]);
  }
  expect(said.acknowledged.size).toBeGreaterThan(0);
});
