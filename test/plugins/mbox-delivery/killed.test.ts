/** A process that is killed while it writes leaves no half mail behind, once the next delivery has been. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { readMbox } from './mboxrd-reader.ts';
import { realMailboxes } from './real-mailbox.ts';

const ENDLESS = fileURLToPath(new URL('./endless-delivery.ts', import.meta.url));
const CROWD = fileURLToPath(new URL('./endless-crowd.ts', import.meta.url));
const OCTETS_OF_A_MAIL = 'From the endless one\n'.length * 150_000;

/** Resolves when the process has said that it delivered something, and the mailbox grows again by some octets. */
async function inTheMiddle(child: ChildProcess, mailbox: string, octets: number): Promise<void> {
  if (child.stdout !== null) await once(child.stdout, 'data');
  const { size } = await stat(mailbox);
  while ((await stat(mailbox)).size < size + octets) await new Promise(resolve => setImmediate(resolve));
}

test.each([1, 300_000, 1_000_000, 2_000_000, OCTETS_OF_A_MAIL])('SIGKILL after %i octets', async octets => {
  const { folder, deliver, log, names } = await realMailboxes();
  const mailbox = join(folder, 'bob');
  const child = spawn(process.execPath, [ENDLESS, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const gone = once(child, 'exit');
  await inTheMiddle(child, mailbox, octets);
  child.kill('SIGKILL');
  await gone;
  const locked = (await names()).includes('bob.lock');
  expect(await deliver({ content: 'Subject: after\n\nafter\n' })).toMatchObject({ kind: 'delivered' });
  const mails = readMbox(await readFile(mailbox));
  expect(mails.at(-1)?.content).toBe('Subject: after\n\nafter\n');
  for (const { content } of mails.slice(0, -1)) expect(content.length).toBeGreaterThan(OCTETS_OF_A_MAIL);
  expect(await names()).toEqual(['bob']);
  expect(log.of('unlocked')).toHaveLength(locked ? 1 : 0);
});

test.each([1, 2, 5, 20, 50, 120, 300, 700])('SIGKILL among mails that go together, after %i of them', async count => {
  const { folder, deliver, names } = await realMailboxes();
  const child = spawn(process.execPath, [CROWD, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const gone = once(child, 'close');
  let said = '';
  child.stdout.on('data', (octets: Buffer) => {
    said += octets.toString();
    if (said.split('\n').length > count) child.kill('SIGKILL');
  });
  await gone;
  expect(await deliver({ content: 'Subject: after\n\nafter\n' })).toMatchObject({ kind: 'delivered' });
  const mails = readMbox(await readFile(join(folder, 'bob'))).map(({ content }) => content);
  expect(mails.pop()).toBe('Subject: after\n\nafter\n');
  const numbers = mails.map(content => /^Subject: (\d+)\n\n(?:From a crowd\n){100}$/.exec(content)?.[1]);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers).not.toContain(undefined);
  const delivered = said.split('\n').slice(0, -1);
  expect(delivered.filter(number => !numbers.includes(number))).toEqual([]);
  expect(await names()).toEqual(['bob']);
});
