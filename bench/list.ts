/** What a list of a hundred thousand costs at RCPT, and whom it keeps waiting: against an address that is no alias. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '../core/engine.ts';
import { smtpClient } from '../core/testing/smtp-client.ts';
import { shown } from './compare.ts';

const CONFIGURATION = (members: number) => `\
hostname: mx.example.test
log: { level: error }
listeners: [{ id: inbound, address: 127.0.0.1, port: 0, limits: { commands: 1000000 } }]
queue: { directory: ./queue }
plugins:
  - { use: alias-expansion, options: { file: ./aliases, domains: [example.test], limit: ${members} } }
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`;

export async function listBench({ members = 100_000, rounds = 5 } = {}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mailframe-list-'));
  await writeFile(join(folder, 'mailframe.config.yaml'), CONFIGURATION(members));
  await writeFile(join(folder, 'aliases'), 'all: :include:./list\n');
  await writeFile(join(folder, 'list'), Array.from({ length: members }, (_, n) => `u${n}@list.test\n`).join(''));
  const engine = await createEngine({ file: join(folder, 'mailframe.config.yaml') });
  await engine.start();
  const port = engine.listeners[0]?.port ?? 0;
  const [list, other] = await Promise.all([smtpClient(port), smtpClient(port)]);
  for (const client of [list, other]) await client.say('EHLO client.test');
  const took: number[] = [];
  const processor: number[] = [];
  const waits: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await list.say('MAIL FROM:<>');
    const before = process.cpuUsage();
    const since = performance.now();
    const running = new Set(['RCPT']);
    const reply = list.say('RCPT TO:<all@example.test>').finally(() => running.clear());
    while (running.size > 0) {
      const asked = performance.now();
      await other.say('NOOP');
      waits.push(performance.now() - asked);
    }
    if ((await reply).code !== 250) throw new Error('the list was not taken');
    took.push(performance.now() - since);
    const { user, system } = process.cpuUsage(before);
    processor.push((user + system) / 1000);
    await list.say('RSET');
  }
  await Promise.all([list, other].map(client => client.close()));
  await engine.close();
  await rm(folder, { recursive: true });
  waits.sort((one, another) => one - another);
  const median = (all: readonly number[]) => all.toSorted((one, another) => one - another)[all.length >> 1] ?? NaN;
  console.log(
    `list: RCPT of ${members} members, ${shown(median(took))} ms (${shown(median(processor))} ms of the processor, reading ` +
      `the list the first time and both clients included); meanwhile another client waits ${shown(median(waits))} ms for a reply, ` +
      `${shown(waits.at(Math.floor(waits.length * 0.99)) ?? NaN)} ms in the worst of a hundred, ${shown(waits.at(-1) ?? NaN)} ms at most`,
  );
}
