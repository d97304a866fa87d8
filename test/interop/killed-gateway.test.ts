/**
 * A whole gateway, killed under load at random instants, again and again: every mail that was answered 250 is delivered,
 * none that was never offered, and each with the octets that were sent.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteStore } from '../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { seededRandom } from '../../core/testing/seeded-random.ts';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { type SinkFaults, type SmtpSink, smtpSink } from '../../core/testing.ts';
import { readMbox } from '../plugins/mbox-delivery/mboxrd-reader.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { gatewayProcess } from './gateway-process.ts';
import { type GatewayFolder, gatewayFolder, MAIL_FOLDER } from './running-gateway.ts';

/** `CRASH_SEED=...` repeats what chance has drawn; the instants themselves are the machine's. */
const SEED = process.env.CRASH_SEED ?? String(Date.now());
const ROUNDS = Number(process.env.CRASH_GATEWAY_ROUNDS ?? 40);
const SESSIONS = 6;
const RECIPIENTS = ['bob@example.test', 'out@elsewhere.test', 'later@elsewhere.test'];
/** One in so many goes to a spool file, and not into the database. */
const LARGE_ONE_IN = 30;
/** The life of a gateway, in milliseconds from its listening on, or one time in `EARLY_ONE_IN` from its very start. */
const LONGEST_LIFE = 600;
const LONGEST_EARLY_LIFE = 600;
const EARLY_ONE_IN = 5;
const MANY = 100_000;
/** For all rounds on a slow machine, in milliseconds. */
const LONGEST = 600_000;

/** What goes wrong at the next hop, by turns. `later` always is deferred until the end. */
const LATER = { 'later@elsewhere.test': '450 4.2.0 Later' } as const;
const TROUBLES: readonly SinkFaults[] = [
  { rcpt: LATER },
  { rcpt: LATER, content: '451 4.3.0 Not now' },
  { rcpt: LATER, content: 'drop' },
  { rcpt: LATER, mail: '421 4.3.2 Closing' },
];

/** A copy: one mail for one recipient. */
type Copy = `${string} ${string}`;

/** What the clients said and heard. */
interface Account {
  readonly offered: Set<Copy>;
  readonly acknowledged: Set<Copy>;
}

const random = seededRandom(SEED);

/** A mail whose body bears its number on every line, and whose header has the hash of the body. */
function mailText(number: string): string {
  const large = random.below(LARGE_ONE_IN) === 0;
  const lines = large ? 270_000 / number.length : 1 + random.below(100);
  const body = `From ${number}\n`.repeat(Math.ceil(lines));
  return `X-Number: ${number}\nX-Sum: ${sum(body)}\n\n${body}`;
}

function sum(body: string): string {
  return createHash('sha256').update(body, 'latin1').digest('hex');
}

/** Sends mail after mail until the gateway is gone. */
async function load(port: number, name: string, { offered, acknowledged }: Account): Promise<void> {
  try {
    const client = await smtpClient(port);
    await client.say('EHLO client.test');
    for (let count = 0; ; count += 1) {
      const number = `${name}-${count}`;
      const to = RECIPIENTS.filter((_, index) => index === count % RECIPIENTS.length || random.below(3) === 0);
      const copies = to.map((recipient): Copy => `${number} ${recipient}`);
      for (const copy of copies) offered.add(copy);
      await client.sayAll(['MAIL FROM:<ann@client.test>', ...to.map(recipient => `RCPT TO:<${recipient}>`)]);
      const { code } = await client.data(mailText(number));
      if (code === 250) for (const copy of copies) acknowledged.add(copy);
    }
  } catch {
    // The gateway is gone: what it has not answered is the client's.
  }
}

