/** Disks that cannot be written, from the start and from one moment to the next. */
import { mkdirSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readMbox } from '../plugins/mbox-delivery/mboxrd-reader.ts';
import { run } from '../support/external.ts';
import { until } from '../support/until.ts';
import { COMMAND, gatewayProcess, sendOne } from './gateway-process.ts';
import { gatewayFolder, MAIL_FOLDER } from './running-gateway.ts';
import { describeWithTracing, faulty } from './tracing.ts';
import { describeWithVolumes, volumes } from './volume.ts';

/** On a slow machine, in milliseconds. */
const LONGEST = 120_000;
const LARGE = `Subject: large\n\n${'a line of the large mail\n'.repeat(20_000)}`;
const TAKEN = /^250 2\.0\.0 Ok: queued as /;
const NOT_NOW = /^451 4\.3\.0 /;

describeWithVolumes('a read-only volume', () => {
  test(
    'of the queue: the gateway does not start, and says which folder and what to do',
    async () => {
      const made = await gatewayFolder({ zones: { 'elsewhere.test': 'servfail' } });
      const queue = join(made.folder, 'queue');
      const { prefix, remount } = await volumes({ [queue]: '64m' });
      const first = gatewayProcess(made.file, { prefix });
      expect(await sendOne(await first.listening(), ['out@elsewhere.test'])).toMatch(TAKEN);
      expect(await first.end('SIGTERM')).toBe(0);
      await remount(queue, 'ro');
      const refused = await run('nsenter', [...prefix.slice(1), process.execPath, COMMAND, 'start', made.file]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(`the queue in ${queue} cannot be opened: `);
      expect(refused.stderr).toContain('mount the volume for writing');
      await remount(queue, 'rw');
      const again = gatewayProcess(made.file, { prefix });
      await again.logged('deferred', { recipient: 'out@elsewhere.test' });
      expect(await again.end('SIGTERM')).toBe(0);
    },
    LONGEST,
  );

  test(
    'of the mailboxes: mail is taken and waits, and is delivered when it can be',
    async () => {
      const made = await gatewayFolder();
      const mail = join(made.folder, MAIL_FOLDER);
      const { prefix, remount, seen } = await volumes({ [mail]: '4m' });
      const gateway = gatewayProcess(made.file, { prefix });
      const port = await gateway.listening();
      await remount(mail, 'ro');
      expect(await sendOne(port, ['bob@example.test'])).toMatch(TAKEN);
      await gateway.logged('deferred', { reply: NOT_NOW });
      const failed = await gateway.logged('failed', { plugin: 'mailboxes', file: join(mail, 'bob') });
      expect(failed.cause).toContain('mount the volume for writing');
      await remount(mail, 'rw');
      await gateway.logged('delivered');
      expect(readMbox(await readFile(join(seen(mail), 'bob')))).toHaveLength(1);
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
    LONGEST,
  );
});

describeWithTracing('a disk that from one moment to the next', () => {
  test.for([
    { says: 'is read-only', error: 'EROFS', calls: ['pwrite64'], remedy: /read-only/ },
    { says: 'fails to write', error: 'EIO', calls: ['pwrite64'], remedy: /dmesg/ },
    { says: 'fails to sync', error: 'EIO', calls: ['fdatasync', 'fsync'], remedy: /dmesg/ },
    { says: 'is full', error: 'ENOSPC', calls: ['pwrite64'], remedy: /make room/ },
  ])('$says: 4yz, and all goes on when that is over', { timeout: LONGEST }, async ({ calls, error, remedy }) => {
    const made = await gatewayFolder();
    const gateway = gatewayProcess(made.file);
    const port = await gateway.listening();
    const paths = ['queue.db-wal', 'queue.journal'].map(name => join(made.folder, 'queue', name));
    const end = await faulty(gateway.pid, { calls, error, paths });
    for (const content of ['Subject: small\n\nbody\n', LARGE]) {
      expect(await sendOne(port, ['bob@example.test'], content)).toMatch(/^45[12] 4\.3\.[01] /);
    }
    await gateway.logged('troubled', { remedy });
    await end();
    expect(readdirSync(join(made.folder, 'queue', 'spool'))).toEqual([]);
    for (const content of ['Subject: small\n\nbody\n', LARGE]) {
      expect(await sendOne(port, ['bob@example.test'], content)).toMatch(TAKEN);
    }
    await gateway.logged('recovered');
    const mailbox = async () => readMbox(await readFile(join(made.folder, MAIL_FOLDER, 'bob')));
    await until(async () => expect(await mailbox()).toHaveLength(2));
    expect(await gateway.end('SIGTERM')).toBe(0);
  });

  test(
    'does not take the journal: mail goes through the database, and through the journal again when that is over',
    async () => {
      const made = await gatewayFolder();
      const gateway = gatewayProcess(made.file);
      const port = await gateway.listening();
      const journal = join(made.folder, 'queue', 'queue.journal');
      const end = await faulty(gateway.pid, { calls: ['fdatasync'], error: 'EIO', paths: [journal] });
      for (let count = 0; count < 3; count += 1) expect(await sendOne(port, ['bob@example.test'])).toMatch(TAKEN);
      await end();
      const before = await readFile(journal);
      for (let count = 0; count < 2; count += 1) expect(await sendOne(port, ['bob@example.test'])).toMatch(TAKEN);
      const mailbox = async () => readMbox(await readFile(join(made.folder, MAIL_FOLDER, 'bob')));
      await until(async () => expect(await mailbox()).toHaveLength(5));
      expect((await readFile(journal)).equals(before)).toBe(false);
      expect(await gateway.end('SIGTERM')).toBe(0);
      expect(await readFile(journal)).toHaveLength(0);
    },
    LONGEST,
  );

  test(
    'takes no spool file: 451 for large mail, and small mail is taken',
    async () => {
      const made = await gatewayFolder();
      const gateway = gatewayProcess(made.file);
      const port = await gateway.listening();
      const path = join(made.folder, 'queue', 'spool');
      mkdirSync(path, { recursive: true });
      const end = await faulty(gateway.pid, { calls: ['fsync'], error: 'EIO', paths: [path] });
      expect(await sendOne(port, ['bob@example.test'], LARGE)).toMatch(NOT_NOW);
      expect(await sendOne(port, ['bob@example.test'])).toMatch(TAKEN);
      await end();
      expect(await sendOne(port, ['bob@example.test'], LARGE)).toMatch(TAKEN);
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
    LONGEST,
  );
});
