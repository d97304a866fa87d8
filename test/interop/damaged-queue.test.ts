/** What is damaged on the disk: a mail is set aside and reported and the others go on; a database is never replaced. */
import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { contentOf } from '../../core/mail/content.ts';
import { openSqliteStore } from '../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { smtpSink } from '../../core/testing.ts';
import { newMail } from '../core/queue/queued-mail.ts';
import { readMbox } from '../plugins/mbox-delivery/mboxrd-reader.ts';
import { run } from '../support/external.ts';
import { until } from '../support/until.ts';
import { COMMAND, gatewayProcess, sendOne } from './gateway-process.ts';
import { type GatewayFolder, gatewayFolder, MAIL_FOLDER } from './running-gateway.ts';

/** On a slow machine, in milliseconds. */
const LONGEST = 120_000;
const TO = ['out@elsewhere.test'];
const ZONES = {
  'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] },
  'mail.elsewhere.test': { A: ['127.0.0.1'] },
} as const;

function large(subject: string): string {
  return `Subject: ${subject}\n\n${'a line of the large mail\n'.repeat(20_000)}`;
}

function queueId(reply: string): string {
  const [, id = ''] = /^250 2\.0\.0 Ok: queued as (\w+)$/.exec(reply) ?? [];
  expect(reply).toContain(id);
  expect(id).not.toBe('');
  return id;
}

/** A queue with mail that waits for a next hop which takes nothing yet, and nobody at work on it. */
async function filled(subjects: readonly string[]) {
  const sink = await smtpSink({ faults: { rcpt: '451 4.3.0 Not yet' } });
  onTestFinished(() => sink.close());
  const made = await gatewayFolder({ nextHopPort: sink.port, zones: ZONES });
  const gateway = gatewayProcess(made.file);
  const port = await gateway.listening();
  const ids: string[] = [];
  for (const subject of subjects) ids.push(queueId(await sendOne(port, TO, large(subject))));
  expect(await gateway.end('SIGTERM')).toBe(0);
  sink.fail({});
  return { sink, made, ids, queue: join(made.folder, 'queue') };
}

/** What somebody does to the database behind the gateway's back. */
function tamper(queue: string, sql: string): void {
  const database = new DatabaseSync(join(queue, 'queue.db'));
  database.exec(sql);
  database.close();
}

function command(made: GatewayFolder, ...args: readonly string[]) {
  const [group = '', verb = '', ...rest] = args;
  return run(process.execPath, [COMMAND, group, verb, '--config', made.file, ...rest]);
}

test(
  'damaged mails are set aside, told in the log and in the listing, and go on when they are mended; the others are delivered',
  async () => {
    const { sink, made, ids, queue } = await filled(['whole', 'short', 'gone', 'long', 'garbled']);
    const [whole = '', short = '', gone = '', long = '', garbled = ''] = ids;
    const spool = (id: string) => join(queue, 'spool', id);
    truncateSync(spool(short), 1000);
    renameSync(spool(gone), join(made.folder, 'elsewhere'));
    appendFileSync(spool(long), 'one line more\r\n');
    tamper(queue, `UPDATE mail SET record = substr(record, 5) WHERE id = '${garbled}'`);

    const gateway = gatewayProcess(made.file);
    await gateway.logged('delivered', { queueId: whole });
    for (const [id, cause] of [
      [short, `the spool file ${short} of 1000 octets is not `],
      [gone, `the spool file ${gone} is not there`],
      [long, `the spool file ${long} of `],
      [garbled, 'is not'],
    ] as const) {
      const { level, ...said } = await gateway.logged('damaged', { queueId: id });
      expect({ level, cause: said.cause }).toEqual({ level: 'error', cause: expect.stringContaining(cause) });
      expect(said.next).toContain('release it, or remove it');
    }
    expect(sink.mails).toHaveLength(1);
    const listed = (await command(made, 'queue', 'list')).stdout;
    expect(listed).toContain('\n4 mails.\n');
    expect(listed).toContain(`mailframe: the spool file ${gone} is not there`);
    expect(listed).toMatch(new RegExp(`^${garbled} .*\\(cannot be read\\).*damaged`, 'm'));

    renameSync(join(made.folder, 'elsewhere'), spool(gone));
    expect((await command(made, 'queue', 'release', gone)).stdout).toBe(`${gone}: 1 recipient released\n`);
    await gateway.logged('delivered', { queueId: gone });
    expect(sink.mails.map(({ content }) => /^Subject: (.*)\r$/m.exec(content.toString('latin1'))?.[1])).toEqual([
      'whole',
      'gone',
    ]);
    await command(made, 'queue', 'remove', short, long, garbled);
    await until(async () => expect(await readdir(join(queue, 'spool'))).toEqual([]));
    expect(await gateway.end('SIGTERM')).toBe(0);
  },
  LONGEST,
);

