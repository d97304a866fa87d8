/** Two generations of a plugin bear each other: what they share is whole, whoever writes. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { claim, runningEngine, type Written } from './running-engine.ts';

const MAILS = 12;

const into = (use: string, number: number): Written => ({
  plugins: ['{ use: claim }', `{ use: ${use}, as: box${number}, options: { directory: ./mail } }`],
  routes: `[{ deliver: box${number} }]`,
});

/** Attempts of several generations at the same time: each has begun before the next one was there. */
async function sendOverGenerations(use: string) {
  const { reload, client, folder, log } = await runningEngine(into(use, 0), { plugins: [claim] });
  const senders = await Promise.all(Array.from({ length: 3 }, () => client()));
  for (let number = 1; number <= MAILS / 3; number += 1) {
    const sent = senders.map(async (one, index) => {
      await one.say('MAIL FROM:<ann@client.test>');
      await one.say('RCPT TO:<bob@example.test>');
      const said = await one.data(`Subject: ${number}.${index}\n\n${'hello\n'.repeat(2000)}`);
      expect(said).toMatchObject({ code: 250 });
    });
    await Promise.all([...sent, reload(into(use, number))]);
  }
  const delivered = () => expect(log.of('delivered').length).toBe(MAILS);
  await until(delivered);
  expect([log.of('deferred'), log.of('failed'), log.of('warned')]).toEqual([[], [], []]);
  return folder;
}

const ALL = Array.from({ length: MAILS / 3 }, (_, number) => [0, 1, 2].map(index => `${number + 1}.${index}`)).flat();

test('of mbox-delivery: one mailbox, every mail whole and once', async () => {
  const folder = await sendOverGenerations('mbox-delivery');
  const mbox = await readFile(join(folder, 'mail/bob'), 'utf8');
  expect([...mbox.matchAll(/^Subject: (.*)$/gm)].map(([, subject]) => subject ?? '').sort()).toEqual(ALL);
  expect(mbox.match(/^hello$/gm)).toHaveLength(MAILS * 2000);
  expect((await readdir(join(folder, 'mail'))).filter(name => !name.startsWith('.'))).toEqual(['bob']);
});

test('of maildir-delivery: every mail in a file of its own, and once', async () => {
  const folder = await sendOverGenerations('maildir-delivery');
  const names = await readdir(join(folder, 'mail/bob/new'));
  const texts = await Promise.all(names.map(name => readFile(join(folder, 'mail/bob/new', name), 'utf8')));
  expect(texts.map(text => /^Subject: (.*?)\r?$/m.exec(text)?.[1] ?? '').sort()).toEqual(ALL);
  expect(await readdir(join(folder, 'mail/bob/tmp'))).toEqual([]);
});