/** Lets a gateway live for a random while, and kills it. */
async function live(folder: GatewayFolder, round: number, setting: Setting): Promise<void> {
  const { sink, account, env } = setting;
  sink.fail(TROUBLES[random.below(TROUBLES.length)] ?? {});
  const gateway = gatewayProcess(folder.file, { env });
  if (random.below(EARLY_ONE_IN) === 0) {
    await wait(random.below(LONGEST_EARLY_LIFE));
    await gateway.end('SIGKILL');
    return;
  }
  const port = await gateway.listening();
  const sessions = Array.from({ length: SESSIONS }, (_, session) => load(port, `${round}-${session}`, account));
  await wait(random.below(LONGEST_LIFE));
  await gateway.end('SIGKILL');
  await Promise.all(sessions);
}

/** Every copy that the next hop has taken. @throws where one is not whole */
function relayed(sink: SmtpSink): readonly Copy[] {
  return sink.mails.flatMap(({ content, recipients }) => {
    const number = numberOf(content.toString('latin1').replaceAll('\r\n', '\n'));
    return recipients.map(({ path }): Copy => `${number} ${path.slice(1, -1)}`);
  });
}

/** Every copy that lies in the mailbox. @throws where one is not whole */
async function local(folder: string): Promise<readonly Copy[]> {
  const mails = readMbox(await readFile(join(folder, MAIL_FOLDER, 'bob')));
  return mails.map(({ content }): Copy => `${numberOf(content)} bob@example.test`);
}

function numberOf(content: string): string {
  const [, number = '', promised = '', body = ''] = /^X-Number: (.*)\nX-Sum: (.*)\n\n([^]*)$/m.exec(content) ?? [];
  if (number === '' || sum(body) !== promised)
    throw new Error(`not the octets that were sent: ${content.slice(0, 999)}`);
  return number;
}

interface Setting {
  readonly sink: SmtpSink;
  readonly account: Account;
  readonly env: Readonly<Record<string, string>>;
}

async function ready(): Promise<Setting & { readonly folder: GatewayFolder }> {
  const sink = await smtpSink();
  onTestFinished(() => sink.close());
  const zones = {
    'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] },
    'mail.elsewhere.test': { A: ['127.0.0.1'] },
  } as const;
  const folder = await gatewayFolder({ nextHopPort: sink.port, zones });
  // Compiled once: each start takes half the time.
  const env = { NODE_COMPILE_CACHE: await tempFolder() };
  const first = gatewayProcess(folder.file, { env });
  await first.listening();
  expect(await first.end('SIGTERM')).toBe(0);
  return { sink, folder, env, account: { offered: new Set(), acknowledged: new Set() } };
}

/** Waits until the queue has nothing left to deliver. As long as it shrinks there is patience. */
async function emptied(folder: string, said: () => string): Promise<void> {
  const queue = await openSqliteStore({ directory: join(folder, 'queue'), role: 'guest', log: recordingLog() });
  onTestFinished(() => queue.close());
  const left = async () => (await queue.list({ after: null, limit: MANY })).entries.length;
  for (let before = await left(); before > 0; ) {
    const now = await until(async () => {
      const found = await left();
      if (found >= before) throw new Error(`${found} mails stay in the queue: ${said().slice(-5000)}`);
      return found;
    });
    before = now;
  }
}

test(
  `a gateway that is killed ${ROUNDS} times loses no mail that it acknowledged, and invents none`,
  async () => {
    console.info(`CRASH_SEED=${SEED}`);
    const setting = await ready();
    const { folder, sink, account, env } = setting;
    for (let round = 0; round < ROUNDS; round += 1) await live(folder, round, setting);
    sink.fail({});
    const last = gatewayProcess(folder.file, { env });
    await last.listening();
    await emptied(folder.folder, () => last.said());
    expect(await last.end('SIGTERM')).toBe(0);
    const delivered = [...relayed(sink), ...(await local(folder.folder))];
    const there = new Set(delivered);
    expect([...account.acknowledged].filter(copy => !there.has(copy))).toEqual([]);
    expect(delivered.filter(copy => !account.offered.has(copy))).toEqual([]);
    expect(account.acknowledged.size).toBeGreaterThan(ROUNDS);
    console.info(
      `${account.offered.size} copies offered, ${account.acknowledged.size} acknowledged, ${delivered.length} delivered, ` +
        `${delivered.length - there.size} of them again`,
    );
  },
  LONGEST,
);
