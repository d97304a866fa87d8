/**
 * A process that works on a queue as hard as it can until it is killed. It says on its standard output, before and after
 * each act, what it does: `offered ID`, `acknowledged ID`, `settling ID`.
 */
import { writeSync } from 'node:fs';
import { contentOf } from '../../../core/mail/content.ts';
import { deliveredTo } from '../../../core/mail/outcome.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { ARRIVAL, after, newMail } from './queued-mail.ts';

const WRITERS = 8;
const [directory = '', round = ''] = process.argv.slice(2);
const store = await openSqliteStore({ directory, role: 'owner', log: recordingLog() });
const say = (line: string) => writeSync(1, `${line}\n`);
const contents = [contentOf(Buffer.alloc(4096, 'small\r\n')), contentOf(Buffer.alloc(300_000, 'large\r\n'))];

async function write(writer: number): Promise<never> {
  for (let count = 0; ; count++) {
    const ids = [`${round}-${writer}-${count}-a`, `${round}-${writer}-${count}-b`];
    const content = contents[count % 10 === 0 ? 1 : 0];
    for (const id of ids) say(`offered ${id}`);
    await store.commit(ids.map(id => newMail(id, content === undefined ? {} : { content })));
    for (const id of ids) say(`acknowledged ${id}`);
  }
}

async function settle(): Promise<never> {
  for (;;) {
    const room = { each: 100, but: new Map<string, number>() };
    const leases = await store.lease({ owner: 'crash', now: ARRIVAL, until: after(60_000), limit: 3, room });
    for (const lease of leases) {
      say(`settling ${lease.mail.id}`);
      await store.settle(lease, [{ index: 0, kind: 'done', outcome: deliveredTo('bob') }], [], []);
    }
  }
}

say('working');
await Promise.all([settle(), ...Array.from({ length: WRITERS }, (_, writer) => write(writer))]);
