/** Full volumes: 452 to clients, a line that says where and what to do, and all goes on by itself when there is room again. */
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { errnoOf } from '../../core/mail/failure.ts';
import { smtpSink } from '../../core/testing.ts';
import { readMbox } from '../plugins/mbox-delivery/mboxrd-reader.ts';
import { describeWithProgram, run } from '../support/external.ts';
import { until } from '../support/until.ts';
import { type GatewayProcess, gatewayProcess, sendOne } from './gateway-process.ts';
import { gatewayFolder, MAIL_FOLDER } from './running-gateway.ts';
import { describeWithVolumes, volumes } from './volume.ts';

/** On a slow machine, in milliseconds. */
const LONGEST = 120_000;
const SMALL = 'Subject: small\n\nbody\n';
/** Does not fit into the rest of a block that a file has already. */
const MIDDLE = `Subject: middle\n\n${'a line of the middle mail\n'.repeat(400)}`;
const LARGE = `Subject: large\n\n${'a line of the large mail\n'.repeat(20_000)}`;
const FULL = '452 4.3.1 Insufficient system storage, try again later';
const TAKEN = /^250 2\.0\.0 Ok: queued as /;
const ZONES = {
  'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] },
  'mail.elsewhere.test': { A: ['127.0.0.1'] },
} as const;

/** Leaves so many octets free on the volume of a folder, or fewer where the gateway writes meanwhile. */
function fill(folder: string, left: number): void {
  const { bavail, bsize } = statfsSync(folder);
  try {
    writeFileSync(join(folder, `filler-${left}`), Buffer.alloc(bavail * bsize - left));
  } catch (error) {
    expect(errnoOf(error)).toBe('ENOSPC');
  }
}

function makeRoom(folder: string): void {
  for (const left of [0, 1_000_000]) rmSync(join(folder, `filler-${left}`), { force: true });
}

/** A gateway whose queue and mailboxes lie on small volumes, with a next hop that takes nothing yet. */
async function onVolumes() {
  const sink = await smtpSink({ faults: { rcpt: '451 4.3.0 Not yet' } });
  onTestFinished(() => sink.close());
  const made = await gatewayFolder({ nextHopPort: sink.port, zones: ZONES });
  const [queue, mail] = [join(made.folder, 'queue'), join(made.folder, MAIL_FOLDER)];
  const { prefix, seen } = await volumes({ [queue]: '64m', [mail]: '4m' });
  const gateway = gatewayProcess(made.file, { prefix });
  const port = await gateway.listening();
  const mailbox = async (name: string) => readMbox(await readFile(join(seen(mail), name)));
  return { gateway, port, sink, queue, mail, seen, mailbox };
}

function count(gateway: GatewayProcess, event: string): number {
  return gateway.log().filter(entry => entry.event === event).length;
}

describeWithVolumes('a full volume', () => {
  test(
    'of the queue: 452; what is in the queue leaves all the same; with room, mail is taken again',
    async () => {
      const { gateway, port, sink, queue, seen } = await onVolumes();
      expect(await sendOne(port, ['out@elsewhere.test'], SMALL)).toMatch(TAKEN);
      expect(await sendOne(port, ['out@elsewhere.test'], LARGE)).toMatch(TAKEN);
      await until(() => expect(count(gateway, 'deferred')).toBeGreaterThan(1));

      fill(seen(queue), 1_000_000);
      for (const content of [SMALL, LARGE, SMALL])
        expect(await sendOne(port, ['bob@example.test'], content)).toBe(FULL);
      const troubled = await gateway.logged('troubled');
      expect(troubled).toMatchObject({ level: 'error', queue, operation: 'commit' });
      expect(troubled.cause).toContain(`${queue}/spool is nearly full`);
      expect(troubled.remedy).toContain('make room on that volume');

      sink.fail({});
      await until(() => expect(count(gateway, 'delivered')).toBe(2));
      expect(sink.mails).toHaveLength(2);
      expect(count(gateway, 'troubled')).toBe(1);

      makeRoom(seen(queue));
      for (const content of [SMALL, LARGE]) expect(await sendOne(port, ['out@elsewhere.test'], content)).toMatch(TAKEN);
      await gateway.logged('recovered', { queue });
      await until(() => expect(sink.mails).toHaveLength(4));
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
    LONGEST,
  );

  test(
    'of the queue, to its last octet: nothing is lost, and nothing needs a hand',
    async () => {
      const { gateway, port, sink, queue, seen } = await onVolumes();
      expect(await sendOne(port, ['out@elsewhere.test'], LARGE)).toMatch(TAKEN);
      fill(seen(queue), 0);
      for (const content of [LARGE, SMALL]) expect(await sendOne(port, ['bob@example.test'], content)).toBe(FULL);
      const failed = await gateway.logged('failed', { receiving: /./ });
      expect(failed.receiving).toContain(`in ${queue}/intake: make room on that volume`);
      sink.fail({});
      makeRoom(seen(queue));
      expect(await sendOne(port, ['out@elsewhere.test'], LARGE)).toMatch(TAKEN);
      await until(() => expect(new Set(sink.mails.map(({ content }) => content.length)).size).toBe(1));
      await until(() => expect(count(gateway, 'delivered')).toBeGreaterThan(1));
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
    LONGEST,
  );

  test(
    'of the mailboxes: mail is taken and waits; the mailbox stays whole, and has all of it in the end',
    async () => {
      const { gateway, port, mail, seen, mailbox } = await onVolumes();
      expect(await sendOne(port, ['bob@example.test'], SMALL)).toMatch(TAKEN);
      await gateway.logged('delivered');
      fill(seen(mail), 0);
      for (const content of [MIDDLE, LARGE]) expect(await sendOne(port, ['bob@example.test'], content)).toMatch(TAKEN);
      await until(() => expect(count(gateway, 'deferred')).toBeGreaterThan(1));
      expect(await gateway.logged('deferred')).toMatchObject({ reply: FULL });
      const failed = await gateway.logged('failed', { plugin: 'mailboxes', file: join(mail, 'bob') });
      expect(failed.cause).toContain('make room on that volume');
      expect(await mailbox('bob')).toHaveLength(1);
      makeRoom(seen(mail));
      await until(() => expect(count(gateway, 'delivered')).toBe(3));
      const sizes = (await mailbox('bob')).map(({ content }) => content.length).sort((one, other) => one - other);
      expect(sizes).toHaveLength(3);
      expect(sizes[2]).toBeGreaterThan(LARGE.length);
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
    LONGEST,
  );
});

describeWithProgram('prlimit', 'a limit on the size of files', () => {
  test(
    '4yz while no file of the queue may grow, and all goes on when it may',
    async () => {
      const made = await gatewayFolder();
      const gateway = gatewayProcess(made.file);
      const port = await gateway.listening();
      const limit = async (octets: string) => {
        const { code, stderr } = await run('prlimit', ['--pid', String(gateway.pid), `--fsize=${octets}:unlimited`]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      };
      await limit('1000');
      for (const content of [SMALL, LARGE])
        expect(await sendOne(port, ['bob@example.test'], content)).toMatch(/^45[12] /);
      await gateway.logged('troubled', { remedy: /./ });
      await limit('unlimited');
      for (const content of [MIDDLE, LARGE]) expect(await sendOne(port, ['bob@example.test'], content)).toMatch(TAKEN);
      await until(() => expect(count(gateway, 'delivered')).toBe(2));
      await gateway.logged('recovered');
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
    LONGEST,
  );
});
