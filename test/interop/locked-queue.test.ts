/** Somebody else has the queue: another program that locks the database, another gateway. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { run } from '../support/external.ts';
import { COMMAND, gatewayProcess, sendOne } from './gateway-process.ts';
import { gatewayFolder } from './running-gateway.ts';

/** On a slow machine, in milliseconds. The store itself waits ten seconds for a lock. */
const LONGEST = 120_000;
const TAKEN = /^250 2\.0\.0 Ok: queued as /;
const NOT_NOW = '451 4.3.0 Local error in processing, try again later';

test(
  'a database that another program keeps locked: 451 for all whose mail must lie there, other sessions go on, and all recovers',
  async () => {
    const made = await gatewayFolder();
    const gateway = gatewayProcess(made.file);
    const port = await gateway.listening();
    const other = new DatabaseSync(join(made.folder, 'queue', 'queue.db'), { timeout: 10_000 });
    other.exec('BEGIN EXCLUSIVE');
    try {
      let answered = 0;
      const waiting = Array.from({ length: 5 }, async () => {
        const reply = await sendOne(port, ['bob@example.test', 'eve@example.test']);
        answered += 1;
        return reply;
      });
      const session = await smtpClient(port, { patience: 30_000 });
      const lines = ['EHLO client.test', 'MAIL FROM:<ann@client.test>', 'RCPT TO:<bob@example.test>', 'RSET', 'NOOP'];
      for (const line of lines) expect(await session.say(line)).toMatchObject({ code: 250 });
      expect(answered).toBe(0);
      expect(await Promise.all(waiting)).toEqual(waiting.map(() => NOT_NOW));
      const troubled = await gateway.logged('troubled', { cause: 'database is locked' });
      expect(troubled.remedy).toContain('another program has locked the database');
    } finally {
      other.exec('ROLLBACK');
      other.close();
    }
    expect(await sendOne(port, ['bob@example.test', 'eve@example.test'])).toMatch(TAKEN);
    await gateway.logged('recovered', { from: 'SQLITE_BUSY' });
    await gateway.logged('delivered', { recipient: 'eve@example.test' });
    expect(await gateway.end('SIGTERM')).toBe(0);
  },
  LONGEST,
);

test(
  'a second gateway on the same queue is refused and the first one goes on; once that is killed, the next starts at once',
  async () => {
    const made = await gatewayFolder({ zones: { 'elsewhere.test': 'servfail' } });
    const first = gatewayProcess(made.file);
    const port = await first.listening();
    expect(await sendOne(port, ['out@elsewhere.test'])).toMatch(TAKEN);
    const second = await run(process.execPath, [COMMAND, 'start', made.file]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(
      `the queue in ${join(made.folder, 'queue')} cannot be opened: it is in use by process ${first.pid} on `,
    );
    expect(second.stderr).toContain('stop that gateway, or give this one a queue directory of its own');
    expect(await sendOne(port, ['bob@example.test'])).toMatch(TAKEN);
    await first.logged('delivered', { recipient: 'bob@example.test' });
    await first.end('SIGKILL');
    const third = gatewayProcess(made.file);
    expect(await sendOne(await third.listening(), ['bob@example.test'])).toMatch(TAKEN);
    await third.logged('deferred', { recipient: 'out@elsewhere.test' });
    expect(await third.end('SIGTERM')).toBe(0);
  },
  LONGEST,
);
