/** The Postfix of the tests: it takes mail, keeps what it cannot deliver, and leaves nothing behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { freePort } from './external.ts';
import { describeWithPeer } from './peers.ts';
import { POSTFIX, startPostfix } from './postfix.ts';
import { until } from './until.ts';

describeWithPeer(POSTFIX, 'an instance of Postfix', () => {
  test('takes mail, and gives it as it was sent', async () => {
    const postfix = await startPostfix({ hostname: 'a.test', domains: ['a.test'] });
    try {
      const client = await smtpClient(postfix.port);
      expect(client.greeting.lines).toEqual(['220 a.test ESMTP Postfix']);
      await client.sayAll(['EHLO client.test', 'MAIL FROM:<ann@client.test>', 'RCPT TO:<bob@a.test>']);
      expect(await client.data('Subject: x\r\n\r\n.\r\ngr\u00fc\u00dfe\r\n')).toMatchObject({ code: 250 });
      const [mail] = await until(async () => {
        const mails = await postfix.mailbox();
        expect(mails).toHaveLength(1);
        return mails;
      });
      expect(mail).toMatchObject({ returnPath: 'ann@client.test', deliveredTo: 'bob@a.test' });
      expect(mail?.content).toMatch(/^Received: from client\.test [^\n]*\n(?:\t[^\n]*\n)+Subject: x\n\n\.\ngr/);
      expect(await postfix.queue()).toEqual([]);
    } finally {
      await postfix.stop();
    }
  });

  test('keeps what nobody takes, and tries it when it is told to', async () => {
    const nextHop = await freePort();
    const postfix = await startPostfix({ hostname: 'a.test', main: `relayhost = [127.0.0.1]:${nextHop}` });
    try {
      const sent = await postfix.command('sendmail', ['-f', 'ann@a.test', 'bob@b.test'], { input: 'Subject: x\n\n' });
      expect(sent).toMatchObject({ code: 0 });
      await until(async () =>
        expect(await postfix.queue()).toMatchObject([
          { queue: 'deferred', sender: 'ann@a.test', recipients: [{ reason: expect.stringMatching(/refused/) }] },
        ]),
      );
      const attempts = async () => (await postfix.log()).match(/status=deferred/g)?.length;
      expect(await attempts()).toBe(1);
      await postfix.flush();
      await until(async () => expect(await attempts()).toBe(2));
    } finally {
      await postfix.stop();
    }
  });

  test('leaves no process and no file', async () => {
    const postfix = await startPostfix({ hostname: 'a.test' });
    await postfix.stop();
    expect(existsSync(postfix.folder)).toBe(false);
    await expect(smtpClient(postfix.port)).rejects.toThrow('ECONNREFUSED');
  });

  test('ends with the process that started it, also where that is killed', async () => {
    const program = `
      const { startPostfix } = await import(${JSON.stringify(import.meta.resolve('./postfix.ts'))});
      const { port, folder } = await startPostfix({ hostname: 'a.test' });
      console.log(JSON.stringify({ port, folder }));
      setInterval(() => undefined, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { port, folder } = JSON.parse(line.toString()) as { port: number; folder: string };
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await expect(smtpClient(port)).resolves.toBeDefined();
    child.kill('SIGKILL');
    await until(() => expect(smtpClient(port)).rejects.toThrow('ECONNREFUSED'));
  });

  test('says why it does not start', async () => {
    await expect(startPostfix({ hostname: 'a.test', master: 'nonsense\n' })).rejects.toThrow(
      /master.cf: line 24: bad field count/,
    );
  });
});
