/** One mail for an alias is one transaction: nobody gets a second copy, whatever fails (maddy 704). */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createEngine } from '../../../core/engine.ts';
import { smtpClient } from '../../../core/testing/smtp-client.ts';
import { smtpSink } from '../../../core/testing/smtp-sink.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const TWELVE = Array.from({ length: 12 }, (_, index) => `m${index}@elsewhere.test`);

async function gateway(port: number, aliases: string) {
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  await writeFile(join(folder, 'aliases'), aliases);
  await writeFile(
    file,
    `\
hostname: mx.example.test
log: { level: error }
listeners: [{ id: inbound, address: 127.0.0.1, port: 0 }]
queue: { directory: ./queue, retry: { first: 1 s } }
plugins:
  - { use: alias-expansion, options: { file: ./aliases, domains: [example.test] } }
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: smtp-relay, as: internet }
routes: [{ deliver: internet, hosts: ["[127.0.0.1]:${port}"] }]
`,
  );
  const engine = await createEngine({ file });
  onTestFinished(() => engine.close());
  await engine.start();
  const client = await smtpClient(engine.listeners[0]?.port ?? 0);
  await client.say('EHLO client.test');
  await client.say('MAIL FROM:<eve@client.test>');
  return client;
}

test('an alias of twelve, three of whom are deferred at first: each gets one copy', async () => {
  const outside = await smtpSink();
  onTestFinished(() => outside.close());
  outside.fail({ rcpt: Object.fromEntries(TWELVE.slice(3, 6).map(address => [address, '451 4.2.1 later'])) });
  const client = await gateway(outside.port, `staff: ${TWELVE.join(', ')}, both\nboth: ${TWELVE[0]}, ${TWELVE[11]}\n`);
  expect(await client.say('RCPT TO:<staff@example.test>')).toMatchObject({ code: 250 });
  expect(await client.say(`RCPT TO:<both@example.test>`)).toMatchObject({ code: 250 });
  expect(await client.data('Subject: x\n\nx\n')).toMatchObject({ code: 250 });
  await until(() => expect(outside.mails).toHaveLength(1));
  outside.fail({});
  await until(() => expect(outside.mails).toHaveLength(2));
  const copies = outside.mails.flatMap(({ recipients }) => recipients.map(({ path }) => path.slice(1, -1)));
  expect(copies.toSorted()).toEqual(TWELVE.toSorted());
});

test('an alias of which one part defers adds nobody to the mail', async () => {
  const outside = await smtpSink();
  onTestFinished(() => outside.close());
  const client = await gateway(
    outside.port,
    `staff: ${TWELVE.join(', ')}, late\nlate: :defer: Moving house\nann: ann@elsewhere.test\n`,
  );
  expect(await client.say('RCPT TO:<staff@example.test>')).toMatchObject({
    code: 450,
    text: expect.stringContaining('Moving house'),
  });
  expect(await client.say('RCPT TO:<ann@example.test>')).toMatchObject({ code: 250 });
  expect(await client.data('Subject: x\n\nx\n')).toMatchObject({ code: 250 });
  await until(() => expect(outside.mails).toHaveLength(1));
  expect(outside.mails[0]?.recipients.map(({ path }) => path)).toEqual(['<ann@elsewhere.test>']);
});