/** The disk changes an octet in the middle of a file, or changes it back. */
function flipIn(file: string): void {
  const octets = readFileSync(file);
  const place = Math.floor(octets.length / 2);
  octets[place] = (octets[place] ?? 0) ^ 1;
  writeFileSync(file, octets);
}

test(
  'large mail of which the disk has changed an octet: neither a next hop nor a mailbox has it, it is set aside, and goes on when it is mended',
  async () => {
    const sink = await smtpSink();
    onTestFinished(() => sink.close());
    const made = await gatewayFolder({ nextHopPort: sink.port, zones: ZONES });
    const queue = join(made.folder, 'queue');
    const store = await openSqliteStore({ directory: queue, role: 'owner', log: recordingLog() });
    const content = contentOf(large('kept').replaceAll('\n', '\r\n'));
    const to = { OUT: 'out@elsewhere.test', LOCAL: 'bob@example.test', OTHER: 'bob@example.test' };
    for (const [id, one] of Object.entries(to))
      await store.commit([newMail(id, { to: [one], content, receivedAt: new Date() })]);
    await store.close();
    for (const id of ['OUT', 'LOCAL']) flipIn(join(queue, 'spool', id));

    const gateway = gatewayProcess(made.file);
    await gateway.logged('delivered', { queueId: 'OTHER' });
    for (const id of ['OUT', 'LOCAL']) {
      const { cause, next } = await gateway.logged('damaged', { queueId: id });
      expect(cause).toBe(`the spool file ${id} has other octets than came: its checksum is wrong`);
      expect(next).toContain('release it, or remove it');
    }
    expect(sink.mails).toEqual([]);
    const mailbox = async () => readMbox(readFileSync(join(made.folder, MAIL_FOLDER, 'bob')));
    expect(await mailbox()).toHaveLength(1);
    expect((await command(made, 'queue', 'trace', 'OUT')).stdout).toMatch(
      /damaged +out@elsewhere\.test: the spool file/,
    );

    for (const id of ['OUT', 'LOCAL']) flipIn(join(queue, 'spool', id));
    await command(made, 'queue', 'release', 'OUT', 'LOCAL');
    for (const id of ['OUT', 'LOCAL']) await gateway.logged('delivered', { queueId: id });
    expect(sink.mails.map(mail => mail.content.equals(Buffer.from(large('kept').replaceAll('\n', '\r\n'))))).toEqual([
      true,
    ]);
    expect(await mailbox()).toHaveLength(2);
    expect(await gateway.end('SIGTERM')).toBe(0);
  },
  LONGEST,
);

const EMPTY = 'queue.db is empty, or is not a queue of mailframe: put the database back';

/** What may stand in the place of the database, and what is said of it. */
const HARMS: readonly (readonly [says: string, harm: (file: string) => void])[] = [
  ['file is not a database: the database is damaged', file => writeFileSync(file, Buffer.alloc(8192, 'garbage '))],
  [EMPTY, file => truncateSync(file, 0)],
  [
    EMPTY,
    file => {
      rmSync(file);
      const database = new DatabaseSync(file);
      database.exec('CREATE TABLE addresses (name TEXT)');
      database.close();
    },
  ],
  ['queue.db is missing, and spool is there: put the database back', file => rmSync(file)],
];

test(
  'where the database is garbage, empty, another one or gone, the gateway does not start, and touches nothing',
  async () => {
    const { made, queue, sink } = await filled(['waits']);
    const file = join(queue, 'queue.db');
    const whole = readFileSync(file);
    for (const [says, harm] of HARMS) {
      harm(file);
      const before = await contentsOf(queue);
      const { code, stderr } = await run(process.execPath, [COMMAND, 'start', made.file]);
      expect(code).toBe(1);
      expect(stderr).toContain(`the queue in ${queue} cannot be opened: ${says}`);
      expect(stderr).toContain('docs/durability.md');
      expect(await contentsOf(queue)).toEqual(before);
    }
    writeFileSync(file, whole);
    const gateway = gatewayProcess(made.file);
    await until(() => expect(sink.mails).toHaveLength(1));
    expect(await gateway.end('SIGTERM')).toBe(0);
  },
  LONGEST,
);

/** Each file of the queue with its octets. */
async function contentsOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return new Map(files.sort().map(file => [file, readFileSync(file, 'latin1')]));
}
