/** A gateway that is told to stop under load ends in good order; what happens to one that is killed is in `killed-gateway.test.ts`. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { type SmtpSink, smtpSink } from '../../core/testing/smtp-sink.ts';
import { until } from '../support/until.ts';
import { gatewayProcess } from './gateway-process.ts';
import { type GatewayFolder, gatewayFolder, startedIn } from './running-gateway.ts';

const SESSIONS = 6;
const MAILBOXES = ['ann', 'bob', 'eve'];
/** A gateway hears so many mails and then a random while before it is ended, in milliseconds. */
const AT_LEAST = 25;
const AT_MOST_LATER = 200;

/** Sends mail after mail until the gateway is gone or does not want any more, and notes what was answered 250. */
async function load(port: number, name: string, heard: Set<string>): Promise<void> {
  try {
    const client = await smtpClient(port);
    await client.say('EHLO client.test');
    for (let count = 0; ; count += 1) {
      const id = `${name}-${count}`;
      const mailbox = MAILBOXES[count % MAILBOXES.length] ?? '';
      // A large one is not in the database but in a file of its own.
      const body = `${id} From here\n`.repeat(count % 12 === 5 ? 20_000 : 20);
      await client.sayAll([
        'MAIL FROM:<ann@client.test>',
        `RCPT TO:<${mailbox}@example.test>`,
        'RCPT TO:<out@elsewhere.test>',
      ]);
      const { code } = await client.data(`X-Number: ${id}\n\n${body}`);
      if (code !== 250) return;
      heard.add(id);
    }
  } catch {
    // The gateway has ended: what it has not answered is the client's.
  }
}

/** Puts a gateway under load, tells it to stop in the middle, and gives the exit code. */
async function stopUnderLoad(folder: GatewayFolder, heard: Set<string>): Promise<number | null> {
  const gateway = gatewayProcess(folder.file);
  const port = await gateway.listening();
  const sessions = Array.from({ length: SESSIONS }, (_, session) => load(port, String(session), heard));
  await until(() => expect(heard.size).toBeGreaterThanOrEqual(AT_LEAST));
  await wait(Math.random() * AT_MOST_LATER);
  const code = await gateway.end('SIGTERM');
  await Promise.all(sessions);
  return code;
}

/** Starts once more, waits until the queue is empty, and gives what lies in the mailboxes and with the next hop. */
async function everythingDelivered(folder: GatewayFolder, sink: SmtpSink) {
  const gateway = await startedIn(folder);
  const { queue } = gateway.engine;
  await until(async () =>
    expect(await queue.list({ after: null, limit: 1 }), gateway.log.text()).toMatchObject({ entries: [] }),
  );
  const mails = await Promise.all(MAILBOXES.map(name => gateway.mailbox(name)));
  return {
    local: mails.flat().map(({ content }) => content),
    relayed: sink.mails.map(({ content }) => content.toString('latin1').replaceAll('\r\n', '\n')),
  };
}

/** The number that each mail bears. @throws where a mail is not whole */
function numbersOf(contents: readonly string[]): readonly string[] {
  return contents.map(content => {
    const [, number = '', body = ''] = /^X-Number: (.*)\n\n([^]*)$/m.exec(content) ?? [];
    const lines = new Set(body.split('\n').slice(0, -1));
    expect([...lines], 'every line of a mail is its own').toEqual([`${number} From here`]);
    return number;
  });
}

/** A gateway with a next hop. */
async function setting() {
  const sink = await smtpSink();
  onTestFinished(() => sink.close());
  const zones = {
    'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] },
    'mail.elsewhere.test': { A: ['127.0.0.1'] },
  } as const;
  return { sink, folder: await gatewayFolder({ nextHopPort: sink.port, zones }), heard: new Set<string>() };
}

test('told to stop: the process ends well, and every mail that was answered 250 is delivered exactly once', async () => {
  const { sink, folder, heard } = await setting();
  expect(await stopUnderLoad(folder, heard)).toBe(0);
  const { local, relayed } = await everythingDelivered(folder, sink);
  const [here, there] = [numbersOf(local), numbersOf(relayed)];
  expect([...heard].filter(id => !here.includes(id) || !there.includes(id))).toEqual([]);
  expect([here.length, there.length]).toEqual([new Set(here).size, new Set(there).size]);
});
