/** A process that may open no more files: clients and mail wait, nothing is lost, and all goes on when it may again. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { smtpSink } from '../../core/testing.ts';
import { readMbox } from '../plugins/mbox-delivery/mboxrd-reader.ts';
import { describeWithProgram, run } from '../support/external.ts';
import { until } from '../support/until.ts';
import { gatewayProcess, sendOne } from './gateway-process.ts';
import { gatewayFolder, MAIL_FOLDER } from './running-gateway.ts';

/** On a slow machine, in milliseconds. */
const LONGEST = 120_000;
const LARGE = `Subject: large\n\n${'a line of the large mail\n'.repeat(20_000)}`;
const TAKEN = { code: 250 };
const ZONES = {
  'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] },
  'mail.elsewhere.test': { A: ['127.0.0.1'] },
} as const;

/** The lowest number that a new file could get: a limit of so many lets no file be opened. */
function lowestFree(pid: number): number {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let number = 0;
  while (open.has(number)) number += 1;
  return number;
}

async function limit(pid: number, handles: number): Promise<void> {
  const [, hard = ''] = /^Max open files +\d+ +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
  const { code, stderr } = await run('prlimit', ['--pid', String(pid), `--nofile=${handles}:${hard}`]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

describeWithProgram('prlimit', 'no file handles', () => {
  test('fewer than clients are allowed: the log says so at the start', async () => {
    const made = await gatewayFolder({
      listeners: [{ id: 'inbound', limits: { connections: 400 } }, { id: 'second' }],
    });
    const gateway = gatewayProcess(made.file, { prefix: ['prlimit', '--nofile=500:500', '--'] });
    await gateway.listening();
    const message = 'this process may have 500 files open, and the listeners may have 1400 clients: raise its limit';
    expect((await gateway.logged('warned')).message).toContain(message);
    expect(await gateway.end('SIGTERM')).toBe(0);
  });

  test(
    'small mail is still taken, large mail is 451, deliveries are deferred, and all of it comes in the end',
    async () => {
      const sink = await smtpSink();
      onTestFinished(() => sink.close());
      const made = await gatewayFolder({ nextHopPort: sink.port, zones: ZONES });
      const gateway = gatewayProcess(made.file);
      const { pid } = gateway;
      const port = await gateway.listening();
      const client = await smtpClient(port, { patience: 30_000 });
      await client.say('EHLO client.test');
      const send = async (content: string) => {
        const rcpt = ['RCPT TO:<bob@example.test>', 'RCPT TO:<out@elsewhere.test>'];
        await client.sayAll(['MAIL FROM:<ann@client.test>', ...rcpt]);
        return client.data(content);
      };
      await limit(pid, lowestFree(pid));

      expect(await send('Subject: small\n\nbody\n')).toMatchObject(TAKEN);
      expect(await send(LARGE)).toMatchObject({ code: 451, status: '4.3.0' });
      const failed = await gateway.logged('failed', { receiving: /EMFILE/ });
      expect(failed.receiving).toContain('raise its limit');
      // Whoever comes now is not served, and may come again.
      await expect(sendOne(port, ['bob@example.test'])).rejects.toThrow('ended the session');
      await gateway.logged('deferred', { recipient: 'bob@example.test' });
      await gateway.logged('deferred', { recipient: 'out@elsewhere.test' });
      const local = await gateway.logged('failed', { mailbox: 'bob' });
      expect(local.cause).toContain('raise its limit');

      await limit(pid, 1000);
      expect(await send(LARGE)).toMatchObject(TAKEN);
      expect(await sendOne(port, ['bob@example.test'])).toMatch(/^250 /);
      await until(() => expect(sink.mails).toHaveLength(2));
      await until(async () => expect(readMbox(await readFile(join(made.folder, MAIL_FOLDER, 'bob')))).toHaveLength(3));
      expect(gateway.said()).not.toContain('bounced');
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
    LONGEST,
  );
});
