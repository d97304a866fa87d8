/** `mailframe queue` as a process: beside a gateway that runs, and where none does. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { contentOf } from '../../../../core/mail/content.ts';
import { openSqliteStore } from '../../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../../core/testing/recording-log.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { newMail } from '../../queue/queued-mail.ts';
import { filled } from './filled.ts';

const COMMAND = fileURLToPath(new URL('../../../../core/cli/mailframe.js', import.meta.url));

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [COMMAND, 'queue', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>(resolve => void child.on('close', resolve));
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, stdout, stderr };
}

async function owner(directory: string) {
  const store = await openSqliteStore({ directory, role: 'owner', log: recordingLog() });
  onTestFinished(() => store.close());
  return store;
}

test('works beside a gateway that runs, and finds the queue by a configuration that is wrong elsewhere', async () => {
  const folder = await tempFolder();
  const config = join(folder, 'mailframe.config.yaml');
  writeFileSync(config, 'hostname: mx.example.test\nqueue: { directory: ./q }\nlisteners: wrong\n');
  const store = await filled(await owner(join(folder, 'q')));
  const removed = await run('remove', 'A', '--why', 'spam', '--directory', join(folder, 'q'));
  expect(removed).toMatchObject({ status: 0, stdout: 'A: 1 recipient removed; nobody is told\n' });
  expect(await store.find('A')).toBeNull();
  const [listed, shown] = await Promise.all([
    run('list', '--config', config, '--json'),
    run('trace', 'A', '--config', config, '--json'),
  ]);
  expect(listed.stderr).toBe('');
  expect(JSON.parse(listed.stdout)).toMatchObject([{ id: 'H' }]);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    id: 'A',
    left: { removed: { by: expect.stringContaining('at the command line'), reason: 'spam' } },
  });
});

test('works where no gateway runs', async () => {
  const directory = await tempFolder();
  const store = await owner(directory);
  await filled(store);
  await store.close();
  expect(await run('suspend', 'example.test', '-d', directory)).toMatchObject({ status: 0 });
  expect((await run('stats', '-d', directory)).stdout).toContain('suspended by');
  expect(await run('resume', 'other.example', '-d', directory)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('other.example is not suspended'),
  });
  expect((await run('flush', '-d', directory, '--json')).stdout).toContain('"recipients": ');
  expect((await run('release', '--state', 'held', '-d', directory)).stdout).toBe(
    '1 mail: 1 recipient released\nSuspended, so not tried until it is resumed: example.test\n',
  );
});

test('what cannot be taken back is not done to mail that was not named, unless that is agreed to', async () => {
  const directory = await tempFolder();
  const store = await filled(await owner(directory));
  expect(await run('remove', '--all', '-d', directory)).toMatchObject({
    status: 1,
    stderr: 'This would remove 2 mails: say --yes.\n',
  });
  expect(await run('remove', '-d', directory)).toMatchObject({ status: 1, stderr: expect.stringContaining('--all') });
  expect(await run('remove', 'A', '--all', '-d', directory)).toMatchObject({ status: 1 });
  expect(await store.find('A')).not.toBeNull();
  expect(await run('bounce', '--to', 'bob@example.test', '--yes', '-d', directory)).toMatchObject({ status: 0 });
  expect((await store.find('A'))?.entry.bounce).not.toBeNull();
});

test('prints a mail as it is, or its header', async () => {
  const directory = await tempFolder();
  const store = await owner(directory);
  const header = `Subject: \u001b[2J\r\nX: ${'x'.repeat(300_000)}\r\n\r\n`;
  await store.commit([
    newMail('L', { content: contentOf(`${header}body\r\n\r\n`) }),
    newMail('S', { content: contentOf('no header') }),
  ]);
  const printed = await Promise.all([
    run('content', 'L', '-d', directory),
    run('content', 'L', '--header', '-d', directory),
    run('content', 'S', '--header', '-d', directory),
  ]);
  expect(printed.map(({ stdout }) => stdout)).toEqual([`${header}body\r\n\r\n`, header, 'no header']);
  expect(await run('content', 'X', '-d', directory)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: 'X: there is no such mail in the queue\n',
  });
});

test('says what to do where there is no queue, or an older one, and what may be meant by an id that is unknown', async () => {
  const folder = await tempFolder();
  expect(await run('list', '--directory', folder)).toMatchObject({
    status: 1,
    stderr: `the queue in ${folder} cannot be opened: there is none\n(MF_QUEUE_OPEN: see docs/errors.md#mf_queue_open)\n`,
  });
  const directory = await tempFolder();
  await (await owner(directory)).close();
  expect(await run('show', 'X', '-d', directory)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('nor in its history'),
  });
  const database = new DatabaseSync(join(directory, 'queue.db'));
  database.exec('PRAGMA user_version = 2');
  database.close();
  expect(await run('list', '-d', directory)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('it has the older format 2: start the gateway once'),
  });
});
