/** The order on the disk, as the kernel saw it: what 250 stands for is synced before it is said. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';
import { gatewayProcess, sendOne } from './gateway-process.ts';
import { gatewayFolder } from './running-gateway.ts';
import { type SystemCall, systemCalls } from './system-calls.ts';
import { describeWithTracing } from './tracing.ts';

/** On a slow machine, in milliseconds. */
const LONGEST = 120_000;
const LARGE = `Subject: large\n\n${'a line of the large mail\n'.repeat(20_000)}`;
/** Each sync takes 20 ms, as that of a disk that turns: time for the others to come. */
const SLOW_DISK = ['-e', 'inject=fsync,fdatasync:delay_enter=20000'];
const CLIENTS = 20;
const MAILS_EACH = 4;

/** Runs a gateway in a new folder under the eyes of strace, and gives the calls that it made, in order. */
async function traced(work: (port: number) => Promise<void>, slowly: readonly string[] = []) {
  const made = await gatewayFolder({ zones: { 'elsewhere.test': 'servfail' } });
  const trace = join(await tempFolder(), 'trace');
  const calls = 'trace=openat,mkdir,rename,link,fsync,fdatasync,pwrite64,write,writev';
  // With -D the gateway keeps the number of the process that is started here.
  const prefix = ['strace', '-D', '-f', '-y', '-s', '65536', '-o', trace, '-e', calls, ...slowly, '--'];
  const gateway = gatewayProcess(made.file, { prefix });
  await work(await gateway.listening());
  expect(await gateway.end('SIGTERM')).toBe(0);
  return { calls: systemCalls(await readFile(trace, 'latin1')), queue: join(made.folder, 'queue') };
}

function idIn(reply: string): string {
  const [, id] = /^250 2\.0\.0 Ok: queued as (\w+)$/.exec(reply) ?? [];
  if (id === undefined) throw new Error(`not taken: ${reply}`);
  return id;
}

/** Where the first call stands that fits, from a place on. @throws where there is none */
function indexOf(calls: readonly SystemCall[], what: string, fits: (call: SystemCall) => boolean, from = 0): number {
  const index = calls.findIndex((call, place) => place >= from && fits(call));
  if (index < 0) throw new Error(`no ${what}`);
  return index;
}

function isReply(id: string) {
  return ({ name, text }: SystemCall) => name.startsWith('write') && text.includes(`"250 2.0.0 Ok: queued as ${id}`);
}

function isWrite(path: string, id: string) {
  return ({ name, text }: SystemCall) => name === 'pwrite64' && text.includes(`<${path}>`) && text.includes(id);
}

/** Where the mail was synced first: in the journal, or in the log of the database. */
function syncOf(calls: readonly SystemCall[], queue: string, id: string): number {
  const paths = ['queue.journal', 'queue.db-wal'].map(name => join(queue, name));
  const isAnyWrite = (call: SystemCall) => paths.some(path => isWrite(path, id)(call));
  const written = indexOf(calls, `record of ${id}`, isAnyWrite);
  const path = paths.find(one => calls[written]?.text.includes(`<${one}>`)) ?? '';
  return indexOf(calls, `sync of ${id}`, isSync(path), written);
}

function isLink(path: string) {
  return ({ name, text, ok }: SystemCall) => ok && name === 'link' && text.endsWith(`"${path}")`);
}

function isSync(path: string) {
  return ({ name, text, ok }: SystemCall) => ok && /^f(?:data)?sync$/.test(name) && text.includes(`<${path}>`);
}

describeWithTracing('250', () => {
  test(
    'follows the sync of the journal or of the log that holds the mail; for large mail, of its file and of the folder before',
    async () => {
      const ids: string[] = [];
      const { calls, queue } = await traced(async port => {
        for (const content of ['Subject: small\n\nbody\n', LARGE, 'Subject: small\n\nbody\n', LARGE]) {
          ids.push(idIn(await sendOne(port, ['out@elsewhere.test'], content)));
        }
      });
      for (const [index, id] of ids.entries()) {
        const synced = syncOf(calls, queue, id);
        const replied = indexOf(calls, `reply for ${id}`, isReply(id));
        expect(synced).toBeLessThan(replied);
        if (index % 2 === 0) continue;
        const linked = indexOf(calls, `link of the file ${id}`, isLink(join(queue, 'spool', id)));
        // By the handle that wrote it, under the name that it had then.
        const [, came = ''] = /"([^"]+)"/.exec(calls[linked]?.text ?? '') ?? [];
        const file = indexOf(calls, `sync of the file ${id}`, isSync(came), linked);
        const folder = indexOf(calls, `sync of the folder of ${id}`, isSync(join(queue, 'spool')), file);
        expect(folder).toBeLessThan(synced);
      }
    },
    LONGEST,
  );

  test(
    'needs no folder that was not synced: a new queue is on the disk before the first mail',
    async () => {
      const { calls, queue } = await traced(async port => {
        idIn(await sendOne(port, ['out@elsewhere.test']));
      });
      const replied = indexOf(calls, 'reply', isReply(''));
      for (const [made, folder] of [
        [queue, join(queue, '..')],
        [join(queue, 'spool'), queue],
      ] as const) {
        const isMade = ({ name, text, ok }: SystemCall) => ok && name === 'mkdir' && text.includes(`"${made}"`);
        const place = indexOf(calls, `mkdir of ${made}`, isMade);
        expect(indexOf(calls, `sync of ${folder}`, isSync(folder), place)).toBeLessThan(replied);
      }
      const isNamed = ({ name, text, ok }: SystemCall) => ok && name === 'rename' && text.endsWith('queue.db")');
      const named = indexOf(calls, 'name of the database', isNamed);
      expect(indexOf(calls, 'sync of the name', isSync(queue), named)).toBeLessThan(replied);
      const isJournal = ({ name, text, ok }: SystemCall) =>
        ok && name === 'openat' && text.includes('queue.journal"') && text.includes('O_CREAT');
      const begun = indexOf(calls, 'making of the journal', isJournal);
      expect(indexOf(calls, 'sync of its name', isSync(queue), begun)).toBeLessThan(replied);
    },
    LONGEST,
  );

  test(
    'of many clients shares a sync',
    async () => {
      const ids: string[] = [];
      const { calls, queue } = await traced(async port => {
        const client = async () => {
          for (let count = 0; count < MAILS_EACH; count += 1)
            ids.push(idIn(await sendOne(port, ['out@elsewhere.test'])));
        };
        await Promise.all(Array.from({ length: CLIENTS }, client));
      }, SLOW_DISK);
      const syncs = ids.map(id => {
        const synced = syncOf(calls, queue, id);
        expect(synced).toBeLessThan(indexOf(calls, `reply for ${id}`, isReply(id)));
        return synced;
      });
      expect(syncs).toHaveLength(CLIENTS * MAILS_EACH);
      // Without groups each would have its own.
      expect(new Set(syncs).size).toBeLessThan(syncs.length / 2);
    },
    LONGEST,
  );
});
