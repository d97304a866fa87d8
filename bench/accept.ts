/**
 * What acceptance costs: 4 KB messages into the gateway with its shipped plugins and its durable queue, against
 * smtp-server alone with a handler that forgets what it reads. One process each, clients in this one, loopback.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { smtpClient } from '../core/testing/smtp-client.ts';
import { compare, shown } from './compare.ts';

const CLIENTS = 20;
const CONTENT = `From: ann@client.test\r\nSubject: bench\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(56)}`;

const CONFIGURATION = `
hostname: mx.example.test
listeners: [{ id: inbound, port: 0 }]
queue: { directory: ./queue }
log: { format: json }
plugins:
  - { use: alias-expansion, options: { file: ./aliases, domains: [example.test] } }
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: mx-routing }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
  - { use: smtp-relay, as: internet }
routes: [{ deliver: mailboxes }]
`;

/** A server in a process of its own that says on a line which port it has. */
async function server(args: readonly string[]): Promise<{ readonly port: number; readonly process: ChildProcess }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const port = /"port":(\d+)/.exec(line)?.[1];
    if (port !== undefined) {
      child.stdout.resume();
      return { port: Number(port), process: child };
    }
  }
  throw new Error(`${args.join(' ')} ended before it listened`);
}

const SINK = `
import { SMTPServer } from 'smtp-server';
const server = new SMTPServer({ authOptional: true, disabledCommands: ['STARTTLS'], disableReverseLookup: true,
  onData: (stream, _, done) => { stream.resume(); stream.on('end', () => done()); } });
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.server.address().port })));
`;

/** Twenty clients that keep their sessions and share the messages. */
const load = (port: number) => async (messages: number) => {
  let left = messages;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = await smtpClient(port);
      await client.say('EHLO client.test');
      while (left-- > 0) {
        await client.sayAll(['MAIL FROM:<ann@client.test>', 'RCPT TO:<bob@example.test>']);
        const reply = await client.data(CONTENT);
        if (reply.code !== 250) throw new Error(`refused: ${reply.text}`);
      }
      await client.close();
    }),
  );
};

export async function acceptBench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mailframe-bench-'));
  await writeFile(join(folder, 'mailframe.config.yaml'), CONFIGURATION);
  await writeFile(join(folder, 'aliases'), 'postmaster: root\n');
  const cli = fileURLToPath(new URL('../core/cli/mailframe.js', import.meta.url));
  const gateway = await server([cli, 'start', join(folder, 'mailframe.config.yaml')]);
  const sink = await server(['--input-type=module', '--eval', SINK]);
  try {
    const { one, other, ratio } = await compare({ one: load(gateway.port), other: load(sink.port) }, { times: 2000 });
    console.log(
      `accept: ${shown(one)} messages/s of 4 KB over ${CLIENTS} kept sessions, each on disk before its 250 and delivered to ` +
        `mbox behind it; smtp-server alone, forgetting them, ${shown(other)}/s (${shown(ratio)} of it)`,
    );
  } finally {
    for (const { process: child } of [gateway, sink]) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  }
}
